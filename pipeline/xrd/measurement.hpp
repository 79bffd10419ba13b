// What happens to lines and patterns in a measurement, each step by itself: shifts, background, detector, counting, missing ends.
// The numbers come from draw_artefacts; with those of Artefacts{} nothing changes by a bit. In the order of a measurement:
// strained_lattice, lines, texture_weights, shift_lines, PeakProfile with broadened(), the impurity's pattern (the caller's),
// add_background, resample_detector, count_photons, hide_missing_ends.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/xrd/artefacts.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

/// 2-theta in degrees, in place: plus the zero shift, minus 2 s cos(theta) / R radians for a sample s above the goniometer's axis in
/// Bragg-Brentano geometry (Wilson, Mathematical Theory of X-ray Powder Diffractometry, 1963).
void shift_lines(const Artefacts& artefacts, std::span<double> two_theta_deg);

/// [points], in place: plus a Chebyshev series over the grid, moved and scaled to 0 .. background_height of the pattern's maximum (order
/// 0 is flat at that height), plus a Gaussian hump of hump_height. A pattern without a positive point is left alone.
void add_background(const Artefacts& artefacts, const Grid& grid, std::span<float> pattern);

/// [points], in place: as a detector with bins of detector_step_deg from the grid's beginning would see it, brought back to the grid;
/// both ways by area, so the sum is kept. A step that is not wider than the grid's changes nothing. `scratch` keeps its room between calls.
void resample_detector(const Artefacts& artefacts, const Grid& grid, std::span<float> pattern, std::vector<double>& scratch);

/// Random numbers of Poisson's distribution. Means below kLargeMean: inversion of the distribution function by summing it up, exact.
/// Above: the Cornish-Fisher expansion (Cornish and Fisher, Rev. Inst. Int. Stat. 5 (1938) 307) of the normal distribution to its third
/// order, rounded: within a total variation of 1e-4 of the exact distribution at a mean of 30 and 5e-7 at 1000; mean and variance right
/// to 3e-6, the third moment to 0.7 %. Only exp, log, sin, cos and square roots of counter-based numbers: the same on every machine
/// whose mathematical library rounds alike.
class PoissonSampler {
 public:
  explicit PoissonSampler(const CounterRandom& random) : random_(random) {}

  static constexpr double kLargeMean = 30;
  /// A mean that is not positive gives 0.
  double operator()(double mean);

 private:
  double normal();

  CounterRandom random_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// [points], in place: each point scaled so that the maximum is `counts`, replaced by a Poisson number of that mean, scaled back.
void count_photons(const Artefacts& artefacts, std::span<float> pattern);

/// [points] each, in place: bins with centres in the first missing_low_deg or the last missing_high_deg become 0 in `pattern` and in
/// `measured`; the other bins of `measured` become 1. Throws ConfigError if nothing is left.
void hide_missing_ends(const Artefacts& artefacts, const Grid& grid, std::span<float> pattern, std::span<std::uint8_t> measured);

}  // namespace xxact::xrd
