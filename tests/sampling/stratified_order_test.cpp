// Every run of consecutive positions holds each stratum in proportion, each epoch is a permutation, each stratum is shuffled.
#include "pipeline/sampling/stratified_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "pipeline/sampling/strata.hpp"
#include "src/base/error.hpp"
#include "tests/sampling/shuffle_statistics.hpp"

namespace xxact::sampling {
namespace {

using Sizes = std::vector<std::int64_t>;

const std::vector<Sizes> kCases = {{1}, {7}, {1, 1}, {0, 5, 0}, {100, 1}, {3000, 1500}, {5000, 300, 41}, {4200, 0, 900, 900, 17, 1, 333}, {64, 32, 16, 8, 4, 2, 1}, {50, 50, 50, 50, 50, 50, 50}};

std::vector<std::size_t> strata_of(const Order& order, const StratifiedOrder& by, std::size_t strata) {
  std::vector<std::size_t> result;
  for (const auto sample : order) {
    std::size_t s = 0;
    while (s + 1 < strata && sample >= by.first(s + 1)) ++s;
    result.push_back(s);
  }
  return result;
}

Order epoch_order(const StratifiedOrder& order, std::int64_t epoch) {
  Order samples;
  for (std::int64_t i = 0; i < order.samples(); ++i) {
    const auto at = order.at(epoch * order.samples() + i);
    EXPECT_EQ(at.epoch, epoch);
    samples.push_back(at.sample);
  }
  return samples;
}

/// The furthest that the count of any stratum in any `batch` consecutive positions of whole epochs is from its share.
double furthest(const Sizes& sizes, const std::vector<std::size_t>& strata, std::size_t batch) {
  double result = 0;
  const auto all = static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}));
  std::vector<double> count(sizes.size(), 0.0);
  for (std::size_t i = 0; i < strata.size(); ++i) {
    ++count[strata[i]];
    if (i >= batch) --count[strata[i - batch]];
    if (i + 1 < batch) continue;
    for (std::size_t s = 0; s < sizes.size(); ++s)
      result = std::max(result, std::abs(count[s] - static_cast<double>(batch) * static_cast<double>(sizes[s]) / all));
  }
  return result;
}

TEST(StratifiedOrder, VisitsEverySampleOnceAndFindsItsPosition) {
  for (const auto& sizes : kCases) {
    const StratifiedOrder order(3, sizes);
    for (const std::int64_t epoch : {0, 1, 4}) {
      ASSERT_TRUE(is_permutation_of(epoch_order(order, epoch), order.samples()));
      for (std::int64_t i = 0; i < order.samples(); ++i) ASSERT_EQ(order.position_of(order.at(epoch * order.samples() + i)), epoch * order.samples() + i);
    }
  }
}

TEST(StratifiedOrder, HoldsEveryStratumInProportionInEveryBatch) {
  for (const auto& sizes : kCases) {
    const StratifiedOrder order(5, sizes);
    const auto filled = std::ranges::count_if(sizes, [](auto size) { return size > 0; });
    for (const std::int64_t epoch : {0, 3}) {
      const auto strata = strata_of(epoch_order(order, epoch), order, sizes.size());
      for (const std::size_t batch : {1, 8, 32, 100, 256, 1000})
        EXPECT_LT(furthest(sizes, strata, batch), filled <= 2 ? 1.0 : 2.0) << batch << " of " << strata.size() << " samples in " << sizes.size() << " strata";
    }
  }
}

TEST(StratifiedOrder, HoldsProportionsOfRandomStrata) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < 200; ++trial) {
    Sizes sizes(2 + random() % 7);
    for (auto& size : sizes) size = static_cast<std::int64_t>(std::exp(static_cast<double>(random() % 1000) / 1000 * 7));
    const StratifiedOrder order(static_cast<std::uint64_t>(trial), sizes);
    const auto strata = strata_of(epoch_order(order, 0), order, sizes.size());
    EXPECT_LT(furthest(sizes, strata, std::min<std::size_t>(64, strata.size())), 3) << "trial " << trial;
  }
}

TEST(StratifiedOrder, CrossesTheEndOfAnEpochInProportion) {
  const Sizes sizes = {5000, 300, 41};
  const StratifiedOrder order(5, sizes);
  Order both = epoch_order(order, 0);
  const auto second = epoch_order(order, 1);
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_LT(furthest(sizes, strata_of(both, order, 3), 256), 4);
}

TEST(StratifiedOrder, ShufflesEachStratum) {
  const Sizes sizes = {9000, 4500, 800};
  const StratifiedOrder order(7, sizes);
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    const Orders own = [&](std::int64_t epoch) {
      Order samples;
      for (const auto sample : epoch_order(order, epoch))
        if (sample >= order.first(s) && sample < order.first(s + 1)) samples.push_back(sample - order.first(s));
      return samples;
    };
    ASSERT_TRUE(is_permutation_of(own(0), sizes[s]));
    EXPECT_GT(p_of_descents(own(0)), kFair) << "stratum " << s;
    for (const std::int64_t lag : {0, 1, 2}) EXPECT_GT(p_of_correlation(own(1), lag), kFair) << "stratum " << s << ", lag " << lag;
    EXPECT_GT(p_of_fixed_points(own, 200), kFair) << "stratum " << s;
  }
}

TEST(StratifiedOrder, MovesWhereStrataComeFromEpochToEpoch) {
  // One sample of 50 lies in any place equally often: a phase that stayed would put it in one.
  const Sizes sizes = {49, 1};
  const StratifiedOrder order(11, sizes);
  std::vector<double> count(50, 0.0);
  for (std::int64_t epoch = 0; epoch < 5000; ++epoch) ++count[static_cast<std::size_t>(order.position_of({epoch, 49}) % 50)];
  EXPECT_GT(p_of_counts(count, std::vector<double>(50, 100.0)), kFair);
}

TEST(StratifiedOrder, HoldsForABillionSamples) {
  const Sizes sizes = {700'000'000, 200'000'000, 99'999'999, 1};
  const StratifiedOrder order(1, sizes);
  std::vector<double> count(sizes.size(), 0.0);
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const std::int64_t position = 3 * order.samples() + 987'654'321 + i;
    const auto at = order.at(position);
    ASSERT_EQ(order.position_of(at), position);
    ++count[strata_of({at.sample}, order, sizes.size()).front()];
  }
  for (std::size_t s = 0; s < sizes.size(); ++s) EXPECT_LT(std::abs(count[s] - 20'000.0 * static_cast<double>(sizes[s]) / 1e9), 2) << "stratum " << s;
}

TEST(StratifiedRows, GiveTheRowsOfEachStratumInTheirOrder) {
  constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> energy, gap;
  for (int i = 0; i < 1000; ++i) energy.push_back(i % 3 == 0 ? kUnknown : 1.0F), gap.push_back(i % 5 == 0 ? kUnknown : 1.0F);
  const RowStrata strata({energy, gap}, {});
  const auto rows = RowSelection::where(1000, [](std::int64_t row) { return row % 15 != 0; });
  const StratifiedRows by_stratum(rows, strata.count(), strata);
  // Of 1,000 numbers 334 are multiples of 3, 200 of 5 and 67 of 15.
  EXPECT_EQ(by_stratum.sizes(), (Sizes{0, 334 - 67, 200 - 67, 1000 - 334 - 200 + 67}));
  std::int64_t sample = 0;
  for (int s = 0; s < strata.count(); ++s)
    rows.for_each([&](std::int64_t row) {
      if (strata(row) != s) return;
      EXPECT_EQ(by_stratum.row(sample), row);
      EXPECT_EQ(by_stratum.sample(row, static_cast<std::size_t>(s)), sample);
      ++sample;
    });
  EXPECT_EQ(sample, rows.size());
  EXPECT_THROW(StratifiedRows(rows, 2, strata), ConfigError);
}

TEST(RowStrata, AreTheCombinationsOfKnownLabelsAndSystems) {
  constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> energy = {1, kUnknown, 1, kUnknown}, gap = {1, 1, kUnknown, kUnknown};
  const std::vector<std::uint8_t> group = {0, 1, 62, 225};
  const RowStrata labels({energy, gap}, {}), both({energy, gap}, group);
  EXPECT_EQ(labels.count(), 4);
  for (const auto& [row, stratum] : {std::pair{0, 3}, {1, 1}, {2, 2}, {3, 0}}) EXPECT_EQ(labels(row), stratum);
  EXPECT_EQ(both.count(), 32);
  for (const auto& [row, stratum] : {std::pair{0, 0 * 4 + 3}, {1, 1 * 4 + 1}, {2, 3 * 4 + 2}, {3, 7 * 4 + 0}}) EXPECT_EQ(both(row), stratum);
  EXPECT_THROW(RowStrata(std::vector<std::span<const float>>(9), {}), ConfigError);
}

TEST(StratifiedOrder, RefusesNoSamples) {
  EXPECT_THROW(StratifiedOrder(0, Sizes{0, 0}), ConfigError);
  EXPECT_THROW(StratifiedOrder(0, Sizes{-1, 5}), ConfigError);
  EXPECT_THROW(StratifiedOrder(0, (Sizes{std::int64_t{1} << 30, std::int64_t{1} << 30})), ConfigError);
}

}  // namespace
}  // namespace xxact::sampling
