#include "pipeline/gap_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xxact::pipeline {

GapPrediction median_of_mixture(double metal_probability, double mean, double std) {
  GapPrediction out{0, 0, metal_probability};
  if (metal_probability < 0.5) {
    // p + (1 - p) F(x) = 1/2, and F(x) = exp((x - mean) / b) / 2 up to its middle.
    const double share = (0.5 - metal_probability) / (1 - metal_probability), b = std / std::numbers::sqrt2;
    out.median = std::max(0.0, mean + b * std::log(2 * share));
  }
  const double apart = mean - out.median;
  out.deviation = std::sqrt(metal_probability * out.median * out.median + (1 - metal_probability) * (std * std + apart * apart));
  return out;
}

}  // namespace xxact::pipeline
