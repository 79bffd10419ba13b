// The loader hands batches out in order, whatever thread built them, and passes on what a thread threw.
#include <gtest/gtest.h>

#include <thread>

#include "pipeline/loader.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

std::vector<BatchBuilder> idle_builders(const io::Dataset& dataset, const RunConfig& config, const Standardisation& standardisation, int count) {
  std::vector<BatchBuilder> builders;
  for (int i = 0; i < count; ++i) builders.emplace_back(dataset, config, nullptr, standardisation, Augmentation::off);
  return builders;
}

class LoaderTest : public testing::Test {
 protected:
  io::Dataset dataset_;
  RunConfig config_;
  Standardisation standardisation_;
};

Batch numbered(std::int64_t ticket) {
  Batch batch;
  batch.samples = {{ticket, 0, ticket}};
  return batch;
}

TEST_F(LoaderTest, DeliversInOrderFromManyThreads) {
  Loader loader(idle_builders(dataset_, config_, standardisation_, 3), 200, 4, [](BatchBuilder&, std::int64_t ticket) {
    std::this_thread::sleep_for(std::chrono::microseconds(ticket % 3 * 200));
    return numbered(ticket);
  });
  for (std::int64_t expected = 0; expected < 200; ++expected) {
    const auto batch = loader.next();
    ASSERT_TRUE(batch.has_value());
    ASSERT_EQ(batch->samples[0].row, expected);
  }
  EXPECT_FALSE(loader.next().has_value());
}

TEST_F(LoaderTest, PassesOnAFailureAndEnds) {
  Loader loader(idle_builders(dataset_, config_, standardisation_, 2), 10, 2, [](BatchBuilder&, std::int64_t ticket) -> Batch {
    if (ticket == 3) throw InputError("batch {} cannot be built", ticket);
    return numbered(ticket);
  });
  EXPECT_THROW(while (loader.next()) {}, InputError);
}

TEST_F(LoaderTest, CanBeLeftEarly) {
  Loader loader(idle_builders(dataset_, config_, standardisation_, 2), 1000000, 3, [](BatchBuilder&, std::int64_t ticket) { return numbered(ticket); });
  EXPECT_TRUE(loader.next().has_value());
}

}  // namespace
}  // namespace xxact::pipeline
