// Which datasets fit a node whole, and the windows of those that do not.
#include "io/load_plan.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace xxact::io {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30U;

TEST(LoadPlan, WhatFitsTheUsableShareIsHeldWhole) {
  const auto plan = plan_load(9 * kGib, 600, 20 * kGib);
  EXPECT_EQ(plan.mode, LoadMode::whole);
  EXPECT_EQ(plan.usable_bytes, 9 * kGib);
  EXPECT_EQ(plan.window_rows, static_cast<std::int64_t>(9 * kGib / 600));
  EXPECT_EQ(plan_load(9 * kGib + 1, 600, 20 * kGib).mode, LoadMode::streamed);
}

TEST(LoadPlan, TwoWindowsFillTheUsableShare) {
  const auto plan = plan_load(1000 * kGib, 512, 100 * kGib, 0.5);
  EXPECT_EQ(plan.mode, LoadMode::streamed);
  EXPECT_EQ(plan.window_rows, static_cast<std::int64_t>(25 * kGib / 512));
}

TEST(LoadPlan, AMachineHasMemoryAndNoMoreThanItsLimit) {
  const auto memory = memory_of_this_machine();
  EXPECT_GT(memory, kGib / 16);
  EXPECT_LE(memory, static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

TEST(LoadPlan, MemoryInUseIsNotAvailable) {
  constexpr std::size_t kBytes = std::size_t{256} << 20U;
  const auto before = memory_available();
  EXPECT_GT(before, kGib / 16);
  EXPECT_LE(before, memory_of_this_machine());
  if (before < 4 * kBytes) GTEST_SKIP() << "too little memory to take a quarter GiB of it";
  // Other programs come and go meanwhile: one try of many that shows it will do.
  bool shown = false;
  for (int attempt = 0; attempt < 20 && !shown; ++attempt) {
    const auto free = memory_available();
    std::vector<char> taken(kBytes);
    for (std::size_t i = 0; i < taken.size(); i += 4096) taken[i] = 1;
    shown = memory_available() + kBytes / 2 < free;
  }
  EXPECT_TRUE(shown);
}

TEST(LoadPlan, OddCasesHaveAPlan) {
  EXPECT_EQ(plan_load(0, 0, kGib).mode, LoadMode::whole);
  EXPECT_EQ(plan_load(0, 0, kGib).window_rows, 0);
  EXPECT_EQ(plan_load(kGib, 1e9, 1000).window_rows, 1);
}

}  // namespace
}  // namespace xxact::io
