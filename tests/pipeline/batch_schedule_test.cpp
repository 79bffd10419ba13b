// Ramps of the batch size.
#include "pipeline/batch_schedule.hpp"

#include <gtest/gtest.h>

namespace xxact::pipeline {
namespace {

TEST(BatchSchedule, WithoutARampEveryBatchIsWhole) {
  const BatchSchedule plain(1000, 64, 1, 0);
  EXPECT_EQ(plain.steps(), 16) << "1000 / 64 = 15.6";
  EXPECT_EQ(plain.position(7), 448);
  EXPECT_EQ(plain.stages().size(), 1U);
  EXPECT_EQ(BatchSchedule(10, 64, 1, 0).steps(), 1);
}

TEST(BatchSchedule, DoublesInEqualSharesOfSamples) {
  // 300,000 of a million samples, a third each in batches of 100, 200, 400.
  const BatchSchedule ramp(1000000, 800, 100, 0.3);
  ASSERT_EQ(ramp.stages().size(), 4U);
  EXPECT_EQ(ramp.stages()[0].last_step, 1000);
  EXPECT_EQ(ramp.stages()[1].last_step, 1500);
  EXPECT_EQ(ramp.stages()[2].last_step, 1750);
  EXPECT_EQ(ramp.steps(), 1750 + 875);
  EXPECT_EQ(ramp.position(1000), 100000);
  EXPECT_EQ(ramp.position(1001), 100200);
  EXPECT_EQ(ramp.position(ramp.steps()), 1000000);
  EXPECT_EQ(ramp.stages()[ramp.stage_of(999)].batch, 100);
  EXPECT_EQ(ramp.stages()[ramp.stage_of(1000)].batch, 200);
  EXPECT_EQ(ramp.stages()[ramp.stage_of(ramp.steps())].batch, 800);
}

TEST(BatchSchedule, StepsFollowEachOtherWithoutGaps) {
  for (const double share : {0.0, 0.01, 0.5, 1.0})
    for (const std::int64_t samples : {700, 30000, 1234567}) {
      const BatchSchedule ramp(samples, 600, 37, share);
      for (std::int64_t step = 0; step < ramp.steps(); ++step)
        ASSERT_EQ(ramp.position(step + 1) - ramp.position(step), ramp.stages()[ramp.stage_of(step)].batch) << step << " of " << samples << ", " << share;
      EXPECT_NEAR(static_cast<double>(ramp.position(ramp.steps())), static_cast<double>(samples), 301);
    }
}

}  // namespace
}  // namespace xxact::pipeline
