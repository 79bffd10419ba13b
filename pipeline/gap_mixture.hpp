// Band gaps as a mixture: no gap at all with some probability, else a Laplace distribution.
#pragma once

namespace xxact::pipeline {

struct GapPrediction {
  double median = 0, deviation = 0, metal_probability = 0;  // deviation: root of the expected squared difference from the median; eV
};

/// Of a mixture of zero, with `metal_probability`, and gaps of a Laplace distribution of `mean` and standard deviation `std` (eV), whose part below zero counts as zero.
/// The median is what the expected absolute error is least for: zero where a metal is as likely as not.
GapPrediction median_of_mixture(double metal_probability, double mean, double std);

}  // namespace xxact::pipeline
