// xxact xrd --measured: a measured pattern brought to the grid of a simulated one and compared with it.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "pipeline/xrd/simulator.hpp"

namespace xxact {

struct Comparison {
  std::vector<double> measured;  // [points], background off, scaled by least squares to the simulated one; NaN where nothing was measured
  double cosine = 0;             // similarity of the two over the measured points: sum(m s) / sqrt(sum(m^2) sum(s^2))
  double zero_error_deg = 0;     // subtracted from the measured angles
};

/// Reads `file` and compares. `simulated` [points of options.grid], any scale, no square root. Without a zero error the one within
/// half a degree is searched that makes the cosine largest. The file's wavelength counts, or that of `options` where it has none.
/// Throws InputError naming the file.
Comparison compare_with_measured(const std::filesystem::path& file, const std::vector<double>& simulated, const xrd::PatternOptions& options,
                                 std::optional<double> zero_error_deg);

}  // namespace xxact
