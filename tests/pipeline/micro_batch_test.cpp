// How micro-batches follow from memory, against cases worked out by hand.
#include "pipeline/micro_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

/// 100 bytes and 10 a sample; recomputed 60 and 1.
BatchMemory memory(bool recompute) { return recompute ? BatchMemory{60, 1} : BatchMemory{100, 10}; }

/// So many samples fit without recomputation.
MicroBatchRequest room_for(std::int64_t samples, std::int64_t share) {
  MicroBatchRequest request;
  request.available_bytes = 100 + 10 * static_cast<double>(samples) + 5;
  request.share = share;
  return request;
}

TEST(MicroBatch, WhatFitsIsCountedToTheByte) {
  EXPECT_EQ(memory(false).fitting(109), 0);
  EXPECT_EQ(memory(false).fitting(110), 1);
  EXPECT_EQ(memory(false).fitting(1099), 99);
  EXPECT_EQ(memory(false).fitting(-5), 0);
}

TEST(MicroBatch, ASharePassesInOneIfItFitsAndOtherwiseInEqualParts) {
  struct Case { std::int64_t fits, share, expected; };
  for (const auto& [fits, share, expected] : std::vector<Case>{{5000, 4096, 4096}, {3000, 4096, 2048}, {4095, 4096, 2048}, {1000, 1001, 504}, {300, 1000, 256}, {303, 909, 232},
                                                               {77, 77, 77}, {40, 41, 24}, {1000, 1, 1}, {1000, 0, 1}}) {
    auto request = room_for(fits, share);
    const auto plan = plan_micro_batch(memory, request);
    EXPECT_EQ(plan.samples, expected) << fits << " of " << share;
    EXPECT_FALSE(plan.recompute);
    request.recompute = Recompute::off;
    EXPECT_LE(plan.memory.bytes(plan.samples), std::max(request.available_bytes, 110.0)) << fits << " of " << share;
  }
  auto request = room_for(16, 17);
  request.recompute = Recompute::off;
  EXPECT_EQ(plan_micro_batch(memory, request).samples, 9) << "sizes up to 16 are free";
  request = room_for(9, 100);
  request.recompute = Recompute::off;
  EXPECT_EQ(plan_micro_batch(memory, request).samples, 9);
}

TEST(MicroBatch, AnyRoomAndShareGivePassesThatFitAndCoverTheShare) {
  for (std::int64_t share = 1; share < 700; share += 13)
    for (std::int64_t fits = 1; fits < 800; ++fits) {
      auto request = room_for(fits, share);
      request.recompute = Recompute::off;
      const auto size = plan_micro_batch(memory, request).samples;
      ASSERT_GE(size, 1);
      ASSERT_LE(size, std::min(fits, share)) << fits << " of " << share;
      ASSERT_TRUE(size <= 16 || size == share || size % 8 == 0) << size;
      // No more passes than the largest allowed size needs.
      const auto largest = fits > 16 && fits < share ? fits / 8 * 8 : std::min(fits, share);
      ASSERT_EQ((share + size - 1) / size, (share + largest - 1) / largest) << fits << " of " << share;
    }
}

TEST(MicroBatch, ACpuTakesNoMoreThanItsLimit) {
  auto request = room_for(100'000, 4000);
  request.most = kMostSamplesOnHost;
  EXPECT_EQ(plan_micro_batch(memory, request).samples, 1000);
  request.share = 1500;
  EXPECT_EQ(plan_micro_batch(memory, request).samples, 752);
}

TEST(MicroBatch, RecomputesWhenFewerThanAnEfficientNumberFits) {
  EXPECT_FALSE(plan_micro_batch(memory, room_for(kFewestSamples, 4096)).recompute);
  const auto few = plan_micro_batch(memory, room_for(kFewestSamples - 1, 4096));
  EXPECT_TRUE(few.recompute);
  // 100 + 310 + 5 - 60 = 355, of which 352 is the largest multiple of 8: 12 passes of 342.
  EXPECT_EQ(few.samples, 344);
  EXPECT_EQ(few.memory.sample_bytes, 1);
  EXPECT_FALSE(plan_micro_batch(memory, room_for(10, 10)).recompute) << "the whole share fits";
  auto request = room_for(10, 4096);
  request.recompute = Recompute::off;
  EXPECT_FALSE(plan_micro_batch(memory, request).recompute);
  request = room_for(5000, 4096);
  request.recompute = Recompute::on;
  EXPECT_TRUE(plan_micro_batch(memory, request).recompute);
}

TEST(MicroBatch, RecomputedPassesAreMeasuredOnlyWhenTheyMayBeNeeded) {
  std::vector<bool> asked;
  const auto asking = [&](bool recompute) {
    asked.push_back(recompute);
    return memory(recompute);
  };
  plan_micro_batch(asking, room_for(100, 4096));
  EXPECT_EQ(asked, std::vector<bool>{false});
  asked.clear();
  plan_micro_batch(asking, room_for(10, 4096));
  EXPECT_EQ(asked, (std::vector<bool>{false, true}));
}

TEST(MicroBatch, AGivenSizeIsTakenAsItIs) {
  auto request = room_for(100, 4096);
  request.given = 77;
  EXPECT_EQ(plan_micro_batch(memory, request).samples, 77);
  EXPECT_FALSE(plan_micro_batch(memory, request).recompute);
  request.given = 101;
  EXPECT_EQ(plan_micro_batch(memory, request).samples, 101);
  EXPECT_TRUE(plan_micro_batch(memory, request).recompute);
  request.given = 1'000'000;
  request.share = 100;
  EXPECT_FALSE(plan_micro_batch(memory, request).recompute) << "a pass has no more samples than the share";
}

TEST(MicroBatch, TooLittleMemoryIsAnErrorWithFigures) {
  MicroBatchRequest request;
  request.share = 8;
  request.available_bytes = 60;
  try {
    plan_micro_batch([](bool) { return BatchMemory{0x1p21, 0x1p22}; }, request);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("takes 2.0 MiB and 4.0 MiB a sample"), std::string::npos) << error.what();
  }
}

TEST(MicroBatch, TheLineIsThatOfLargeBatches) {
  std::vector<std::int64_t> sizes;
  // Weights' copies are the peak up to 10 samples.
  const auto peak = [&](std::int64_t samples) {
    sizes.push_back(samples);
    return std::max(1000.0 + 10.0 * static_cast<double>(samples), 110.0 * static_cast<double>(samples));
  };
  auto line = fit_batch_memory(peak, 4096, 1e9);
  EXPECT_DOUBLE_EQ(line.sample_bytes, 110);
  EXPECT_DOUBLE_EQ(line.fixed_bytes, 0);
  EXPECT_EQ(*std::ranges::max_element(sizes), 64);
  sizes.clear();
  line = fit_batch_memory(peak, 3, 1e9);
  EXPECT_DOUBLE_EQ(line.bytes(3), 1030);
  EXPECT_EQ(sizes.size(), 2U) << "no larger than needed";
  sizes.clear();
  fit_batch_memory(peak, 4096, 2000);
  EXPECT_EQ(*std::ranges::max_element(sizes), 16) << "110 times 16 fits 2000, 32 does not";
}

TEST(MicroBatch, RecomputeIsNamedStrictly) {
  EXPECT_EQ(parse_recompute("auto"), Recompute::automatic);
  EXPECT_EQ(parse_recompute("on"), Recompute::on);
  EXPECT_EQ(parse_recompute("off"), Recompute::off);
  EXPECT_THROW(parse_recompute("yes"), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
