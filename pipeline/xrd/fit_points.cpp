#include "pipeline/xrd/fit_points.hpp"

#include <algorithm>
#include <cmath>

#include "pipeline/xrd/realistic.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr std::size_t kNeighbours = 4;      // on each side, of the mean of counts
constexpr double kFloorOfLargest = 1e-3;
constexpr double kMostBins = 1e7;
constexpr double kMedianOfSquare = 0.4549;  // of a normal number squared
constexpr double kLargestAngle = 170;       // degrees: widths grow without limit towards 180

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// What scatters in the weaker half of the points beyond twice the counting statistics.
double other_variance(std::span<const double> intensity, std::span<const double> mean) {
  if (intensity.size() < 3) return 0;
  const double half = median({mean.begin(), mean.end()});
  std::vector<double> scatter, level;
  for (std::size_t i = 1; i + 1 < intensity.size(); ++i) {
    if (mean[i] > half) continue;
    const double bend = intensity[i - 1] - 2 * intensity[i] + intensity[i + 1];
    scatter.push_back(bend * bend / 6), level.push_back(std::max(mean[i], 0.0));
  }
  if (scatter.empty()) return 0;
  const double variance = median(scatter) / kMedianOfSquare, counts = median(level);
  return variance > 2 * counts ? variance - counts : 0;
}

void require_points(std::span<const double> x, std::span<const double> y, std::span<const double> sigma) {
  if (x.size() != y.size() || (!sigma.empty() && sigma.size() != x.size()))
    throw InputError("a measured pattern of {} angles, {} intensities and {} standard deviations", x.size(), y.size(), sigma.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i] >= 0 && x[i] <= 180)) throw InputError("point {} of a measured pattern: 2-theta is {} degrees", i + 1, x[i]);
    if (i > 0 && !(x[i] > x[i - 1])) throw InputError("point {} of a measured pattern: 2-theta does not ascend: {} after {}", i + 1, x[i], x[i - 1]);
    if (!std::isfinite(y[i])) throw InputError("point {} of a measured pattern: intensity is {}", i + 1, y[i]);
    if (!sigma.empty() && !(sigma[i] > 0 && std::isfinite(sigma[i]))) throw InputError("point {} of a measured pattern: standard deviation is {}", i + 1, sigma[i]);
  }
}

}  // namespace

std::vector<double> variances_of_counts(std::span<const double> intensity) {
  const std::size_t n = intensity.size();
  if (n == 0) return {};
  std::vector<double> variance(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t near = std::min({kNeighbours, i, n - 1 - i});
    double sum = 0;
    for (std::size_t j = i - near; j <= i + near; ++j) sum += intensity[j];
    variance[i] = sum / static_cast<double>(2 * near + 1);
  }
  const double other = other_variance(intensity, variance);
  const double floor = std::min(1.0, kFloorOfLargest * std::max(*std::ranges::max_element(intensity), 0.0));
  for (double& value : variance) value = std::max(value, floor) + other;
  return variance;
}

FitPoints::FitPoints(std::span<const double> two_theta_deg, std::span<const double> intensity, std::span<const double> sigma, const SimulationOptions& simulation,
                     const std::vector<Range>& excluded) {
  require_points(two_theta_deg, intensity, sigma);
  for (const Range& range : excluded)
    if (!(range.low < range.high)) throw ConfigError("the excluded range from {} to {} degrees: give the lower angle first", range.low, range.high);
  const double low = simulation.two_theta_min_deg, high = std::min(simulation.two_theta_max_deg, kLargestAngle);
  const auto first = static_cast<std::size_t>(std::ranges::lower_bound(two_theta_deg, low) - two_theta_deg.begin());
  const auto last = static_cast<std::size_t>(std::ranges::upper_bound(two_theta_deg, high) - two_theta_deg.begin());
  if (last < first + 2) throw InputError("{} measured points between {:.4g} and {:.4g} degrees", last - std::min(first, last), low, high);
  const auto x = two_theta_deg.subspan(first, last - first), y = intensity.subspan(first, last - first);
  if (std::ranges::min(y) == std::ranges::max(y)) throw InputError("every point of the measured pattern has the intensity {}", y.front());
  std::vector<double> steps(x.size() - 1);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) steps[i] = x[i + 1] - x[i];
  // The mean step of an even scan knows more digits than any one step.
  const double middle = median(steps), mean = (x.back() - x.front()) / static_cast<double>(x.size() - 1);
  const double step = std::abs(middle - mean) < 0.1 * mean ? mean : middle;
  grid_.two_theta_min_deg = std::max(x.front() - step / 2, 0.0);
  if (!((x.back() - x.front()) / step < kMostBins)) throw InputError("points {:.3g} degrees apart divide {:.4g} degrees into more than {:.0e} bins", step, x.back() - x.front(), kMostBins);
  grid_.points = static_cast<int>(std::ceil((x.back() - x.front()) / step - 1e-6)) + 1;
  grid_.two_theta_max_deg = grid_.two_theta_min_deg + grid_.points * step;
  const std::vector<double> variance = sigma.empty() ? variances_of_counts(y) : std::vector<double>();
  two_theta_deg_.assign(x.begin(), x.end());
  const std::vector<std::uint8_t> kept = outside(excluded);
  two_theta_deg_.clear();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (kept[i] == 0) continue;
    two_theta_deg_.push_back(x[i]);
    intensity_.push_back(y[i]);
    root_weight_.push_back(1 / (sigma.empty() ? std::sqrt(variance[i]) : sigma[first + i]));
    position_.push_back(2 * (x[i] - x.front()) / (x.back() - x.front()) - 1);
  }
}

std::vector<std::uint8_t> FitPoints::outside(const std::vector<Range>& excluded) const {
  std::vector<std::uint8_t> kept;
  for (const double x : two_theta_deg_) kept.push_back(std::ranges::none_of(excluded, [&](const Range& range) { return x >= range.low && x <= range.high; }) ? 1 : 0);
  return kept;
}

SimulationOptions FitPoints::range_of_lines(const SimulationOptions& simulation) const {
  PatternOptions options;
  options.simulation = simulation;
  options.simulation.two_theta_min_deg = grid_.two_theta_min_deg;
  options.simulation.two_theta_max_deg = std::min(grid_.two_theta_max_deg, 179.9);
  options.grid = grid_;
  return beyond_the_ends(options).simulation;
}

void FitPoints::interpolate(std::span<const float> binned, std::vector<double>& out) const {
  const double step = grid_.step_deg();
  const int bins = grid_.points;
  out.resize(two_theta_deg_.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double at = (two_theta_deg_[i] - grid_.two_theta_min_deg) / step - 0.5;
    const int from = std::clamp(static_cast<int>(std::floor(at)) - 1, 0, std::max(bins - 4, 0)), count = std::min(bins, 4);
    double sum = 0;
    for (int j = 0; j < count; ++j) {
      double weight = 1;
      for (int k = 0; k < count; ++k)
        if (k != j) weight *= (at - from - k) / (j - k);
      sum += weight * static_cast<double>(binned[static_cast<std::size_t>(from + j)]);
    }
    out[i] = sum / step;
  }
}

}  // namespace xxact::xrd
