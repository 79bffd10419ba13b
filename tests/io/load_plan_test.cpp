// Which datasets fit a node whole, and the windows of those that do not.
#include "io/load_plan.hpp"

#include <gtest/gtest.h>

namespace xxact::io {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30U;

TEST(LoadPlan, WhatFitsTheUsableShareIsHeldWhole) {
  const auto plan = plan_load(6 * kGib, 600, 10 * kGib);
  EXPECT_EQ(plan.mode, LoadMode::whole);
  EXPECT_EQ(plan.usable_bytes, 6 * kGib);
  EXPECT_EQ(plan.window_rows, static_cast<std::int64_t>(6 * kGib / 600));
  EXPECT_EQ(plan_load(6 * kGib + 1, 600, 10 * kGib).mode, LoadMode::streamed);
}

TEST(LoadPlan, TwoWindowsFillTheUsableShare) {
  const auto plan = plan_load(1000 * kGib, 512, 100 * kGib, 0.5);
  EXPECT_EQ(plan.mode, LoadMode::streamed);
  EXPECT_EQ(plan.window_rows, static_cast<std::int64_t>(25 * kGib / 512));
}

TEST(LoadPlan, OddCasesHaveAPlan) {
  EXPECT_EQ(plan_load(0, 0, kGib).mode, LoadMode::whole);
  EXPECT_EQ(plan_load(0, 0, kGib).window_rows, 0);
  EXPECT_EQ(plan_load(kGib, 1e9, 1000).window_rows, 1);
}

}  // namespace
}  // namespace xxact::io
