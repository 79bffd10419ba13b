// Intervals of power laws: how often they cover the truth, what they foretell, what they say where the runs cannot tell.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "pipeline/scaling_law/statistics.hpp"
#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"

namespace xxact::scaling_law {
namespace {

/// `sizes` sizes over a factor, `seeds` runs of each.
std::vector<RunLoss> design(int sizes, int seeds, double factor) {
  std::vector<RunLoss> runs;
  for (int i = 0; i < sizes; ++i)
    for (int seed = 0; seed < seeds; ++seed) runs.push_back({230 * std::pow(factor, static_cast<double>(i) / (sizes - 1)), 0});
  return runs;
}

std::vector<RunLoss> simulated(const PowerLaw& law, double noise, std::vector<RunLoss> runs, std::uint64_t seed) {
  CounterRandom random(seed, Purpose::bootstrap, 0, 7);
  for (auto& run : runs) run.loss = law({&run.size, 1}) * std::exp(noise * static_cast<double>(random.normal()));
  return runs;
}

StatisticsOptions plain(int bootstrap = 0) { return {0.95, bootstrap, 1, 2}; }

struct Case {
  const char* name;
  PowerLaw law;
  double noise, factor;
  bool floor;
};

// The floors are about a half of the loss at the largest size.
const Case kCases[] = {{"no floor, 0.335, 2 %", {{0.7}, {0.335}, 0}, 0.02, 32, false}, {"no floor, 0.046, 5 %", {{0.14}, {0.046}, 0}, 0.05, 32, false},
                       {"floor, 0.5, 1 %, factor 32", {{2}, {0.5}, 0.025}, 0.01, 32, true},  {"floor, 0.5, 3 %, factor 32", {{2}, {0.5}, 0.025}, 0.03, 32, true},
                       {"floor, 0.335, 2 %, factor 1000", {{1.4}, {0.335}, 0.02}, 0.02, 1000, true}};

TEST(ScalingStatistics, IntervalsCoverTheTruthAsOftenAsTheySay) {
  for (const auto& c : kCases) {
    const auto coverage = measure_coverage(c.law, c.noise, design(8, 5, c.factor), c.floor, 1000, plain());
    EXPECT_GE(coverage.exponent, 0.93) << c.name;
    EXPECT_LE(coverage.exponent, 0.97) << c.name;
    if (c.floor) {
      EXPECT_GE(coverage.floor, 0.93) << c.name;
      EXPECT_LE(coverage.floor, 0.97) << c.name;
    }
    const auto few = measure_coverage(c.law, c.noise, design(6, 3, c.factor), c.floor, 1000, plain());
    std::cout << c.name << ": 8 x 5: exponent " << coverage.exponent << ", floor " << coverage.floor << "; 6 x 3: exponent " << few.exponent << ", floor " << few.floor << "\n";
  }
}

TEST(ScalingStatistics, WithoutFloorTheIntervalIsThatOfALine) {
  // Least squares of log loss on log size: slope and its t-interval in closed form. No residual is beyond Huber's threshold, so both are the same.
  auto runs = design(6, 3, 32);
  const PowerLaw law{{0.7}, {0.335}, 0};
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i].loss = law({&runs[i].size, 1}) * std::exp(i % 2 == 0 ? 0.02 : -0.02);
  const auto statistics = law_statistics(runs, false, plain());
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0, rss = 0;
  const auto n = static_cast<double>(runs.size());
  for (const auto& run : runs) mean_x += std::log(run.size) / n, mean_y += std::log(run.loss) / n;
  for (const auto& run : runs) xx += std::pow(std::log(run.size) - mean_x, 2), xy += (std::log(run.size) - mean_x) * (std::log(run.loss) - mean_y);
  const double slope = xy / xx;
  for (const auto& run : runs) rss += std::pow(std::log(run.loss) - mean_y - slope * (std::log(run.size) - mean_x), 2);
  const double half = 2.1199052992 * std::sqrt(rss / (n - 2) / xx);  // t, 0.975, 16 degrees of freedom
  EXPECT_NEAR(statistics.fit.law.exponent[0], -slope, 1e-6);
  EXPECT_NEAR(statistics.exponent.low, -slope - half, 1e-3 * half + 1e-5);
  EXPECT_NEAR(statistics.exponent.high, -slope + half, 1e-3 * half + 1e-5);
  EXPECT_NEAR(statistics.noise, std::sqrt(rss / (n - 2)), 1e-6);
  EXPECT_NEAR(statistics.aicc, n * std::log(rss / n) + 6 + 24 / (n - 4), 1e-5);
  // The band at the mean is that of a mean.
  const auto band = band_at(statistics, runs, std::exp(mean_x), 0.95);
  EXPECT_NEAR(std::log(band.interval.high / band.loss), 2.1199052992 * std::sqrt(rss / (n - 2) / n), 1e-5);
  EXPECT_NEAR(std::log(band.loss), mean_y, 1e-6);
}

TEST(ScalingStatistics, AiccTellsAFloorFromNone) {
  int right_with = 0, right_without = 0;
  constexpr int kStudies = 40;
  for (int i = 0; i < kStudies; ++i) {
    const auto preferred = [&](const PowerLaw& law) {
      const auto runs = simulated(law, 0.02, design(8, 5, 32), static_cast<std::uint64_t>(i));
      return law_statistics(runs, true, plain()).aicc < law_statistics(runs, false, plain()).aicc;
    };
    right_with += preferred({{2}, {0.5}, 0.025}) ? 1 : 0;
    right_without += preferred({{2}, {0.5}, 0}) ? 0 : 1;
  }
  EXPECT_GE(right_with, kStudies * 9 / 10);
  EXPECT_GE(right_without, kStudies * 7 / 10);
}

TEST(ScalingStatistics, SaysWhereTheRunsCannotTell) {
  // Over a factor of 2, with much noise, a floor and an exponent cannot be told apart.
  const auto runs = simulated({{2}, {0.5}, 0.5}, 0.1, design(4, 3, 2), 5);
  const auto with_floor = law_statistics(runs, true, plain());
  EXPECT_TRUE(std::isinf(with_floor.exponent.high)) << with_floor.exponent.high;
  EXPECT_EQ(with_floor.floor.low, 0);
}

TEST(ScalingStatistics, HowMuchDataForALoss) {
  const PowerLaw law{{2}, {0.5}, 0.025};
  const auto runs = simulated(law, 0.01, design(8, 5, 32), 3);
  const auto statistics = law_statistics(runs, true, plain());
  const double wanted = 0.04, truth = std::pow((wanted - law.floor) / 2, -2.0);
  const auto answer = size_for(statistics, runs, wanted, 0.95);
  EXPECT_LT(answer.interval.low, answer.size);
  EXPECT_GT(answer.interval.high, answer.size);
  EXPECT_LT(answer.interval.low, truth);
  EXPECT_GT(answer.interval.high, truth);
  const double size = answer.size;
  EXPECT_NEAR(statistics.fit.law({&size, 1}), wanted, 1e-9);
  const auto never = size_for(statistics, runs, 0.9 * statistics.floor.low, 0.95);
  EXPECT_TRUE(std::isinf(never.size));
  EXPECT_TRUE(std::isinf(never.interval.high));
  EXPECT_THROW(size_for(statistics, runs, 0, 0.95), ConfigError);
}

TEST(ScalingStatistics, TheLargestSizeIsForetold) {
  const PowerLaw law{{2}, {0.5}, 0.025};
  const auto runs = simulated(law, 1e-4, design(8, 2, 32), 3);
  EXPECT_NEAR(law_statistics(runs, true, plain()).extrapolation_error, 0, 2e-3);
  EXPECT_LT(law_statistics(runs, false, plain()).extrapolation_error, -0.02) << "a law without floor falls on";
}

TEST(ScalingStatistics, TheBootstrapIsTheSameOnAnyThreads) {
  const auto runs = simulated({{0.7}, {0.335}, 0}, 0.02, design(6, 3, 32), 3);
  const auto one = law_statistics(runs, false, {0.95, 200, 1, 1}), two = law_statistics(runs, false, {0.95, 200, 1, 3});
  EXPECT_EQ(one.exponent_bootstrap.low, two.exponent_bootstrap.low);
  EXPECT_LT(one.exponent_bootstrap.low, one.fit.law.exponent[0]);
  EXPECT_GT(one.exponent_bootstrap.high, one.fit.law.exponent[0]);
  EXPECT_LT(one.exponent_bootstrap.high - one.exponent_bootstrap.low, 2 * (one.exponent.high - one.exponent.low));
}

TEST(ScalingStatistics, ADifferenceHasBothIntervalsInIt) {
  const auto d = difference(0.5, {0.4, 0.7}, 0.2, {0.15, 0.23});
  EXPECT_NEAR(d.value, 0.3, 1e-12);
  EXPECT_NEAR(d.interval.low, 0.3 - std::hypot(0.1, 0.03), 1e-12);
  EXPECT_NEAR(d.interval.high, 0.3 + std::hypot(0.2, 0.05), 1e-12);
  EXPECT_TRUE(std::isinf(difference(0.5, {0.4, INFINITY}, 0.2, {0.1, 0.3}).interval.high));
}

}  // namespace
}  // namespace xxact::scaling_law
