#include "pipeline/gap_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace xxact::pipeline {
namespace {

double laplace_scale(const GapMixture& gap) { return gap.std / std::numbers::sqrt2; }

double quantile_of_one(const GapMixture& gap, double probability) {
  if (probability <= cumulative(gap, 0)) return 0;
  // metal + (1 - metal) L(x) = probability; both tails from what is small in them.
  const double below = (probability - gap.metal) / (1 - gap.metal), above = (1 - probability) / (1 - gap.metal);
  return std::max(0.0, gap.mean + laplace_scale(gap) * (below < 0.5 ? std::log(2 * below) : -std::log(2 * above)));
}

double cumulative_of_all(std::span<const GapMixture> gaps, double x) {
  double sum = 0;
  for (const auto& gap : gaps) sum += cumulative(gap, x);
  return sum / static_cast<double>(gaps.size());
}

}  // namespace

double cumulative(const GapMixture& gap, double x) {
  const double away = (x - gap.mean) / laplace_scale(gap), tail = 0.5 * std::exp(-std::abs(away));
  return gap.metal + (1 - gap.metal) * (away < 0 ? tail : 1 - tail);
}

double quantile(std::span<const GapMixture> gaps, double probability) {
  const double none = cumulative_of_all(gaps, 0);
  if (std::isnan(none)) return none;
  if (probability <= none) return 0;
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const auto& gap : gaps) {
    const double own = quantile_of_one(gap, probability);
    low = std::min(low, own);
    high = std::max(high, own);
  }
  // The mean's lies between those of its parts.
  constexpr int kHalvings = 60;
  for (int i = 0; i < kHalvings && low < high; ++i) {
    const double middle = 0.5 * (low + high);
    (cumulative_of_all(gaps, middle) < probability ? low : high) = middle;
  }
  return high;
}

double squared_difference(std::span<const GapMixture> gaps, double x) {
  double sum = 0;
  for (const auto& gap : gaps) {
    const double b = laplace_scale(gap), beyond = 0.5 * std::exp(-std::abs(gap.mean) / b);
    // What is beyond zero, seen from the mean, falls off exponentially with b.
    const double laplace = gap.mean >= 0 ? 2 * b * b + (gap.mean - x) * (gap.mean - x) - beyond * 2 * b * (b + x) : beyond * 2 * b * (b - x) + x * x;
    sum += gap.metal * x * x + (1 - gap.metal) * laplace;
  }
  return sum / static_cast<double>(gaps.size());
}

double eccentricity(const GapMixture& gap, double x) {
  if (x <= 0) return std::max(0.0, 0.5 - cumulative(gap, 0));
  return std::abs(cumulative(gap, x) - 0.5);
}

}  // namespace xxact::pipeline
