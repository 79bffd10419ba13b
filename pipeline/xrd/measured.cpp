#include "pipeline/xrd/measured.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::xrd {

namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr std::size_t kFewestPoints = 10;
constexpr double kCoarsestStep = 0.5;  // degrees; lines would fall between the points
constexpr double kLargestIntensity = 1e30;  // sums of them stay finite
constexpr double kGapSteps = 10;
constexpr double kLargestZeroError = 5;  // degrees
constexpr double kSmallestAngle = 0.01;  // degrees: LP and the change of angle have no limit at 0

struct Points {
  std::vector<double> x, y;  // degrees, intensity
};

double lorentz_polarisation(double two_theta_deg) {
  const double theta = two_theta_deg * kDegree / 2, c = std::cos(2 * theta);
  return (1 + c * c) / (std::sin(theta) * std::sin(theta) * std::cos(theta));
}

double median_step(std::span<const double> x) {
  std::vector<double> steps(x.size() - 1);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) steps[i] = x[i + 1] - x[i];
  std::ranges::nth_element(steps, steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2));
  return steps[steps.size() / 2];
}

void check_points(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size()) throw InputError("a measured pattern of {} angles and {} intensities", x.size(), y.size());
  if (x.size() < kFewestPoints) throw InputError("a measured pattern of {} points, fewer than {}", x.size(), kFewestPoints);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i] >= 0 && x[i] <= 180)) throw InputError("point {} of a measured pattern: 2-theta is {} degrees", i + 1, x[i]);
    if (!(std::abs(y[i]) <= kLargestIntensity)) throw InputError("point {} of a measured pattern: intensity is {}", i + 1, y[i]);
    if (i > 0 && !(x[i] > x[i - 1])) throw InputError("point {} of a measured pattern: 2-theta does not ascend: {} after {}", i + 1, x[i], x[i - 1]);
  }
  if (const double step = median_step(x); step > kCoarsestStep)
    throw InputError("a measured pattern with steps of {:.3g} degrees (median), above {}: is it a list of lines?", step, kCoarsestStep);
}

void check_wavelength(double angstrom) {
  if (!(angstrom >= kShortestWavelength && angstrom <= kLongestWavelength))
    throw ConfigError("a measured wavelength of {} angstrom: give {} to {}", angstrom, kShortestWavelength, kLongestWavelength);
}

/// The zero error can move the first or last points out of 0 to 180 degrees.
void drop_impossible(Points& points) {
  const auto first = std::ranges::find_if(points.x, [](double x) { return x >= 0; }) - points.x.begin();
  const auto last = std::ranges::upper_bound(points.x, 180.0) - points.x.begin();
  for (auto* column : {&points.x, &points.y}) *column = std::vector<double>(column->begin() + first, column->begin() + std::max(first, last));
}

void subtract_background(Points& points, const MeasurementOptions& options) {
  if (options.background == Background::none) return;
  const std::vector<double> background = snip_background(points.x, points.y, options.snip);
  for (std::size_t i = 0; i < background.size(); ++i) points.y[i] -= background[i];
}

/// All points that exist at the wavelength `to`. Equal wavelengths change nothing, to the last bit.
Points converted(const Points& points, double from, double to) {
  if (from == to) return points;
  Points out;
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const double old = points.x[i];
    const auto moved = at_wavelength(old, from, to);
    if (!moved || old < kSmallestAngle || old > 180 - kSmallestAngle || *moved > 180 - kSmallestAngle) continue;
    const double slope = (from * std::cos(*moved * kDegree / 2)) / (to * std::cos(old * kDegree / 2));  // d old / d moved
    out.x.push_back(*moved);
    out.y.push_back(points.y[i] * slope * lorentz_polarisation(*moved) / lorentz_polarisation(old));
  }
  return out;
}

/// Integral of the straight lines between the points from their first one to x, as a function that is asked with ascending x.
class AreaBelow {
 public:
  explicit AreaBelow(const Points& points) : p_(points) {}

  double operator()(double x) {
    while (segment_ + 2 < p_.x.size() && p_.x[segment_ + 1] <= x) {
      whole_ += (p_.x[segment_ + 1] - p_.x[segment_]) * (p_.y[segment_] + p_.y[segment_ + 1]) / 2;
      ++segment_;
    }
    const double width = p_.x[segment_ + 1] - p_.x[segment_], part = std::clamp(x - p_.x[segment_], 0.0, width);
    const double y = p_.y[segment_] + part / width * (p_.y[segment_ + 1] - p_.y[segment_]);
    return whole_ + part * (p_.y[segment_] + y) / 2;
  }
  /// Width of the step between points that the last x lies in.
  double step() const { return p_.x[segment_ + 1] - p_.x[segment_]; }

 private:
  const Points& p_;
  std::size_t segment_ = 0;
  double whole_ = 0;
};

/// Mean of each bin, and whether its centre was measured. A bin that is measured in part is the mean over that part.
std::vector<double> binned(const Points& points, const Grid& grid, std::vector<std::uint8_t>& measured) {
  const auto bins = static_cast<std::size_t>(grid.points);
  std::vector<double> mean(bins, 0.0);
  measured.assign(bins, 0);
  if (points.x.size() < 2) return mean;
  const double step = grid.step_deg(), widest = std::max(kGapSteps * median_step(points.x), 2 * step);
  AreaBelow area(points);
  for (std::size_t i = 0; i < bins; ++i) {
    const double centre = grid.centre_deg(static_cast<int>(i));
    if (centre < points.x.front() || centre > points.x.back()) continue;
    const double low = std::max(centre - step / 2, points.x.front()), high = std::min(centre + step / 2, points.x.back());
    const double below = area(low);
    area(centre);
    const bool in_gap = area.step() > widest;
    const double above = area(high);
    if (in_gap || !(high > low)) continue;
    mean[i] = (above - below) / (high - low);
    measured[i] = 1;
  }
  return mean;
}

std::vector<float> normalised(const std::vector<double>& mean, bool square_root) {
  const double strongest = *std::ranges::max_element(mean);
  if (!(strongest > 0)) throw InputError("a measured pattern with nothing above its background on the model's grid");
  std::vector<float> pattern(mean.size());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double y = std::max(mean[i], 0.0) / strongest;
    pattern[i] = static_cast<float>(square_root ? std::sqrt(y) : y);
  }
  return pattern;
}

}  // namespace

double mean_wavelength(double alpha1_angstrom, double alpha2_angstrom, double ratio) { return (alpha1_angstrom + ratio * alpha2_angstrom) / (1 + ratio); }

std::optional<double> at_wavelength(double two_theta_deg, double from_angstrom, double to_angstrom) {
  const double sine = std::sin(two_theta_deg * kDegree / 2) * (to_angstrom / from_angstrom);
  if (sine > 1) return std::nullopt;
  return 2 * std::asin(sine) / kDegree;
}

std::vector<double> without_alpha2(std::span<const double> two_theta_deg, std::span<const double> intensity, const Alpha2Removal& removal) {
  if (!(removal.alpha1_angstrom > 0 && removal.alpha2_angstrom > removal.alpha1_angstrom && removal.ratio >= 0 && removal.ratio <= 1))
    throw ConfigError("K-alpha1 {} and K-alpha2 {} angstrom with a ratio of {}: give ascending wavelengths and a ratio of 0 to 1", removal.alpha1_angstrom,
                      removal.alpha2_angstrom, removal.ratio);
  std::vector<double> alone(intensity.begin(), intensity.end());
  std::size_t j = 0;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    const double before = *at_wavelength(two_theta_deg[i], removal.alpha2_angstrom, removal.alpha1_angstrom);
    if (i == 0 || before < two_theta_deg[0]) {
      alone[i] = intensity[i] / (1 + removal.ratio);
      continue;
    }
    while (j + 1 < i && two_theta_deg[j + 1] <= before) ++j;
    const double t = (before - two_theta_deg[j]) / (two_theta_deg[j + 1] - two_theta_deg[j]);
    // Where the doublet is closer than a step, the point itself is one of the two that are interpolated between.
    const double share = j + 1 == i ? removal.ratio * t : 0, known = alone[j] * (1 - t) + (j + 1 == i ? 0 : alone[j + 1] * t);
    alone[i] = (intensity[i] - removal.ratio * known) / (1 + share);
  }
  return alone;
}

MeasuredOnGrid on_model_grid(std::span<const double> two_theta_deg, std::span<const double> intensity, const PatternOptions& model,
                             const MeasurementOptions& options) {
  check_points(two_theta_deg, intensity);
  check_wavelength(options.wavelength_angstrom);
  if (!(std::abs(options.zero_error_deg) <= kLargestZeroError))
    throw ConfigError("a zero error of {} degrees: give -{} to {}", options.zero_error_deg, kLargestZeroError, kLargestZeroError);
  check_wavelength(model.simulation.wavelength_angstrom);
  require_two_theta(model.grid, "a measured pattern");
  if (model.grid.points < 1 || !(model.grid.two_theta_min_deg < model.grid.two_theta_max_deg))
    throw ConfigError("a grid of {} points from {} to {} degrees", model.grid.points, model.grid.two_theta_min_deg, model.grid.two_theta_max_deg);
  Points points{{two_theta_deg.begin(), two_theta_deg.end()}, {intensity.begin(), intensity.end()}};
  for (double& x : points.x) x -= options.zero_error_deg;
  drop_impossible(points);
  subtract_background(points, options);
  if (options.remove_alpha2) points.y = without_alpha2(points.x, points.y, *options.remove_alpha2);
  points = converted(points, options.wavelength_angstrom, model.simulation.wavelength_angstrom);

  MeasuredOnGrid result;
  const std::vector<double> mean = binned(points, model.grid, result.measured);
  if (std::ranges::find(result.measured, std::uint8_t{1}) == result.measured.end())
    throw InputError("measured from {:.4g} to {:.4g} degrees at {:.5g} angstrom, which has nothing in common with {:.4g} to {:.4g} degrees at {:.5g}",
                     two_theta_deg.front(), two_theta_deg.back(), options.wavelength_angstrom, model.grid.two_theta_min_deg, model.grid.two_theta_max_deg,
                     model.simulation.wavelength_angstrom);
  result.pattern = normalised(mean, model.square_root);
  return result;
}

}  // namespace xxact::xrd
