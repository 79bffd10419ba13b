// The distribution of a band gap, of one model and of several, against draws from it.
#include "pipeline/gap_mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "src/base/counter_random.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::size_t kDraws = 200'000;

/// Sorted gaps; of several distributions as many of each.
std::vector<double> draws(const std::vector<GapMixture>& gaps) {
  CounterRandom random(11, Purpose::bootstrap, 0, 0);
  std::vector<double> drawn;
  while (drawn.size() < kDraws)
    for (const auto& gap : gaps) {
      const bool none = random.uniform() < gap.metal;
      const double side = random.uniform() - 0.5;
      const double laplace = gap.mean - gap.std / std::sqrt(2.0) * std::copysign(std::log(1 - 2 * std::abs(side)), side);
      drawn.push_back(none ? 0 : std::max(laplace, 0.0));
    }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

double mean_square_from(const std::vector<double>& gaps, double x) {
  double sum = 0;
  for (const double gap : gaps) sum += (gap - x) * (gap - x);
  return sum / static_cast<double>(gaps.size());
}

const std::vector<std::vector<GapMixture>> kCases = {{{0.0, 2.0, 0.5}}, {{0.2, 0.3, 0.6}}, {{0.45, 2.0, 0.5}}, {{0.3, -0.2, 0.6}}, {{0.9, 1.0, 0.1}, {0.3, 2.0, 0.4}}, {{0.0, 1.0, 0.1}, {0.0, 3.0, 0.1}, {0.1, 3.1, 0.5}}};

TEST(GapMixture, QuantilesAndSquaresAreThoseOfDraws) {
  for (const auto& gaps : kCases) {
    const auto drawn = draws(gaps);
    for (const double probability : {0.05, 0.3, 0.5, 0.6, 0.95}) {
      const auto place = [&](double p) { return drawn[static_cast<std::size_t>(p * static_cast<double>(drawn.size()))]; };
      const double said = quantile(gaps, probability);
      EXPECT_GE(said, place(probability - 0.005) - 1e-9) << gaps.size() << " " << probability;
      EXPECT_LE(said, place(probability + 0.005) + 1e-9) << gaps.size() << " " << probability;
    }
    for (const double x : {0.0, 0.7, 2.0}) EXPECT_NEAR(squared_difference(gaps, x), mean_square_from(drawn, x), 0.02 * mean_square_from(drawn, x)) << gaps.size() << " " << x;
  }
}

TEST(GapMixture, AMetalAsLikelyAsNotIsOneAlsoToSeveralModels) {
  const auto median = [](const std::vector<GapMixture>& gaps) { return quantile(gaps, 0.5); };
  EXPECT_EQ(median({{0.5, 3.0, 0.1}}), 0.0);
  EXPECT_EQ(median({{1.0, 3.0, 0.1}}), 0.0);
  EXPECT_NEAR(median({{0.0, 3.0, 0.1}}), 3.0, 1e-12);
  EXPECT_EQ(median({{0.9, 3.0, 0.1}, {0.3, 2.0, 0.1}}), 0.0) << "six in ten say that there is none";
  EXPECT_EQ(squared_difference(std::vector<GapMixture>{{1.0, 3.0, 0.1}}, 0), 0.0);
}

TEST(GapMixture, WhatIsNoNumberStaysNone) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  for (const auto& gap : {GapMixture{unknown, 1, 1}, GapMixture{0.3, unknown, 1}, GapMixture{0.3, 1, unknown}}) {
    EXPECT_TRUE(std::isnan(quantile(std::span(&gap, 1), 0.5)));
    EXPECT_TRUE(std::isnan(quantile(std::vector<GapMixture>{gap, {0.1, 2, 1}}, 0.5)));
  }
}

TEST(GapMixture, AnIntervalOfItsEccentricityHoldsAGapAndANarrowerOneDoesNot) {
  for (const auto& gaps : kCases) {
    if (gaps.size() > 1) continue;
    for (const double x : {0.0, 0.1, 0.5, 1.9, 3.0}) {
      const double away = eccentricity(gaps[0], x);
      EXPECT_LE(quantile(gaps, 0.5 - away), x + 1e-9);
      EXPECT_GE(quantile(gaps, std::min(0.5 + away, 1 - 1e-12)), x - 1e-9);
      if (away < 1e-3) continue;
      const bool holds = quantile(gaps, 0.5 - away + 1e-3) <= x && x <= quantile(gaps, 0.5 + away - 1e-3);
      EXPECT_FALSE(holds) << gaps[0].metal << " " << x;
    }
  }
}

}  // namespace
}  // namespace xxact::pipeline
