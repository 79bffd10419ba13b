// The number that a mixture of metals and gaps is predicted as: the one with the least expected absolute error.
#include "pipeline/gap_mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/base/counter_random.hpp"

namespace xxact::pipeline {
namespace {

/// Mean absolute and squared differences of draws from `value`.
std::pair<double, double> differences(double metal, double mean, double std, double value) {
  CounterRandom random(11, Purpose::bootstrap, 0, 0);
  double absolute = 0, squared = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    const bool none = random.uniform() < metal;
    const double side = random.uniform() - 0.5;
    const double laplace = mean - std / std::sqrt(2.0) * std::copysign(std::log(1 - 2 * std::abs(side)), side);
    const double gap = none ? 0 : laplace;
    absolute += std::abs(std::max(gap, 0.0) - value);
    squared += (gap - value) * (gap - value);
  }
  return {absolute / kDraws, squared / kDraws};
}

TEST(GapMixture, TheMedianHasTheLeastExpectedError) {
  for (const double metal : {0.0, 0.2, 0.45})
    for (const auto& [mean, std] : {std::pair{2.0, 0.5}, std::pair{0.3, 0.6}}) {
      const auto said = median_of_mixture(metal, mean, std);
      const auto [absolute, squared] = differences(metal, mean, std, said.median);
      for (const double away : {-0.1, 0.1}) EXPECT_LT(absolute, differences(metal, mean, std, std::max(said.median + away, 0.0)).first + 1e-12 + (said.median + away < 0 ? 1 : 0)) << metal << " " << mean << " " << away;
      EXPECT_NEAR(said.deviation, std::sqrt(squared), 0.02 * said.deviation);
    }
}

TEST(GapMixture, AMetalAsLikelyAsNotIsOne) {
  EXPECT_EQ(median_of_mixture(0.5, 3.0, 0.1).median, 0.0);
  EXPECT_EQ(median_of_mixture(1.0, 3.0, 0.1).median, 0.0);
  EXPECT_NEAR(median_of_mixture(0.0, 3.0, 0.1).median, 3.0, 1e-12);
  EXPECT_NEAR(median_of_mixture(1.0, 3.0, 0.1).deviation, 0.0, 1e-12);
}

}  // namespace
}  // namespace xxact::pipeline
