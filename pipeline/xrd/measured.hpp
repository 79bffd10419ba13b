// A measured pattern as the model sees simulated ones: background taken off, at the model's wavelength, on its grid,
// strongest point 1, square root. Not here: reading files (io/measured_pattern.hpp), finding the zero error, sample displacement,
// other slits, another width of the lines, f' and f'' of the other wavelength.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pipeline/xrd/background.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

enum class Background { none, snip };

struct Alpha2Removal {
  double alpha1_angstrom = 1.54056, alpha2_angstrom = 1.54439;
  double ratio = 0.5;  // intensity of K-alpha2 to that of K-alpha1
};

struct MeasurementOptions {
  /// What the angles were measured with: the mean of the doublet (mean_wavelength) where K-alpha2 is in the pattern and
  /// stays there, K-alpha1 where it is not or is removed.
  double wavelength_angstrom = 1.54184;
  double zero_error_deg = 0;  // subtracted from every angle: what the instrument shows for 2-theta = 0
  Background background = Background::snip;
  SnipOptions snip;
  std::optional<Alpha2Removal> remove_alpha2;
};

/// The centre of a doublet, angstrom: (alpha1 + ratio alpha2) / (1 + ratio).
double mean_wavelength(double alpha1_angstrom, double alpha2_angstrom, double ratio);

struct MeasuredOnGrid {
  std::vector<float> pattern;          // [points of the grid], 0 to 1; 0 where nothing was measured
  std::vector<std::uint8_t> measured;  // [points of the grid]: 1 where the bin's centre lies in what was measured
};

/// 2-theta in degrees at `to` angstrom of what stands at `two_theta_deg` at `from` angstrom: equal s = sin(theta)/lambda.
/// Nothing where that would need sin(theta) > 1.
std::optional<double> at_wavelength(double two_theta_deg, double from_angstrom, double to_angstrom);

/// [points]: K-alpha1 alone of intensities without background (Rachinger's correction: W. A. Rachinger, J. Sci. Instrum. 25
/// (1948) 254, doi:10.1088/0950-7671/25/7/125): I1(x) = I(x) - ratio I1(x'), where K-alpha1 stands at x' when K-alpha2 of the same
/// planes stands at x, sin(x'/2) = sin(x/2) alpha1/alpha2; I1 is I/(1 + ratio) where x' lies before the first point.
/// Angles in degrees, ascending. Throws ConfigError for wavelengths that do not ascend or a ratio outside 0 to 1.
std::vector<double> without_alpha2(std::span<const double> two_theta_deg, std::span<const double> intensity, const Alpha2Removal& removal);

/// In this order: zero error off, background off, K-alpha2 off if asked, angles to the model's wavelength, bins, negative values to 0,
/// strongest bin 1, square root if model.square_root.
/// Between wavelengths intensities are multiplied by d(2-theta)/d(2-theta') LP(theta')/LP(theta), primed at the model's, with the
/// LP = (1 + cos^2 2-theta)/(sin^2 theta cos theta) of X-rays without a monochromator: integrated intensities become those of the model's wavelength.
/// A bin is the mean over its width of the straight lines between the measured points: areas are conserved, whether bins
/// are wider than the steps or narrower (where it is the interpolated value). Gaps wider than 10 median steps and two bins
/// count as not measured.
/// `two_theta_deg` and `intensity`: [points], degrees ascending within 0 to 180, at most 1e30 in size. Deterministic, no randomness.
/// Throws InputError for fewer than 10 points, points that are not like that, median steps above 0.5 degrees, nothing
/// measured on the grid, nothing above the background; ConfigError for options out of range.
MeasuredOnGrid on_model_grid(std::span<const double> two_theta_deg, std::span<const double> intensity, const PatternOptions& model,
                             const MeasurementOptions& options);

}  // namespace xxact::xrd
