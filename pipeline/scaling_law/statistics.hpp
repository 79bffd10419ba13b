// What a few runs at a few sizes say about a power law of the data: both forms, with and without a floor, intervals that hold with few runs, what they foretell. Method and measured coverage: docs/scaling-laws.md.
#pragma once

#include <array>
#include <cstdint>

#include "pipeline/scaling_law/power_law.hpp"

namespace xxact::scaling_law {

struct RunLoss {
  double size = 0;  // training rows
  double loss = 0;
};

/// Ends may be infinite: the runs do not bound the quantity on that side.
struct Interval {
  double low = 0, high = 0;
};

struct StatisticsOptions {
  double level = 0.95;
  int bootstrap = 4000;    // resamples; 0: none
  std::uint64_t seed = 0;  // of the bootstrap and of simulations
  int threads = 1;
};

struct LawStatistics {
  Fit fit;
  double noise = 0;                     // standard deviation of log loss about the law
  Interval exponent, scale, floor;      // by profiles: values at which the rest of the law fits worse by no more than an F quantile
  Interval exponent_bootstrap;          // percentiles over resampled sizes and, within, runs; too narrow with few of either, shown beside. Zeros without bootstrap
  double aicc = 0;                      // of Gaussian residuals; infinite with too few runs
  double r2 = 0;                        // in logarithms
  double extrapolation_error = 0;       // law of all sizes but the largest, there: prediction / geometric mean of its losses - 1; NaN with too few sizes
};

/// Of one form. ConfigError as fit(). There must be more runs than parameters.
LawStatistics law_statistics(std::span<const RunLoss> runs, bool floor, const StatisticsOptions& options);

/// The law at a size and where it may lie there (delta method, Student's t).
struct BandPoint {
  double size = 0, loss = 0;
  Interval interval;
};
BandPoint band_at(const LawStatistics& law, std::span<const RunLoss> runs, double size, double level);

/// The size at which the law comes down to a loss, infinite if never; the interval is where the edges of the band do, up to 10^9 times the greatest size.
struct SizeForLoss {
  double size = 0;
  Interval interval;
};
SizeForLoss size_for(const LawStatistics& law, std::span<const RunLoss> runs, double loss, double level);

/// The share of simulated studies, of this law and noise at the sizes of these runs, whose intervals cover the truth.
struct Coverage {
  double exponent = 0, floor = 0;  // the latter of laws with one
  int repetitions = 0;
};
Coverage measure_coverage(const PowerLaw& truth, double noise, std::span<const RunLoss> design, bool floor, int repetitions, const StatisticsOptions& options);

/// a - b of two independent estimates, from their intervals (method of variance estimates recovery: Zou and Donner, doi:10.1002/sim.3095).
struct Difference {
  double value = 0;
  Interval interval;
};
Difference difference(double a, const Interval& of_a, double b, const Interval& of_b);

}  // namespace xxact::scaling_law
