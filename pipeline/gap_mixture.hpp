// Band gaps as a mixture: none at all (a metal) with some probability, else of a Laplace distribution whose part below zero counts as zero.
#pragma once

#include <span>

namespace xxact::pipeline {

struct GapMixture {
  double metal = 0;           // probability
  double mean = 0, std = 1;   // of the Laplace distribution, eV
};

/// P(gap <= x) for x >= 0.
double cumulative(const GapMixture& gap, double x);
/// The least gap up to which at least `probability` (0 to 1, without 1) lies, eV; of several, of the mean of their distributions. At least one; NaN if one is.
double quantile(std::span<const GapMixture> gaps, double probability);
/// Expected squared difference of a gap from x, eV^2; of several, of the mean of their distributions.
double squared_difference(std::span<const GapMixture> gaps, double x);
/// The least a for which the quantiles of 1/2 - a and 1/2 + a enclose x: how far out of the middle it is, 0 to 1/2 (the score of distributional conformal prediction:
/// Chernozhukov et al. 2021, doi:10.1073/pnas.2107794118).
double eccentricity(const GapMixture& gap, double x);

}  // namespace xxact::pipeline
