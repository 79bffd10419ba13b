// The points of a pattern: bins of equal width in 2-theta, or in Q = 4 pi sin(theta) / lambda, and where one axis lies on
// the other. Not here: what is drawn on them (profile.hpp, peak_shape.hpp).
#pragma once

#include <string_view>

namespace xxact::xrd {

/// Of a doublet Q is that of the first wavelength, as it is read off the angles of a measurement.
enum class Axis { two_theta, q };

/// "two-theta" or "q"; throws ConfigError for any other text.
Axis parse_axis(std::string_view text);

/// Cell-centred: the centre of bin i is low + (i + 0.5) * step, step = (high - low) / points.
struct Grid {
  double two_theta_min_deg = 5, two_theta_max_deg = 90;
  int points = 1024;
  Axis axis = Axis::two_theta;
  double q_min_per_angstrom = 0, q_max_per_angstrom = 0;  // the range on the axis q, where the angles count for nothing

  double step_deg() const { return (two_theta_max_deg - two_theta_min_deg) / points; }
  double centre_deg(int bin) const { return two_theta_min_deg + (bin + 0.5) * step_deg(); }

  /// In the units of the axis, degrees or 1/angstrom.
  double low() const { return axis == Axis::q ? q_min_per_angstrom : two_theta_min_deg; }
  double high() const { return axis == Axis::q ? q_max_per_angstrom : two_theta_max_deg; }
  double step() const { return (high() - low()) / points; }
  double centre(int bin) const { return low() + (bin + 0.5) * step(); }
};

/// The grid itself. Throws ConfigError for a number of points outside 1 to 1e7, a range that does not ascend, angles outside 0 to 180, Q below 0.
const Grid& checked(const Grid& grid);

/// Throws ConfigError, "WHAT is defined in 2-theta, ...", for a grid in Q.
void require_two_theta(const Grid& grid, std::string_view what);

/// 4 pi sin(theta) / lambda, 1/angstrom.
double q_of(double two_theta_deg, double wavelength_angstrom);

/// The end of the limiting sphere, 4 pi / lambda, 1/angstrom.
double largest_q(double wavelength_angstrom);

/// Degrees. Throws ConfigError for a Q that is not within 0 and largest_q().
double two_theta_of(double q_per_angstrom, double wavelength_angstrom);

}  // namespace xxact::xrd
