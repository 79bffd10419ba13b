// The points of a measured pattern that a fit uses: chosen, weighted, and with the grid that the calculated pattern is made on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/xrd/artefacts.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

class FitPoints {
 public:
  /// Points within the range of `simulation`, up to 170 degrees, where widths grow without limit, and in none of `excluded`. The grid's bins are as wide as the median step of all points in the range, the first
  /// one centred at the first point, so that bins of an even scan are its points. Throws InputError for points that are not
  /// ascending, finite and alike in number, fewer than 2, a constant pattern or a deviation that is not positive; ConfigError for an excluded range that is reversed.
  FitPoints(std::span<const double> two_theta_deg, std::span<const double> intensity, std::span<const double> sigma, const SimulationOptions& simulation,
            const std::vector<Range>& excluded);

  const std::vector<double>& two_theta_deg() const { return two_theta_deg_; }
  const std::vector<double>& intensity() const { return intensity_; }
  const std::vector<double>& root_weight() const { return root_weight_; }  // 1 / standard deviation
  const std::vector<double>& position() const { return position_; }        // -1 at the first, 1 at the last point of the range
  const Grid& grid() const { return grid_; }

  /// 1 for each point outside the ranges.
  std::vector<std::uint8_t> outside(const std::vector<Range>& excluded) const;

  /// The simulation with a range that holds every line that could reach the points.
  SimulationOptions range_of_lines(const SimulationOptions& simulation) const;

  /// `binned` [points of the grid]: areas of bins. `out` [points]: intensities at the points, per degree, by cubics through four bins.
  void interpolate(std::span<const float> binned, std::vector<double>& out) const;

 private:
  Grid grid_;
  std::vector<double> two_theta_deg_, intensity_, root_weight_, position_;
};

/// [points]: variances of counts, the mean of nine neighbours, which keeps weights from following the noise (weights by single counts pull a
/// fit down by about one count), at least 1 or a thousandth of the largest where that is less. Where a background was taken off
/// before, counts no longer tell the scatter: if the weaker half of the points scatters more than twice as much as counts do (by
/// second differences), the difference is added everywhere.
std::vector<double> variances_of_counts(std::span<const double> intensity);

}  // namespace xxact::xrd
