// Plots as data: what to draw, in which axes; gnuplot draws it, to SVG or PNG by the file's extension.
// Not here: which plots a run or an evaluation has (figures.hpp).
//
// draw() starts a program, so it is called where that is safe: in a process without MPI, or after MPI_Finalize
// (Runtime::after_finalize). Data reach gnuplot as files and every text as a quoted string, so no id, title or label
// can become a gnuplot command.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace xxact::report {

enum class Style {
  lines,
  dashed,
  steps,
  points,
  lines_points,
  sticks,   // vertical from 0 to y: diffraction lines
  segments,  // vertical from y to y_upper: the same on other base lines
  bars,     // boxes of 0.8 on the x axis
  band,     // filled between y and y_upper
  density,  // cells of a binned scatter plot, coloured by `weight` on a logarithmic scale
};

inline constexpr double kAutomatic = std::numeric_limits<double>::quiet_NaN();

struct Series {
  std::string title = {};        // in the legend; empty: not in it
  std::vector<double> x = {}, y = {};  // equally long; a y that is not finite breaks the line
  Style style = Style::lines;
  int colour = -1;               // place in the colour-blind-safe palette of 8; -1: the series' own place
  double width = 2.0;            // of lines, in points; of marks, relative to 2
  std::vector<double> y_upper = {};  // Style::band, Style::segments
  std::vector<double> weight = {};   // Style::density: count of each cell, above 0
  double cell = 0;                   // Style::density: extent of a cell on both axes; x and y are centres
};

struct Range {
  double low = kAutomatic, high = kAutomatic;
};

/// Text at a place given as fractions of the plot area, (0, 0) lower left; \n starts a new line.
struct Annotation {
  std::string text;
  double x = 0.03, y = 0.95;
};

/// Text in small type whose lower edge is centred at a place in the units of the axes.
struct Label {
  std::string text;
  double x = 0, y = 0;
  int colour = -1;  // place in the palette; -1: that of the axes
};

/// A named place on the x axis, in place of numbers.
struct Tick {
  double at = 0;
  std::string label;
};

enum class Legend { none, upper_right, upper_left, lower_right, lower_left, above };

struct Plot {
  std::string title = {}, x_label = {}, y_label = {};
  Range x_range = {}, y_range = {};
  bool y_numbers = true;  // along the y axis
  bool log_x = false, log_y = false;
  bool square = false;    // both axes equally long
  bool diagonal = false;  // the line y = x
  std::vector<Series> series = {};
  std::vector<Annotation> annotations = {};
  std::vector<Label> labels = {};
  std::vector<Tick> x_ticks = {};
  Legend legend = Legend::upper_right;
  double width = 760, height = 460;  // CSS pixels; a PNG has twice as many
};

/// A matrix of counts with the count printed in each cell and the colour by the share of its row.
struct HeatMap {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<std::string> rows = {}, columns = {};  // first row on top
  std::vector<double> counts = {};                   // [rows, columns]
  double width = 620, height = 540;
};

/// Draws to `path`, .svg or .png, replacing it only by a finished picture. Where gnuplot is missing or fails, warns
/// and returns false. Throws ConfigError on another extension or series whose arrays differ in length, IoError when
/// the picture cannot be written.
bool draw(const Plot& plot, const std::filesystem::path& path);
bool draw(const HeatMap& map, const std::filesystem::path& path);

}  // namespace xxact::report
