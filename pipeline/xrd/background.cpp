#include "pipeline/xrd/background.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::xrd {

namespace {

constexpr double kScaledLargest = 1e4;  // counts of a usual measurement, for which the operator was made

double compressed(double y) { return std::log(std::log(std::sqrt(y + 1) + 1) + 1); }
double expanded(double v) {
  const double root = std::exp(std::exp(v) - 1) - 1;
  return root * root - 1;
}

/// y(x) between points, both ascending; beyond the ends the values there.
std::vector<double> interpolated(std::span<const double> x, std::span<const double> y, std::span<const double> at) {
  std::vector<double> values(at.size());
  std::size_t j = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    while (j + 2 < x.size() && x[j + 1] <= at[i]) ++j;
    const double t = std::clamp((at[i] - x[j]) / (x[j + 1] - x[j]), 0.0, 1.0);
    values[i] = y[j] + t * (y[j + 1] - y[j]);
  }
  return values;
}

/// Moving mean over 2 reach + 1 values, fewer at the ends so that it stays centred.
std::vector<double> smoothed(const std::vector<double>& y, std::size_t reach) {
  std::vector<double> sum(y.size() + 1, 0.0), mean(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) sum[i + 1] = sum[i] + y[i];
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t near = std::min({reach, i, y.size() - 1 - i});
    mean[i] = (sum[i + near + 1] - sum[i - near]) / static_cast<double>(2 * near + 1);
  }
  return mean;
}

/// `window` in points, from which it shrinks to one.
void clip_peaks(std::vector<double>& v, double window) {
  std::vector<double> next = v;
  const double widest = std::min(window, static_cast<double>((v.size() - 1) / 2));
  for (double reach = std::max(widest, 1.0); reach > 0.99; reach /= std::numbers::sqrt2) {
    const auto p = static_cast<std::size_t>(std::lround(reach));
    for (std::size_t i = p; i + p < v.size(); ++i) next[i] = std::min(v[i], (v[i - p] + v[i + p]) / 2);
    v = next;
  }
}

}  // namespace

std::vector<double> snip_background(std::span<const double> two_theta_deg, std::span<const double> intensity, const SnipOptions& options) {
  if (!(options.window_deg > 0 && options.window_deg <= 90))
    throw ConfigError("a background window of {} degrees: give more than 0 and at most 90", options.window_deg);
  if (!(options.smoothing_deg >= 0 && options.smoothing_deg <= 10)) throw ConfigError("smoothing over {} degrees: give 0 to 10", options.smoothing_deg);
  const std::size_t points = two_theta_deg.size();
  const double largest = points == 0 ? 0 : *std::ranges::max_element(intensity);
  if (points < 3 || largest <= 0) return std::vector<double>(points, 0.0);
  const double step = (two_theta_deg.back() - two_theta_deg.front()) / static_cast<double>(points - 1);
  std::vector<double> even(points);
  for (std::size_t i = 0; i < points; ++i) even[i] = two_theta_deg.front() + static_cast<double>(i) * step;
  std::vector<double> v = interpolated(two_theta_deg, intensity, even);
  for (double& y : v) y = std::max(y, 0.0) * (kScaledLargest / largest);
  v = smoothed(v, static_cast<std::size_t>(std::min(options.smoothing_deg / step / 2, static_cast<double>(points))));
  for (double& y : v) y = compressed(y);
  clip_peaks(v, options.window_deg / step);
  for (double& y : v) y = std::max(expanded(y), 0.0) * (largest / kScaledLargest);
  return interpolated(even, v, two_theta_deg);
}

}  // namespace xxact::xrd
