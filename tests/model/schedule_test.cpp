// The learning rate schedule against the peer's formula written out and its landmarks.
#include <gtest/gtest.h>

#include <cmath>

#include "model/schedule.hpp"
#include "src/base/error.hpp"

namespace xxact::model {
namespace {

double peers(std::int64_t it, std::int64_t total, std::int64_t warm, double peak) {
  if (it < warm) return peak * std::min(1.0, (it + 1.0) / warm);
  return peak * 0.5 * (1 + std::cos(M_PI * static_cast<double>(it - warm) / std::max<double>(1.0, static_cast<double>(total - warm))));
}

TEST(LearningRate, FollowsThePeersFormulaAtEveryStep) {
  for (const std::int64_t warm : {1, 7, 100, 250})
    for (std::int64_t step = 0; step < 250; ++step)
      EXPECT_NEAR(learning_rate(step, 250, warm, 2e-3), peers(step, 250, warm, 2e-3), 1e-18) << warm << " " << step;
}

TEST(LearningRate, RisesLinearlyToThePeakThenFallsToZero) {
  EXPECT_DOUBLE_EQ(learning_rate(0, 100, 10, 1.0), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate(9, 100, 10, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(10, 100, 10, 1.0), 1.0);
  EXPECT_NEAR(learning_rate(55, 100, 10, 1.0), 0.5, 1e-15);
  EXPECT_EQ(learning_rate(100, 100, 10, 1.0), 0.0);
  EXPECT_EQ(learning_rate(5000, 100, 10, 1.0), 0.0);
  EXPECT_DOUBLE_EQ(learning_rate(0, 1, 0, 1.0), 1.0);
}

TEST(LearningRate, RefusesImpossibleLengths) {
  EXPECT_THROW(learning_rate(0, 0, 0, 1.0), ConfigError);
  EXPECT_THROW(learning_rate(0, 10, -1, 1.0), ConfigError);
}

}  // namespace
}  // namespace xxact::model
