#include "pipeline/xrd/measurement.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

void require_room(const Grid& grid, std::size_t size) {
  require_two_theta(grid, "an artefact of a measurement");
  if (size != static_cast<std::size_t>(grid.points)) throw ConfigError("a pattern of {} points was given for a grid of {}", size, grid.points);
}

/// Sum of c_k T_k(x) by Clenshaw's recurrence.
double chebyshev(const Artefacts& a, double x) {
  double b1 = 0, b2 = 0;
  for (int k = a.background_order; k >= 1; --k) {
    const double b = 2 * x * b1 - b2 + a.background_shape[static_cast<std::size_t>(k)];
    b2 = b1, b1 = b;
  }
  return x * b1 - b2 + a.background_shape[0];
}

}  // namespace

void shift_lines(const Artefacts& a, std::span<double> two_theta_deg) {
  if (a.zero_shift_deg == 0 && a.displacement_mm == 0) return;
  const double factor = 2 * a.displacement_mm / a.goniometer_radius_mm / kDegree;
  for (double& angle : two_theta_deg) angle += a.zero_shift_deg - factor * std::cos(angle / 2 * kDegree);
}

void add_background(const Artefacts& a, const Grid& grid, std::span<float> pattern) {
  require_room(grid, pattern.size());
  if (a.background_height == 0 && a.hump_height == 0) return;
  const float largest = *std::ranges::max_element(pattern);
  if (!(largest > 0)) return;
  const auto x = [&](std::size_t i) { return (2.0 * static_cast<double>(i) + 1) / grid.points - 1; };
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const double value = chebyshev(a, x(i));
    low = std::min(low, value), high = std::max(high, value);
  }
  const bool flat = !(high > low);
  const double scale = flat ? 0 : a.background_height * largest / (high - low), base = flat ? a.background_height * largest : 0;
  const double hump = a.hump_height * largest, sharpness = 4 * std::numbers::ln2 / (a.hump_fwhm_deg * a.hump_fwhm_deg);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const double distance = grid.centre_deg(static_cast<int>(i)) - a.hump_centre_deg;
    const double added = base + scale * (chebyshev(a, x(i)) - (flat ? 0 : low)) + hump * std::exp(-sharpness * distance * distance);
    pattern[i] += static_cast<float>(added);
  }
}

void resample_detector(const Artefacts& a, const Grid& grid, std::span<float> pattern, std::vector<double>& scratch) {
  require_room(grid, pattern.size());
  const double width = a.detector_step_deg / grid.step_deg();  // bins
  if (!(width > 1)) return;
  // The area up to each edge of the grid; straight between the edges, as the pattern is flat within a bin.
  const std::size_t n = pattern.size();
  scratch.resize(n + 1);
  scratch[0] = 0;
  for (std::size_t i = 0; i < n; ++i) scratch[i + 1] = scratch[i] + static_cast<double>(pattern[i]);
  const auto area_to = [&](double edge) {
    if (edge >= static_cast<double>(n)) return scratch[n];
    const auto whole = static_cast<std::size_t>(edge);
    return scratch[whole] + (edge - static_cast<double>(whole)) * (scratch[whole + 1] - scratch[whole]);
  };
  // The detector knows that area at its own edges only and is flat between them; its last bin ends with the grid.
  double bin = 0, from = 0, to = std::min(width, static_cast<double>(n)), area_from = 0, area = area_to(to), previous = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double edge = static_cast<double>(i + 1);
    while (edge > to) {
      bin += 1;
      from = to, to = std::min((bin + 1) * width, static_cast<double>(n));
      area_from = area, area = area_to(to);
    }
    const double reached = area_from + (area - area_from) * (edge - from) / (to - from);
    pattern[i] = static_cast<float>(std::max(reached - previous, 0.0));
    previous = reached;
  }
}

double PoissonSampler::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  // Box and Muller; half a unit keeps the logarithm finite.
  const double radius = std::sqrt(-2 * std::log((random_.next_u32() + 0.5) * 0x1p-32));
  const double angle = 2 * std::numbers::pi * (random_.next_u32() + 0.5) * 0x1p-32;
  spare_ = radius * std::sin(angle), has_spare_ = true;
  return radius * std::cos(angle);
}

double PoissonSampler::operator()(double mean) {
  if (!(mean > 0)) return 0;
  if (mean < kLargeMean) {
    const double u = uniform53(random_);
    double term = std::exp(-mean), sum = term, k = 0;
    while (u >= sum && term > 0) {  // the terms run out before rounding could make this endless
      k += 1;
      term *= mean / k;
      sum += term;
    }
    return k;
  }
  // Rounding adds a variance of 1/12, which is taken off first.
  const double z = normal(), sigma = std::sqrt(mean - 1.0 / 12);
  return std::max(std::floor(mean + sigma * z + (z * z - 1) / 6 + z * (1 - z * z) / (72 * sigma) + 0.5), 0.0);
}

void count_photons(const Artefacts& a, std::span<float> pattern) {
  if (!std::isfinite(a.counts) || pattern.empty()) return;
  const double largest = static_cast<double>(*std::ranges::max_element(pattern));
  if (!(largest > 0)) return;
  PoissonSampler poisson(artefact_random(a.seed, a.epoch, a.sample, ArtefactStream::counting));
  const double scale = a.counts / largest;
  for (float& value : pattern) value = static_cast<float>(poisson(static_cast<double>(value) * scale) / scale);
}

void hide_missing_ends(const Artefacts& a, const Grid& grid, std::span<float> pattern, std::span<std::uint8_t> measured) {
  require_room(grid, pattern.size());
  require_room(grid, measured.size());
  const double low = grid.two_theta_min_deg + a.missing_low_deg, high = grid.two_theta_max_deg - a.missing_high_deg;
  bool any = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const double centre = grid.centre_deg(static_cast<int>(i));
    const bool seen = centre >= low && centre <= high;
    measured[i] = seen ? 1 : 0;
    if (!seen) pattern[i] = 0;
    any |= seen;
  }
  if (!any)
    throw ConfigError("missing_low_deg = {} and missing_high_deg = {} leave nothing of {} to {} degrees", a.missing_low_deg, a.missing_high_deg,
                      grid.two_theta_min_deg, grid.two_theta_max_deg);
}

}  // namespace xxact::xrd
