// Steps of a measurement against closed forms, and that the ideal measurement changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "pipeline/xrd/measurement.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

std::vector<float> some_pattern(const Grid& grid) {
  std::vector<float> pattern(static_cast<std::size_t>(grid.points));
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const double x = grid.centre_deg(static_cast<int>(i));
    pattern[i] = static_cast<float>(std::exp(-std::pow((x - 30) / 0.3, 2)) + 0.4 * std::exp(-std::pow((x - 52.3) / 0.1, 2)));
  }
  return pattern;
}

double sum_of(const std::vector<float>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

TEST(Measurement, IdealChangesNothing) {
  const Grid grid;
  const auto pattern = some_pattern(grid);
  const Artefacts ideal = draw_artefacts(ArtefactRanges{}, 1, 2, 3, 0);
  auto measured = pattern;
  std::vector<double> lines = {10, 20.123, 89}, scratch;
  const auto before = lines;
  std::vector<std::uint8_t> seen(pattern.size());
  shift_lines(ideal, lines);
  add_background(ideal, grid, measured);
  resample_detector(ideal, grid, measured, scratch);
  count_photons(ideal, measured);
  hide_missing_ends(ideal, grid, measured, seen);
  EXPECT_EQ(lines, before);
  EXPECT_EQ(measured, pattern);
  EXPECT_TRUE(std::ranges::all_of(seen, [](std::uint8_t bin) { return bin == 1; }));
}

TEST(Measurement, DisplacementIsItsClosedForm) {
  Artefacts a;
  a.zero_shift_deg = 0.07;
  std::vector<double> lines = {10, 60, 120};
  shift_lines(a, lines);
  EXPECT_DOUBLE_EQ(lines[1], 60.07);
  a.zero_shift_deg = 0, a.displacement_mm = 0.1, a.goniometer_radius_mm = 200;
  lines = {10, 60, 120};
  shift_lines(a, lines);
  // 2 * 0.1 / 200 = 1 mrad = 0.0572958 degrees, times cos 5, cos 30, cos 60 degrees.
  EXPECT_NEAR(lines[0], 10 - 0.0572958 * 0.9961947, 1e-7);
  EXPECT_NEAR(lines[1], 60 - 0.0572958 * 0.8660254, 1e-7);
  EXPECT_NEAR(lines[2], 120 - 0.0572958 * 0.5, 1e-7);
}

TEST(Measurement, BackgroundHasItsHeights) {
  const Grid grid;
  const auto pattern = some_pattern(grid);
  const float largest = *std::ranges::max_element(pattern);
  Artefacts a;
  a.background_height = 0.2, a.background_order = 1, a.background_shape[1] = -3;
  auto with = pattern;
  add_background(a, grid, with);
  // A falling line: 20 % at the first bin, nothing at the last.
  for (const std::size_t i : {std::size_t{0}, std::size_t{511}, std::size_t{1023}})
    EXPECT_NEAR(with[i] - pattern[i], 0.2 * largest * (1 - static_cast<double>(i) / 1023), 1e-6);
  a.background_order = 4, a.background_shape = {};
  a.background_shape[4] = 1;  // T4 = 8 x^4 - 8 x^2 + 1, from -1 to 1
  with = pattern;
  add_background(a, grid, with);
  double low = 1, high = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const double x = (2.0 * static_cast<double>(i) + 1) / 1024 - 1, added = with[i] - pattern[i];
    ASSERT_NEAR(added, 0.1 * largest * (8 * x * x * x * x - 8 * x * x + 2), 1e-3);
    low = std::min(low, added), high = std::max(high, added);
  }
  EXPECT_NEAR(low, 0, 1e-6);
  EXPECT_NEAR(high, 0.2 * largest, 1e-6);
  a = Artefacts{};
  a.background_height = 0.1;
  with = pattern;
  add_background(a, grid, with);
  EXPECT_NEAR(with[700] - pattern[700], 0.1 * largest, 1e-6);  // order 0 is flat
  a = Artefacts{};
  a.hump_height = 0.3, a.hump_centre_deg = grid.centre_deg(300), a.hump_fwhm_deg = 20 * grid.step_deg();
  with = pattern;
  add_background(a, grid, with);
  EXPECT_NEAR(with[300] - pattern[300], 0.3 * largest, 1e-6);
  EXPECT_NEAR(with[310] - pattern[310], 0.15 * largest, 1e-6);
  std::vector<float> empty(1024, 0.0F);
  add_background(a, grid, empty);
  EXPECT_EQ(sum_of(empty), 0);
}

TEST(Measurement, DetectorKeepsAreasAndAverages) {
  const Grid grid{0, 12, 12};
  std::vector<float> pattern = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  std::vector<double> scratch;
  Artefacts a;
  a.detector_step_deg = 3;
  resample_detector(a, grid, pattern, scratch);
  EXPECT_EQ(pattern, (std::vector<float>{2, 2, 2, 5, 5, 5, 8, 8, 8, 11, 11, 11}));
  pattern = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  a.detector_step_deg = 2.5;
  resample_detector(a, grid, pattern, scratch);
  const double means[5] = {(1 + 2 + 1.5) / 2.5, (1.5 + 4 + 5) / 2.5, (6 + 7 + 4) / 2.5, (4 + 9 + 10) / 2.5, (11 + 12) / 2.0};
  EXPECT_NEAR(pattern[0], means[0], 1e-6);
  EXPECT_NEAR(pattern[2], (means[0] + means[1]) / 2, 1e-6);
  EXPECT_NEAR(pattern[6], means[2], 1e-6);
  EXPECT_NEAR(pattern[11], means[4], 1e-6);
  EXPECT_NEAR(sum_of(pattern), 78, 1e-5);
  const Grid fine;
  auto peaks = some_pattern(fine);
  const double area = sum_of(peaks);
  a.detector_step_deg = 0.23;
  resample_detector(a, fine, peaks, scratch);
  EXPECT_NEAR(sum_of(peaks), area, 1e-4);
  a.detector_step_deg = fine.step_deg();
  const auto once = peaks;
  resample_detector(a, fine, peaks, scratch);
  EXPECT_EQ(peaks, once);
}

TEST(Measurement, PoissonHasItsMomentsAndDistribution) {
  for (const double mean : {0.05, 0.7, 4.0, 29.0, 30.5, 47.0, 300.0, 1e5}) {
    PoissonSampler poisson({11, Purpose::first_artefact, 1, static_cast<std::uint64_t>(mean * 100)});
    const int draws = mean == 30.5 ? 12'000'000 : 1'000'000;  // there the 1/12 taken off the variance is 0.27 %
    double sum = 0, squares = 0, cubes = 0;
    int below = 0;  // at or below the mean less one standard deviation
    const double edge = std::floor(mean - std::sqrt(mean));
    for (int i = 0; i < draws; ++i) {
      const double value = poisson(mean);
      ASSERT_TRUE(value >= 0 && value == std::floor(value));
      const double d = value - mean;
      sum += d, squares += d * d, cubes += d * d * d;
      below += value <= edge;
    }
    const double offset = sum / draws, variance = squares / draws - offset * offset;
    EXPECT_NEAR(offset, 0, 5 * std::sqrt(mean / draws)) << mean;
    EXPECT_NEAR(variance / mean, 1, 5 * std::sqrt((2 + 1 / mean) / draws)) << mean;
    EXPECT_NEAR(cubes / draws / mean, 1, 5 * std::sqrt((15 * mean + 25 + 1 / mean) / draws)) << mean;  // third central moment
    double probability = 0;
    for (double k = 0; k <= edge; ++k) probability += std::exp(k * std::log(mean) - mean - std::lgamma(k + 1));
    EXPECT_NEAR(static_cast<double>(below) / draws, probability, 5 * std::sqrt(std::max(probability, 1e-6) / draws)) << mean;
  }
  PoissonSampler poisson({1, Purpose::first_artefact, 1, 1});
  EXPECT_EQ(poisson(0), 0);
  EXPECT_EQ(poisson(-3), 0);
}

TEST(Measurement, CountsScatterAsTheirSquareRoot) {
  Artefacts a;
  a.seed = 5, a.epoch = 1, a.sample = 9, a.counts = 400;
  std::vector<float> flat(100'000, 2.5F);
  count_photons(a, flat);
  double sum = 0, squares = 0;
  for (const float value : flat) {
    const double counted = value / 2.5 * 400;
    ASSERT_NEAR(counted, std::nearbyint(counted), 1e-3);
    sum += counted, squares += counted * counted;
  }
  const double mean = sum / 1e5;
  EXPECT_NEAR(mean, 400, 0.4);
  EXPECT_NEAR(squares / 1e5 - mean * mean, 400, 10);
  std::vector<float> again(100'000, 2.5F), other = again;
  count_photons(a, again);
  EXPECT_EQ(again, flat);
  a.sample = 10;
  count_photons(a, other);
  EXPECT_NE(other, flat);
  std::vector<float> nothing(10, 0.0F);
  count_photons(a, nothing);
  EXPECT_EQ(sum_of(nothing), 0);
}

TEST(Measurement, MissingEndsAreHiddenAndSaid) {
  const Grid grid{10, 20, 10};
  std::vector<float> pattern(10, 1.0F);
  std::vector<std::uint8_t> seen(10);
  Artefacts a;
  a.missing_low_deg = 2, a.missing_high_deg = 3.4;
  hide_missing_ends(a, grid, pattern, seen);
  EXPECT_EQ(seen, (std::vector<std::uint8_t>{0, 0, 1, 1, 1, 1, 1, 0, 0, 0}));
  EXPECT_EQ(pattern, (std::vector<float>{0, 0, 1, 1, 1, 1, 1, 0, 0, 0}));
  a.missing_low_deg = 8;
  EXPECT_THROW(hide_missing_ends(a, grid, pattern, seen), ConfigError);
  seen.resize(9);
  EXPECT_THROW(hide_missing_ends(Artefacts{}, grid, pattern, seen), ConfigError);
  std::vector<double> scratch;
  EXPECT_THROW(add_background(a, Grid{}, pattern), ConfigError);
  EXPECT_THROW(resample_detector(a, Grid{}, pattern, scratch), ConfigError);
}

}  // namespace
}  // namespace xxact::xrd
