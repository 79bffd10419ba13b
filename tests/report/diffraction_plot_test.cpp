// Plots of powder patterns: labels that lie on nothing, patterns that do not cross, what each kind of plot holds.
#include "pipeline/report/diffraction_plot.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "pipeline/report/peak_labels.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

std::vector<std::string> texts(const std::vector<Label>& labels) {
  std::vector<std::string> all;
  for (const Label& label : labels) all.push_back(label.text);
  return all;
}

/// Sticks at whole numbers, drawn as they are.
DiffractionPattern pattern_of(const std::string& name, const std::vector<DiffractionLine>& lines, const std::vector<double>& x) {
  DiffractionPattern pattern{name, std::vector<double>(x.size(), 0.0), lines};
  for (const DiffractionLine& line : lines) pattern.intensity[static_cast<std::size_t>(std::lround(line.x))] = line.intensity;
  return pattern;
}

std::vector<double> whole_numbers(int n) {
  std::vector<double> x;
  for (int i = 0; i < n; ++i) x.push_back(i);
  return x;
}

TEST(MillerIndices, AreReadAsTheyAreWritten) {
  EXPECT_EQ(miller_indices({1, 1, 1}), "111");
  EXPECT_EQ(miller_indices({1, -1, 0}), "1−10");
  EXPECT_EQ(miller_indices({10, 0, -2}), "10 0 −2");
  EXPECT_EQ(miller_indices({0, 0, -12}), "0 0 −12");
}

TEST(PeakLabels, TheHigherOfTwoThatWouldOverlapStays) {
  const std::vector<double> x = {0, 100}, y = {0, 0};
  const LabelArea area{0, 100, 2, 5, 5};
  const std::vector<LabelledPeak> peaks = {{20, 50, "111"}, {24, 52, "200"}, {60, 10, "220"}, {80, 5, "311"}};
  PeakLabels labels(area, {x, y});
  labels.add(peaks, 3, 1);
  EXPECT_EQ(texts(labels.labels()), (std::vector<std::string>{"200", "220"}));  // 111 is under 200, 311 is not among three
  EXPECT_EQ(labels.labels().front().x, 24);
  EXPECT_EQ(labels.labels().front().y, 52);
  EXPECT_EQ(labels.labels().front().colour, 1);
  PeakLabels none(area, {x, y});
  none.add(peaks, 0, 1);
  EXPECT_TRUE(none.labels().empty());
}

TEST(PeakLabels, StandAboveTheCurveAndInsideTheAxes) {
  const std::vector<double> x = {0, 9, 10, 11, 47, 50, 99}, y = {0, 0, 12, 0, 90, 20, 30};
  const LabelArea area{0, 100, 2, 5, 5};
  PeakLabels labels(area, {x, y});
  // The curve at 10 is higher than its line; at 50 a much higher peak stands within the text; at 99 the text would leave the axes.
  labels.add(std::vector<LabelledPeak>{{10, 10, "110", 12}, {50, 20, "200"}, {99, 30, "211"}}, 3, -1);
  ASSERT_EQ(texts(labels.labels()), (std::vector<std::string>{"211", "110"}));
  EXPECT_EQ(labels.labels()[1].y, 12);
  EXPECT_LE(labels.labels()[0].x + 2 * area.letter_width, 100);
}

TEST(PeakLabels, AreNotLentToAnotherPeak) {
  // A weak line under the peak of another pattern: its label over that one would name the wrong lines.
  const std::vector<double> x = {0, 50, 100}, y = {0, 80, 0};
  PeakLabels labels({0, 100, 2, 5, 5}, {x, y});
  labels.add(std::vector<LabelledPeak>{{50.5, 20, "105"}, {20, 20, "200"}}, 2, 0);
  EXPECT_EQ(texts(labels.labels()), (std::vector<std::string>{"200"}));
}

TEST(PeakLabels, NeverOverlapInADensePattern) {
  std::vector<LabelledPeak> peaks;
  for (int i = 0; i < 300; ++i) peaks.push_back({0.3 * i + 2, 50 + 50 * std::sin(0.7 * i * i), "123"});
  const std::vector<double> x = {0, 100}, y = {0, 0};
  const LabelArea area{0, 100, 1, 4, 4};
  PeakLabels labels(area, {x, y});
  labels.add(peaks, 300, -1);
  const auto& placed = labels.labels();
  EXPECT_GT(placed.size(), 5U);
  for (std::size_t i = 0; i < placed.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_TRUE(std::abs(placed[i].x - placed[j].x) >= 4 || std::abs(placed[i].y - placed[j].y) >= 4) << i << ' ' << j;
    for (const LabelledPeak& peak : peaks) EXPECT_TRUE(std::abs(peak.x - placed[i].x) >= 2 || peak.y <= placed[i].y) << i;
  }
}

TEST(DiffractionPlot, OnePatternHasItsLinesAsSticks) {
  const std::vector<double> x = whole_numbers(100);
  const Plot plot = plot_of({.title = "t", .x_label = "x", .x_range = {0, 99}, .x = x, .patterns = {pattern_of("A", {{30, 100, {1, 1, 1}}, {60, 40, {2, 0, 0}}}, x)}, .labels = 5});
  ASSERT_EQ(plot.series.size(), 2U);
  EXPECT_EQ(plot.series[1].style, Style::sticks);
  EXPECT_EQ(plot.series[1].x, (std::vector<double>{30, 60}));
  EXPECT_EQ(plot.series[1].y, (std::vector<double>{100, 40}));
  EXPECT_NE(plot.series[0].colour, plot.series[1].colour);
  EXPECT_EQ(texts(plot.labels), (std::vector<std::string>{"111", "200"}));
  EXPECT_GE(plot.y_range.high, 100);
}

TEST(DiffractionPlot, SeveralPatternsDoNotCrossWhenTheyAreStacked) {
  const std::vector<double> x = whole_numbers(100);
  DiffractionPlot diffraction{.x_range = {0, 99}, .x = x, .patterns = {pattern_of("A", {{30, 100, {1, 1, 1}}}, x), pattern_of("B", {{31, 100, {1, 1, 0}}}, x), pattern_of("C", {{32, 100, {1, 0, 0}}}, x)}};
  diffraction.labels = 1;
  const Plot stacked = plot_of(diffraction);
  ASSERT_EQ(stacked.series.size(), 6U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(stacked.series[2 * i].title, diffraction.patterns[i].name);
    EXPECT_EQ(stacked.series[2 * i].colour, static_cast<int>(i));
    EXPECT_EQ(stacked.series[2 * i + 1].colour, static_cast<int>(i));
    EXPECT_TRUE(stacked.series[2 * i + 1].title.empty());
    EXPECT_LT(stacked.series[2 * i + 1].y_upper.front(), 0);
    if (i > 0) {
      EXPECT_LT(std::ranges::max(stacked.series[2 * i].y), std::ranges::min(stacked.series[2 * i - 2].y));
      EXPECT_LT(stacked.series[2 * i + 1].y_upper.front(), stacked.series[2 * i - 1].y.front());
    }
  }
  EXPECT_EQ(texts(stacked.labels), (std::vector<std::string>{"111", "110", "100"}));
  EXPECT_FALSE(stacked.y_numbers);
  diffraction.stacked = false;
  const Plot overlaid = plot_of(diffraction);
  EXPECT_TRUE(overlaid.y_numbers);
  EXPECT_EQ(std::ranges::max(overlaid.series[0].y), 100);
  EXPECT_EQ(std::ranges::max(overlaid.series[4].y), 100);
  EXPECT_EQ(overlaid.labels.size(), 1U);  // the three would lie on each other
}

TEST(DiffractionPlot, AMeasuredPatternIsDrawnWithItsDifference) {
  const std::vector<double> x = whole_numbers(50);
  DiffractionPlot diffraction{.x_range = {0, 49}, .x = x, .patterns = {pattern_of("A", {{30, 100, {1, 1, 1}}}, x)}};
  diffraction.measured.assign(50, 1.0);
  diffraction.measured[0] = std::numeric_limits<double>::quiet_NaN();
  diffraction.measured[30] = 20;
  const Plot plot = plot_of(diffraction);
  ASSERT_EQ(plot.series.size(), 4U);
  EXPECT_EQ(plot.series[1].y[30], 20 - 100 - 25);
  EXPECT_LT(plot.y_range.low, -105);
  EXPECT_TRUE(std::isfinite(plot.y_range.low) && std::isfinite(plot.y_range.high));
  diffraction.patterns.push_back(diffraction.patterns.front());
  EXPECT_THROW(plot_of(diffraction), ConfigError);
  diffraction.measured.clear();
  diffraction.patterns.resize(kMostPatterns + 1, diffraction.patterns.front());
  EXPECT_THROW(plot_of(diffraction), ConfigError);
  EXPECT_THROW(plot_of({}), ConfigError);
}

}  // namespace
}  // namespace xxact::report
