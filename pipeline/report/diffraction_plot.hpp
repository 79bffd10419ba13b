// Plots of powder patterns: one with its lines, several above each other or overlaid, a measured one with the difference.
// Not here: simulating them (pipeline/xrd), drawing (plot.hpp).
#pragma once

#include <array>
#include <string>
#include <vector>

#include "pipeline/report/plot.hpp"

namespace xxact::report {

struct DiffractionLine {
  double x = 0, intensity = 0;  // the strongest 100
  std::array<int, 3> hkl{};
};

struct DiffractionPattern {
  std::string name;                // in the legend where there are several
  std::vector<double> intensity;   // [points], strongest 100
  std::vector<DiffractionLine> lines;
};

struct DiffractionPlot {
  std::string title = {}, x_label = {};
  Range x_range = {};
  std::vector<double> x = {};  // [points]
  std::vector<DiffractionPattern> patterns = {};
  std::vector<double> measured = {};  // [points] of one pattern, NaN where nothing was measured; or empty
  int labels = 0;                     // at most so many lines of a pattern get their indices
  bool stacked = true;                // several patterns above each other, the first on top
};

/// A colour for each: more patterns than this are not told apart.
inline constexpr std::size_t kMostPatterns = 8;

/// One pattern: the profile, and its lines as sticks of their intensity. With a measured one: both profiles, the lines as
/// ticks below them, the difference on its own zero line. Several: a colour each, the lines as rows of ticks below.
/// Throws ConfigError for no pattern or more than kMostPatterns, or a measured one with several.
Plot plot_of(const DiffractionPlot& diffraction);

}  // namespace xxact::report
