// SNIP against backgrounds that are known: a straight line and a hump under Gaussian lines, with and without noise.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "pipeline/xrd/background.hpp"
#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kFwhm = 0.2;

double gaussian(double x, double centre, double fwhm) { return std::exp(-4 * std::numbers::ln2 * (x - centre) * (x - centre) / (fwhm * fwhm)); }
double straight(double x) { return 300 - 2 * x; }
double hump(double x) { return 100 + 400 * gaussian(x, 28, 14); }

/// Lines at 20, 30.3, 31 (a close pair), 45, 71 degrees.
double lines(double x) {
  double sum = 0;
  for (const auto& [centre, height] : {std::pair{20.0, 1000.0}, {30.3, 3000.0}, {31.0, 500.0}, {45.0, 5000.0}, {71.0, 200.0}}) sum += height * gaussian(x, centre, kFwhm);
  return sum;
}

struct Pattern {
  std::vector<double> x, y;
};

Pattern pattern_on(const std::function<double(double)>& background, double step = 0.02) {
  Pattern pattern;
  for (int i = 0; 10 + i * step <= 90; ++i) {
    pattern.x.push_back(10 + i * step);
    pattern.y.push_back(background(pattern.x.back()) + lines(pattern.x.back()));
  }
  return pattern;
}

double largest_error(const Pattern& pattern, const std::vector<double>& found, const std::function<double(double)>& background) {
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) largest = std::max(largest, std::abs(found[i] - background(pattern.x[i])));
  return largest;
}

/// Area of what is left between two angles.
double net_area(const Pattern& pattern, const std::vector<double>& background, double from, double to) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < pattern.x.size(); ++i)
    if (pattern.x[i] >= from && pattern.x[i] < to) sum += (pattern.y[i] - background[i]) * (pattern.x[i + 1] - pattern.x[i]);
  return sum;
}

double area_of_line(double height) { return height * kFwhm * std::sqrt(std::numbers::pi / (4 * std::numbers::ln2)); }

TEST(Snip, FindsAStraightLine) {
  const Pattern pattern = pattern_on(straight);
  const std::vector<double> found = snip_background(pattern.x, pattern.y, {});
  EXPECT_LE(largest_error(pattern, found, straight), 0.2) << "of 120 to 280";
}

TEST(Snip, FindsAHumpAndLeavesTheLines) {
  const Pattern pattern = pattern_on(hump);
  const std::vector<double> found = snip_background(pattern.x, pattern.y, {});
  EXPECT_LE(largest_error(pattern, found, hump), 0.06 * 400) << "at the top, 5 (1.5 / 14)^2 of the height is cut";
  EXPECT_NEAR(net_area(pattern, found, 44, 46), area_of_line(5000), 0.003 * area_of_line(5000));
  EXPECT_NEAR(net_area(pattern, found, 29, 32), area_of_line(3500), 0.1 * area_of_line(3500)) << "three degrees of the top of the hump";
}

TEST(Snip, DoesNotDependOnTheStep) {
  const Pattern coarse = pattern_on(hump, 0.04), fine = pattern_on(hump, 0.01);
  const std::vector<double> of_coarse = snip_background(coarse.x, coarse.y, {}), of_fine = snip_background(fine.x, fine.y, {});
  for (std::size_t i = 0; i < coarse.x.size(); ++i) ASSERT_NEAR(of_coarse[i], of_fine[4 * i], 3) << coarse.x[i];
}

TEST(Snip, OfNoiseLiesWithinIt) {
  Pattern pattern = pattern_on(straight);
  CounterRandom random(7, Purpose::strain, 0, 0);
  for (double& y : pattern.y) y += std::sqrt(y) * static_cast<double>(random.normal());
  const std::vector<double> found = snip_background(pattern.x, pattern.y, {});
  double bias = 0;
  for (std::size_t i = 0; i < found.size(); ++i) bias += (found[i] - straight(pattern.x[i])) / std::sqrt(straight(pattern.x[i]));
  bias /= static_cast<double>(found.size());
  EXPECT_LT(bias, 0);
  EXPECT_GT(bias, -0.7) << "in standard deviations of one point";
}

TEST(Snip, DoesNotDependOnTheUnitOfIntensities) {
  const Pattern pattern = pattern_on(hump);
  Pattern scaled = pattern;
  for (double& y : scaled.y) y *= 1e-4;
  const std::vector<double> found = snip_background(pattern.x, pattern.y, {}), of_scaled = snip_background(scaled.x, scaled.y, {});
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(of_scaled[i], found[i] * 1e-4, 1e-9 * found[i]);
}

TEST(Snip, TakesUnevenSteps) {
  Pattern pattern = pattern_on(hump);
  Pattern uneven;
  for (std::size_t i = 0; i < pattern.x.size(); ++i)
    if (i % 3 != 1 || pattern.x[i] > 50) uneven.x.push_back(pattern.x[i]), uneven.y.push_back(pattern.y[i]);
  EXPECT_LE(largest_error(uneven, snip_background(uneven.x, uneven.y, {}), hump), 0.06 * 400);
}

TEST(Snip, OfNothingIsNothing) {
  const std::vector<double> x = {1, 2, 3, 4}, dark = {0, 0, 0, 0}, negative = {-1, -2, -1, 0};
  EXPECT_EQ(snip_background(x, dark, {}), dark);
  EXPECT_EQ(snip_background(x, negative, {}), dark);
  EXPECT_TRUE(snip_background({}, {}, {}).empty());
  EXPECT_THROW(snip_background(x, dark, {.window_deg = 0}), ConfigError);
  EXPECT_THROW(snip_background(x, dark, {.smoothing_deg = -1}), ConfigError);
}

}  // namespace
}  // namespace xxact::xrd
