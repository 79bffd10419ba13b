// The loader hands batches out in order, whatever thread built them, and passes on what a thread threw.
#include <gtest/gtest.h>

#include <sched.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "pipeline/device.hpp"
#include "pipeline/loader.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

std::vector<BatchBuilder> idle_builders(const RunConfig& config, const Standardisation& standardisation, int count) {
  std::vector<BatchBuilder> builders;
  for (int i = 0; i < count; ++i) builders.emplace_back(config, standardisation, Augmentation::off);
  return builders;
}

class LoaderTest : public testing::Test {
 protected:
  RunConfig config_;
  Standardisation standardisation_;
};

void number(Batch& batch, std::int64_t ticket) { batch.samples = {{nullptr, nullptr, ticket, 0, ticket}}; }

LoaderPlan of_depth(std::int64_t depth) { return {1, depth, {}, false}; }

TEST_F(LoaderTest, DeliversInOrderFromManyThreads) {
  Loader loader(idle_builders(config_, standardisation_, 3), 200, of_depth(4), [](BatchBuilder&, std::int64_t ticket, Batch& batch) {
    std::this_thread::sleep_for(std::chrono::microseconds(ticket % 3 * 200));
    number(batch, ticket);
  });
  for (std::int64_t expected = 0; expected < 200; ++expected) {
    const Batch* batch = loader.next();
    ASSERT_NE(batch, nullptr);
    ASSERT_EQ(batch->samples[0].row, expected);
  }
  EXPECT_EQ(loader.next(), nullptr);
}

TEST_F(LoaderTest, UsesItsBatchesAgain) {
  std::mutex mutex;
  std::set<const Batch*> seen;
  Loader loader(idle_builders(config_, standardisation_, 3), 500, of_depth(4), [&](BatchBuilder&, std::int64_t ticket, Batch& batch) {
    const std::lock_guard lock(mutex);
    seen.insert(&batch);
    number(batch, ticket);
  });
  for (const Batch* batch = loader.next(); batch != nullptr; batch = loader.next()) {
    const std::int64_t row = batch->samples[0].row;
    std::this_thread::yield();
    ASSERT_EQ(batch->samples[0].row, row) << "a batch in use was built anew";
  }
  EXPECT_LE(seen.size(), 5U);
}

TEST_F(LoaderTest, PassesOnAFailureAndEnds) {
  Loader loader(idle_builders(config_, standardisation_, 2), 10, of_depth(2), [](BatchBuilder&, std::int64_t ticket, Batch& batch) {
    if (ticket == 3) throw InputError("batch {} cannot be built", ticket);
    number(batch, ticket);
  });
  EXPECT_THROW(while (loader.next()) {}, InputError);
}

TEST_F(LoaderTest, CanBeLeftEarly) {
  Loader loader(idle_builders(config_, standardisation_, 2), 1000000, of_depth(3), [](BatchBuilder&, std::int64_t ticket, Batch& batch) { number(batch, ticket); });
  EXPECT_NE(loader.next(), nullptr);
}

TEST_F(LoaderTest, ThreadsRunOnTheCoresTheyAreGiven) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int last = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &allowed)) last = core;
  std::atomic<int> strays = 0;
  const LoaderPlan plan{2, 4, {last}, false};
  Loader loader(idle_builders(config_, standardisation_, 2), 300, plan, [&](BatchBuilder&, std::int64_t ticket, Batch& batch) {
    if (ticket > 100 && sched_getcpu() != last) ++strays;  // bound soon after it starts
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    number(batch, ticket);
  });
  while (loader.next() != nullptr) {}
  EXPECT_EQ(strays, 0);
  const LoaderPlan nowhere{1, 4, {CPU_SETSIZE - 1}, false};
  EXPECT_THROW(Loader(idle_builders(config_, standardisation_, 1), 1, nowhere, [](BatchBuilder&, std::int64_t, Batch&) {}), ConfigError);
}

TEST(ThreadPlan, IsAutomaticUnlessAskedFor) {
  ThreadRequest request{8, 0, 0, 0, LoaderAffinity::automatic, {0, 1, 2, 3, 4, 5, 6, 7}};
  auto plan = plan_threads(request, true);
  EXPECT_EQ(plan.loader.threads, 7);
  EXPECT_EQ(plan.loader.depth, 28);
  EXPECT_TRUE(plan.loader.pinned);
  EXPECT_EQ(plan.loader.cores, (std::vector<int>{7, 6, 5, 4, 3, 2, 1}));
  plan = plan_threads(request, false);
  EXPECT_EQ(plan.loader.threads, 2);
  EXPECT_TRUE(plan.loader.cores.empty());
  request.cores_per_rank = 4;  // two ranks see the same eight cores
  EXPECT_TRUE(plan_threads(request, true).loader.cores.empty());
  request.loader_depth = 3;
  request.affinity = LoaderAffinity::cores;
  plan = plan_threads(request, false);
  EXPECT_EQ(plan.loader.depth, 3);
  EXPECT_EQ(plan.loader.cores.front(), 7);
  EXPECT_THROW(parse_loader_affinity("all"), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
