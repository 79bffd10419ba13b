// The learning rate schedule against the peer's formula written out and its landmarks.
#include <gtest/gtest.h>

#include <cmath>

#include "model/schedule.hpp"
#include "src/base/error.hpp"

namespace xxact::model {
namespace {

/// Of batches of `batch` samples.
double rate_of_step(std::int64_t step, std::int64_t steps, std::int64_t warmup_steps, double peak, std::int64_t batch = 1) {
  return learning_rate(step * batch, (step + 1) * batch, steps * batch, warmup_steps * batch, peak);
}

double peers(std::int64_t it, std::int64_t total, std::int64_t warm, double peak) {
  if (it < warm) return peak * std::min(1.0, (it + 1.0) / warm);
  return peak * 0.5 * (1 + std::cos(M_PI * static_cast<double>(it - warm) / std::max<double>(1.0, static_cast<double>(total - warm))));
}

TEST(LearningRate, FollowsThePeersFormulaAtEveryStep) {
  for (const std::int64_t warm : {1, 7, 100, 250})
    for (std::int64_t step = 0; step < 250; ++step) {
      EXPECT_NEAR(rate_of_step(step, 250, warm, 2e-3), peers(step, 250, warm, 2e-3), 1e-18) << warm << " " << step;
      EXPECT_EQ(rate_of_step(step, 250, warm, 2e-3), rate_of_step(step, 250, warm, 2e-3, 32768)) << "to the last bit";
    }
}

TEST(LearningRate, RisesLinearlyToThePeakThenFallsToZero) {
  EXPECT_DOUBLE_EQ(rate_of_step(0, 100, 10, 1.0), 0.1);
  EXPECT_DOUBLE_EQ(rate_of_step(9, 100, 10, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(rate_of_step(10, 100, 10, 1.0), 1.0);
  EXPECT_NEAR(rate_of_step(55, 100, 10, 1.0), 0.5, 1e-15);
  EXPECT_EQ(rate_of_step(100, 100, 10, 1.0), 0.0);
  EXPECT_EQ(rate_of_step(5000, 100, 10, 1.0), 0.0);
  EXPECT_DOUBLE_EQ(rate_of_step(0, 1, 0, 1.0), 1.0);
}

TEST(LearningRate, FollowsSamplesWhereBatchesGrow) {
  // 400 samples, the first 100 warm-up: a step that takes more of them goes further.
  EXPECT_DOUBLE_EQ(learning_rate(0, 20, 400, 100, 1.0), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate(20, 60, 400, 100, 1.0), 0.6);
  EXPECT_DOUBLE_EQ(learning_rate(60, 140, 400, 100, 1.0), 1.0) << "never above the peak";
  EXPECT_NEAR(learning_rate(250, 330, 400, 100, 1.0), 0.5, 1e-15);
}

TEST(LearningRate, RefusesImpossibleLengths) {
  EXPECT_THROW(rate_of_step(0, 0, 0, 1.0), ConfigError);
  EXPECT_THROW(rate_of_step(0, 10, -1, 1.0), ConfigError);
}

}  // namespace
}  // namespace xxact::model
