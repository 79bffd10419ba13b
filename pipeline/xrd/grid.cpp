#include "pipeline/xrd/grid.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr int kMostPoints = 10'000'000;

}  // namespace

Axis parse_axis(std::string_view text) {
  if (text == "two-theta") return Axis::two_theta;
  if (text == "q") return Axis::q;
  throw ConfigError("axis '{}': give two-theta or q", text);
}

const Grid& checked(const Grid& grid) {
  if (grid.points < 1 || grid.points > kMostPoints) throw ConfigError("a pattern of {} points: give 1 to {}", grid.points, kMostPoints);
  if (grid.axis == Axis::q && !(grid.q_min_per_angstrom >= 0 && grid.q_min_per_angstrom < grid.q_max_per_angstrom && std::isfinite(grid.q_max_per_angstrom)))
    throw ConfigError("the grid from Q = {} to {} / angstrom is not a range from 0 upwards", grid.q_min_per_angstrom, grid.q_max_per_angstrom);
  if (grid.axis == Axis::two_theta && !(grid.two_theta_min_deg >= 0 && grid.two_theta_min_deg < grid.two_theta_max_deg && grid.two_theta_max_deg <= 180))
    throw ConfigError("the grid from {} to {} degrees is not a range within 0 to 180", grid.two_theta_min_deg, grid.two_theta_max_deg);
  return grid;
}

void require_two_theta(const Grid& grid, std::string_view what) {
  if (grid.axis != Axis::two_theta) throw ConfigError("{} is defined in 2-theta and does not go with a grid in Q", what);
}

double q_of(double two_theta_deg, double wavelength_angstrom) { return largest_q(wavelength_angstrom) * std::sin(two_theta_deg / 2 * kDegree); }

double largest_q(double wavelength_angstrom) { return 4 * std::numbers::pi / wavelength_angstrom; }

double two_theta_of(double q_per_angstrom, double wavelength_angstrom) {
  const double sine = q_per_angstrom / largest_q(wavelength_angstrom);
  // The limit itself is one, whatever it was rounded to on its way.
  if (!(sine >= 0 && sine <= 1 + 1e-12))
    throw ConfigError("Q = {} / angstrom is not within the limiting sphere, 0 to 4 pi / lambda = {:.6g} / angstrom at {} angstrom", q_per_angstrom,
                      largest_q(wavelength_angstrom), wavelength_angstrom);
  return 2 * std::asin(std::min(sine, 1.0)) / kDegree;
}

}  // namespace xxact::xrd
