// The sample order is a permutation each epoch, its own inverse is right, and it shuffles like a shuffle.
#include "pipeline/sampling/sample_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "src/base/error.hpp"
#include "tests/sampling/shuffle_statistics.hpp"

namespace xxact::sampling {
namespace {

Order epoch_order(const SampleOrder& order, std::int64_t epoch) {
  Order samples;
  for (std::int64_t i = 0; i < order.samples(); ++i) {
    const auto at = order.at(epoch * order.samples() + i);
    EXPECT_EQ(at.epoch, epoch);
    samples.push_back(at.sample);
  }
  return samples;
}

Orders orders_of(std::uint64_t seed, std::int64_t samples) {
  return [order = SampleOrder(seed, samples)](std::int64_t epoch) { return epoch_order(order, epoch); };
}

/// a after the inverse of b: of independent shuffles it is a shuffle again.
Order relative(const Order& a, const Order& b) {
  Order result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[static_cast<std::size_t>(b[i])] = a[i];
  return result;
}

// On both sides of where the method changes, of squares and of powers of two.
const std::vector<std::int64_t> kSizes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 100, 127, 128, 129, 1009, 1023, 1024, 1025, 4093, 4095, 4096, 4097, 4099, 8191, 8192, 8193, 65535, 65536, 65537, 99991};

TEST(SampleOrder, VisitsEverySampleOnceInEveryEpoch) {
  for (const auto n : kSizes)
    for (const std::int64_t epoch : {0, 1, 5}) ASSERT_TRUE(is_permutation_of(epoch_order(SampleOrder(7, n), epoch), n)) << n << " in epoch " << epoch;
}

TEST(SampleOrder, FindsThePositionOfASample) {
  for (const auto n : kSizes) {
    const SampleOrder order(11, n);
    for (std::int64_t position = 3 * n; position < 4 * n; position += 1 + n / 1000) ASSERT_EQ(order.position_of(order.at(position)), position) << "of " << n;
  }
}

TEST(SampleOrder, DiffersBetweenEpochsAndSeedsAndRepeatsItself) {
  const SampleOrder a(1, 1000), b(2, 1000), again(1, 1000);
  EXPECT_NE(epoch_order(a, 0), epoch_order(a, 1));
  EXPECT_NE(epoch_order(a, 0), epoch_order(b, 0));
  EXPECT_EQ(epoch_order(a, 3), epoch_order(again, 3));
}

TEST(SampleOrder, StaysAsItIs) {
  // A checkpoint continues in the order in which it began. The numbers are those of a second implementation, in Python.
  EXPECT_EQ(epoch_order(SampleOrder(0, 10), 0), (Order{8, 2, 9, 6, 5, 7, 0, 3, 4, 1}));
  const SampleOrder large(5, 1'000'000'000);
  Order samples;
  for (std::int64_t i = 0; i < 4; ++i) samples.push_back(large.at(7'000'000'000 + i).sample);
  EXPECT_EQ(samples, (Order{703846684, 804888525, 880559729, 462009153}));
}

TEST(SampleOrder, TakesEveryPermutationOfAFewSamplesEquallyOften) {
  for (const std::int64_t n : {2, 3, 4, 5, 6}) EXPECT_GT(p_of_permutations(orders_of(3, n), n, 36000), kFair) << n << " samples";
}

TEST(SampleOrder, PutsSamplesInAnyPlaceEquallyOften) {
  for (const std::int64_t n : {8, 16, 61, 100}) EXPECT_GT(p_of_places(orders_of(3, n), n, 20 * n), kFair) << n << " samples";
}

TEST(SampleOrder, PutsAnyTwoSamplesInTwoPlacesEquallyOften) {
  for (const std::int64_t n : {5, 8, 17, 32})
    for (const std::int64_t second : {std::int64_t{1}, n - 1}) EXPECT_GT(p_of_pairs(orders_of(9, n), n, 10 * n * (n - 1), 0, second), kFair) << n << " samples, 0 and " << second;
}

TEST(SampleOrder, LeavesOneSampleInItsPlaceOnAverage) {
  for (const std::int64_t n : {20, 64, 1000, 4096, 5000}) EXPECT_GT(p_of_fixed_points(orders_of(13, n), 1000), kFair) << n << " samples";
}

TEST(SampleOrder, ForgetsTheOrderOfTheFile) {
  for (const std::int64_t n : {1000, 4095, 4096, 4097, 20000, 65536, 100003, 1 << 20})
    for (const std::int64_t epoch : {0, 1, 2}) {
      const auto order = epoch_order(SampleOrder(11, n), epoch);
      EXPECT_GT(p_of_descents(order), kFair) << n << " samples, epoch " << epoch;
      for (const std::int64_t lag : {0, 1, 2, 7, 64, 1024 % static_cast<int>(n)})
        EXPECT_GT(p_of_correlation(order, lag), kFair) << n << " samples, epoch " << epoch << ", lag " << lag;
    }
}

TEST(SampleOrder, AscendsAsLongAsAShuffle) {
  for (const std::int64_t n : {10000, 65536, 100000}) EXPECT_GT(p_of_longest_ascent(orders_of(17, n), 30), kFair) << n << " samples";
}

TEST(SampleOrder, IsIndependentFromEpochToEpochAndSeedToSeed) {
  for (const std::int64_t n : {1000, 4097, 30000}) {
    const SampleOrder order(19, n);
    const Orders between_epochs = [&](std::int64_t e) { return relative(epoch_order(order, e + 1), epoch_order(order, e)); };
    const Orders between_seeds = [&](std::int64_t e) { return relative(orders_of(static_cast<std::uint64_t>(e + 1), n)(0), orders_of(static_cast<std::uint64_t>(e), n)(0)); };
    for (const auto& orders : {between_epochs, between_seeds}) {
      EXPECT_GT(p_of_fixed_points(orders, 300), kFair) << n << " samples";
      EXPECT_GT(p_of_descents(orders(0)), kFair) << n << " samples";
      EXPECT_GT(p_of_correlation(orders(1), 0), kFair) << n << " samples";
    }
  }
}

TEST(SampleOrder, HoldsForABillionSamples) {
  constexpr std::int64_t kSamples = 1'000'000'000, kSeen = 200'000, kClasses = 1000;
  const SampleOrder order(23, kSamples);
  for (const std::int64_t first : {std::int64_t{0}, 41 * kSamples + 123'456'789}) {
    std::set<std::int64_t> seen;
    std::vector<double> count(kClasses, 0.0), step(kClasses, 0.0);
    std::int64_t before = 0;
    for (std::int64_t i = 0; i < kSeen; ++i) {
      const auto at = order.at(first + i);
      ASSERT_TRUE(at.sample >= 0 && at.sample < kSamples);
      ASSERT_EQ(order.position_of(at), first + i);
      seen.insert(at.sample);
      ++count[static_cast<std::size_t>(at.sample / (kSamples / kClasses))];
      ++step[static_cast<std::size_t>((at.sample - before + kSamples) % kSamples / (kSamples / kClasses))];
      before = at.sample;
    }
    EXPECT_EQ(std::ssize(seen), kSeen);
    const std::vector<double> even(kClasses, static_cast<double>(kSeen) / kClasses);
    EXPECT_GT(p_of_counts(count, even), kFair);
    EXPECT_GT(p_of_counts(step, even), kFair);
  }
}

TEST(SampleOrder, RefusesAnEmptySet) { EXPECT_THROW(SampleOrder(0, 0), ConfigError); }

TEST(ShuffleStatistics, FindWhatIsNoShuffle) {
  Order file(5000), rotated(5000), blocks(5000);
  for (std::size_t i = 0; i < file.size(); ++i) {
    file[i] = static_cast<std::int64_t>(i);
    rotated[i] = static_cast<std::int64_t>((i + 777) % file.size());
    blocks[i] = static_cast<std::int64_t>(i / 10 * 10 + 9 - i % 10);
  }
  for (const auto& order : {file, rotated, blocks}) {
    EXPECT_LT(p_of_descents(order), kFair);
    EXPECT_LT(p_of_correlation(order, 1), kFair);
    EXPECT_LT(p_of_longest_ascent([&](std::int64_t) { return order; }, 3), kFair);
  }
  const Orders rotations = [](std::int64_t epoch) { Order order(5); for (std::int64_t i = 0; i < 5; ++i) order[static_cast<std::size_t>(i)] = (i + epoch) % 5; return order; };
  EXPECT_GT(p_of_places(rotations, 5, 1000), kFair);
  EXPECT_LT(p_of_permutations(rotations, 5, 1000), kFair);
  EXPECT_LT(p_of_pairs(rotations, 5, 1000, 0, 1), kFair);
}

}  // namespace
}  // namespace xxact::sampling
