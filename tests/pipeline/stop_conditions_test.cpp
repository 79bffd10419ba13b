// When a training stops early: against made-up clocks.
#include "pipeline/stop_conditions.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr StopConditions::Clock::time_point kStart{seconds(1'000'000)};

TEST(StopConditions, TimeForTwoOfTheLongestStepsIsKept) {
  StopConditions stop(scratch("STOP"), sys_seconds(seconds(1'000'100)), seconds(30), true);
  EXPECT_EQ(stop.vote(kStart)[StopConditions::kEnd], 0);
  EXPECT_EQ(stop.vote(kStart + seconds(10))[StopConditions::kEnd], 0);  // steps of 10 s: 10 + 20 < 100 - 30
  EXPECT_EQ(stop.vote(kStart + seconds(12))[StopConditions::kEnd], 0);
  EXPECT_EQ(stop.vote(kStart + seconds(22))[StopConditions::kEnd], 0);
  EXPECT_EQ(stop.vote(kStart + seconds(32))[StopConditions::kEnd], 0);
  EXPECT_EQ(stop.vote(kStart + milliseconds(49'999))[StopConditions::kEnd], 1);  // that step took 18 s
}

TEST(StopConditions, WithoutAnEndTheyNeverStop) {
  StopConditions stop(scratch("STOP"), std::nullopt, seconds(30), true);
  EXPECT_EQ(stop.vote(kStart + seconds(1'000'000'000)), StopConditions::Votes{});
  EXPECT_EQ(stop.reason({}), "");
}

TEST(StopConditions, OnlyTheRootLooksAtFileAndClock) {
  std::ofstream(scratch("STOP")) << "now";
  StopConditions other(scratch("STOP"), sys_seconds(seconds(1)), seconds(30), false);
  EXPECT_EQ(other.vote(kStart), StopConditions::Votes{});
  EXPECT_NE(other.reason({0, 1, 0}).find("STOP was there"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(scratch("STOP")));
  StopConditions root(scratch("STOP"), sys_seconds(seconds(1)), seconds(30), true);
  EXPECT_EQ(root.vote(kStart), (StopConditions::Votes{0, 1, 1}));
  // Not looked at again within a second.
  EXPECT_EQ(root.vote(kStart + milliseconds(500))[StopConditions::kFile], 0);
  EXPECT_EQ(root.vote(kStart + milliseconds(1000))[StopConditions::kFile], 1);
  EXPECT_NE(root.reason({0, 1, 1}).find("STOP was there"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(scratch("STOP")));
}

TEST(StopConditions, TheJobFileKnowsBetterThanSlurm) {
  ::unsetenv("XXACT_JOB_END_TIME");
  ::unsetenv("SLURM_JOB_END_TIME");
  EXPECT_EQ(end_of_allocation(), std::nullopt);
  ::setenv("SLURM_JOB_END_TIME", "1770000000", 1);
  EXPECT_EQ(end_of_allocation(), sys_seconds(seconds(1'770'000'000)));
  ::setenv("XXACT_JOB_END_TIME", "1760000000", 1);
  EXPECT_EQ(end_of_allocation(), sys_seconds(seconds(1'760'000'000)));
  for (const char* wrong : {"soon", "12x", "-5", "1.5"}) {
    ::setenv("XXACT_JOB_END_TIME", wrong, 1);
    EXPECT_THROW(end_of_allocation(), ConfigError) << wrong;
  }
  ::unsetenv("XXACT_JOB_END_TIME");
  ::unsetenv("SLURM_JOB_END_TIME");
}

}  // namespace
}  // namespace xxact::pipeline
