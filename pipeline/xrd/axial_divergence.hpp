// The asymmetry of low-angle peaks: rays out of the goniometer's plane meet the detector nearer to the beam. The model of Finger, Cox
// and Jephcoat (J. Appl. Cryst. 27 (1994) 892, doi:10.1107/S0021889894004218) as a few shifted parts of the peak.
#pragma once

#include <vector>

namespace xxact::xrd {

/// One part of a peak: `share` of the area, shifted by `shift_deg` in 2-theta.
struct AxialPart {
  double shift_deg, share;
};

/// Replaces `parts` by at most kMostAxialParts that stand for the axial divergence of a peak of this width at this angle, with half
/// heights of sample and detector slit over the goniometer's radius: the shares sum to 1, the shifts are negative below 90 degrees,
/// positive above. As many parts as needed that they do not show: neighbours lie less than about half a width apart. Nodes of Gauss
/// and Legendre in u = h / L, in which the distribution has no pole: cos(2 phi) = cos(2 theta) sqrt(1 + u^2), density
/// W(u) / ((1 + u^2) sin(2 phi)), W = min(2 min(S, H) / L, (S + H) / L - u).
void axial_parts(double sample_ratio, double detector_ratio, double two_theta_deg, double fwhm_deg, std::vector<AxialPart>& parts);
inline constexpr int kMostAxialParts = 512;

}  // namespace xxact::xrd
