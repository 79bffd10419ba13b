#include "pipeline/report/diffraction_plot.hpp"

#include <algorithm>
#include <cmath>

#include "pipeline/report/peak_labels.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

// In units of the strongest intensity = 100.
constexpr double kDifferenceZero = 25;
constexpr double kTickLength = 4, kTickRow = 6;
constexpr double kStackDistance = 106, kLabelRoom = 12;
// Of the drawing, CSS pixels.
constexpr double kPlotWidth = 760, kPlotHeight = 460, kPatternHeight = 100, kMarginsWidth = 100, kMarginsHeight = 130;
constexpr double kLetterWidth = 7, kLetterHeight = 17;  // of the labels' type

LabelArea label_area(const Plot& plot) {
  LabelArea area;
  area.low = plot.x_range.low, area.high = plot.x_range.high;
  area.letter_width = (area.high - area.low) * kLetterWidth / (plot.width - kMarginsWidth);
  area.height = (plot.y_range.high - plot.y_range.low) * kLetterHeight / (plot.height - kMarginsHeight);
  area.farthest = area.height / 2;
  return area;
}

std::vector<LabelledPeak> peaks_of(const DiffractionPattern& pattern, const std::vector<double>& x, double base) {
  std::vector<LabelledPeak> peaks;
  for (const DiffractionLine& line : pattern.lines) {
    const double stick = base + line.intensity;
    const auto place = static_cast<std::size_t>(std::ranges::lower_bound(x, line.x) - x.begin());
    double curve = stick;
    // The points on both sides of the line.
    for (std::size_t i = place > 0 ? place - 1 : 0; i < std::min(place + 1, x.size()); ++i) curve = std::max(curve, base + pattern.intensity[i]);
    peaks.push_back({line.x, stick, miller_indices(line.hkl), curve});
  }
  return peaks;
}

Series sticks(const DiffractionPattern& pattern, const std::string& title, int colour) {
  Series series{.title = title, .style = Style::sticks, .colour = colour, .width = 1.0};
  for (const DiffractionLine& line : pattern.lines) series.x.push_back(line.x), series.y.push_back(line.intensity);
  return series;
}

Series ticks(const DiffractionPattern& pattern, double top, int colour) {
  Series series{.style = Style::segments, .colour = colour, .width = 1.0};
  for (const DiffractionLine& line : pattern.lines) series.x.push_back(line.x);
  series.y.assign(series.x.size(), top - kTickLength);
  series.y_upper.assign(series.x.size(), top);
  return series;
}

void add_one(const DiffractionPlot& diffraction, Plot& plot) {
  const DiffractionPattern& pattern = diffraction.patterns.front();
  plot.y_label = "intensity (strongest = 100)";
  plot.y_range = {0, diffraction.labels > 0 ? 100 + kLabelRoom : 104};
  plot.legend = Legend::above;
  plot.series.push_back({.title = "pattern", .x = diffraction.x, .y = pattern.intensity, .style = Style::lines, .colour = 0, .width = 1.5});
  // Over the profile: under a narrow peak they would be lost.
  plot.series.push_back(sticks(pattern, "lines", 1));
  PeakLabels labels(label_area(plot), {diffraction.x, pattern.intensity});
  labels.add(peaks_of(pattern, diffraction.x, 0), diffraction.labels, -1);
  plot.labels = labels.labels();
}

void add_measured(const DiffractionPlot& diffraction, Plot& plot) {
  const DiffractionPattern& pattern = diffraction.patterns.front();
  const std::vector<double>&measured = diffraction.measured, &simulated = pattern.intensity;
  std::vector<double> difference(measured.size()), skyline = simulated;
  // Where nothing was measured the difference is not a number, and min_element must not meet one first.
  double lowest = -2 * kDifferenceZero, highest = 100;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    difference[i] = measured[i] - simulated[i] - kDifferenceZero;
    if (!std::isfinite(measured[i])) continue;
    lowest = std::min(lowest, difference[i]);
    skyline[i] = std::max(skyline[i], measured[i]);
    highest = std::max(highest, measured[i]);
  }
  plot.y_label = "intensity (strongest = 100)";
  plot.y_range = {lowest * 1.05, highest * 1.04 + (diffraction.labels > 0 ? kLabelRoom : 0)};
  plot.legend = Legend::above;
  plot.series.push_back({"measured", diffraction.x, measured, Style::lines, 3, 1.2});
  plot.series.push_back({"measured - simulated", diffraction.x, difference, Style::lines, 2, 1.0});
  plot.series.push_back({"simulated", diffraction.x, simulated, Style::lines, 0, 1.5});
  Series below = ticks(pattern, 0, 1);
  below.title = "lines";
  plot.series.push_back(below);
  PeakLabels labels(label_area(plot), {diffraction.x, skyline});
  labels.add(peaks_of(pattern, diffraction.x, 0), diffraction.labels, -1);
  plot.labels = labels.labels();
}

void add_several(const DiffractionPlot& diffraction, Plot& plot) {
  const std::size_t n = diffraction.patterns.size();
  const double distance = diffraction.stacked ? kStackDistance + (diffraction.labels > 0 ? kLabelRoom : 0) : 0;
  const auto base = [&](std::size_t i) { return static_cast<double>(n - 1 - i) * distance; };
  plot.y_label = diffraction.stacked ? "intensity (each to its strongest, shifted)" : "intensity (strongest of each = 100)";
  plot.y_numbers = !diffraction.stacked;
  plot.y_range = {-kTickRow * static_cast<double>(n) - 2, base(0) + (diffraction.labels > 0 ? 100 + kLabelRoom : 104)};
  plot.legend = Legend::above;
  if (diffraction.stacked) plot.height = std::max(kPlotHeight, kMarginsHeight + kPatternHeight * static_cast<double>(n + 1));
  std::vector<std::vector<double>> shifted;
  std::vector<double> highest(diffraction.x.size(), 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    shifted.push_back(diffraction.patterns[i].intensity);
    for (double& value : shifted[i]) value += base(i);
    std::ranges::transform(highest, shifted[i], highest.begin(), [](double a, double b) { return std::max(a, b); });
  }
  const LabelArea area = label_area(plot);
  PeakLabels together(area, {diffraction.x, highest});
  for (std::size_t i = 0; i < n; ++i) {
    const int colour = static_cast<int>(i);
    plot.series.push_back({diffraction.patterns[i].name, diffraction.x, shifted[i], Style::lines, colour, 1.3});
    plot.series.push_back(ticks(diffraction.patterns[i], -kTickRow * static_cast<double>(i) - 2, colour));
    PeakLabels own(area, {diffraction.x, shifted[i]});
    PeakLabels& labels = diffraction.stacked ? own : together;
    labels.add(peaks_of(diffraction.patterns[i], diffraction.x, base(i)), diffraction.labels, colour);
    if (diffraction.stacked) plot.labels.insert(plot.labels.end(), own.labels().begin(), own.labels().end());
  }
  if (!diffraction.stacked) plot.labels = together.labels();
}

}  // namespace

Plot plot_of(const DiffractionPlot& diffraction) {
  const std::size_t n = diffraction.patterns.size();
  if (n == 0 || n > kMostPatterns) throw ConfigError("a plot of {} patterns: give 1 to {}", n, kMostPatterns);
  if (!diffraction.measured.empty() && n > 1) throw ConfigError("a plot of a measured pattern with {} simulated ones: give one", n);
  Plot plot;
  plot.title = diffraction.title, plot.x_label = diffraction.x_label, plot.x_range = diffraction.x_range;
  plot.width = kPlotWidth, plot.height = kPlotHeight;
  if (n > 1) add_several(diffraction, plot);
  else if (diffraction.measured.empty()) add_one(diffraction, plot);
  else add_measured(diffraction, plot);
  return plot;
}

}  // namespace xxact::report
