// The smooth background under the lines of a measured pattern by SNIP, statistics-sensitive non-linear iterative
// peak-clipping: C. G. Ryan et al., Nucl. Instrum. Methods B 34 (1988) 396, doi:10.1016/0168-583X(88)90063-8; windows from
// wide to narrow after M. Morhac et al., Nucl. Instrum. Methods A 401 (1997) 113, doi:10.1016/S0168-9002(97)01023-1.
#pragma once

#include <span>
#include <vector>

namespace xxact::xrd {

struct SnipOptions {
  /// Half width of the widest window, degrees of 2-theta, more than 0 and at most 90. Gaussian lines up to two thirds as
  /// wide (full width at half maximum) stay whole, of Lorentzian ones the feet are cut; a hump of full width F is undercut by
  /// about 5 (window / F)^2 of its height.
  double window_deg = 1.5;
  /// Width of the moving mean that the intensities go through first, degrees; 0 for none. Without it the background
  /// follows the lower edge of the noise.
  double smoothing_deg = 0.2;
};

/// [points]: the background at each point, 0 or more; `two_theta_deg` (degrees, ascending) and `intensity` [points],
/// finite. With v = ln(ln(sqrt(y + 1) + 1) + 1) and windows p that shrink from the widest by sqrt(2) to one step, v(x)
/// becomes the smaller of v(x) and (v(x - p) + v(x + p)) / 2, and the background is y of the last v. Windows that shrink by
/// one step each would cut the deeper into humps the finer the steps are. On points at equal steps, to which others are
/// interpolated; intensities are scaled to a largest of 10,000 before, so that their unit does not matter; negative ones
/// count as 0. Throws ConfigError for options out of range.
std::vector<double> snip_background(std::span<const double> two_theta_deg, std::span<const double> intensity, const SnipOptions& options);

}  // namespace xxact::xrd
