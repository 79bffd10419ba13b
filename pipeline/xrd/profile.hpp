// Gaussian profiles on a grid: each reflection adds intensity * exp(-(x - x0)^2 / (2 sigma^2)), x0 its place on the grid's axis,
// sampled at the centres of the bins, sigma = FWHM / (2 sqrt(2 ln 2)). Cut where the profile is below kFloor of its peak.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

class GaussianProfile {
 public:
  static constexpr double kFloor = 1e-8;

  /// Throws ConfigError for a grid without points or beyond the limiting sphere, or a width below half a step, which would lose peaks between the points.
  explicit GaussianProfile(const PatternOptions& options);

  void clear();
  /// Adds reflections given by g^2 (1/angstrom^2) and intensity; those further from the grid than the cut add nothing.
  void add(double wavelength, std::span<const double> g_squared, std::span<const float> intensity);
  /// [points], as they are, times `scale`.
  void write_scaled(double scale, std::span<float> out) const;
  /// [points], strongest 1; see Simulator::pattern.
  void write(bool square_root, std::span<float> out) const;

 private:
  Grid grid_;
  double q_wavelength_;         // angstrom, of the axis q
  double sigma_;                // in the units of the axis
  int reach_ = 0, window_ = 0;  // bins before the nearest one, bins a profile
  std::vector<float> padded_;   // [window_ + points + window_]
  std::vector<int> bin_;
  std::vector<float> offset_;
};

}  // namespace xxact::xrd
