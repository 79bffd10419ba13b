// Windows read their own blocks and no others, an epoch is a permutation of the selected rows, and it shuffles like a shuffle.
#include "pipeline/sampling/windowed_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "src/base/error.hpp"
#include "tests/sampling/shuffle_statistics.hpp"

namespace xxact::sampling {
namespace {

Order order_of(const WindowedEpoch& epoch, std::int64_t samples) {
  Order order;
  for (std::int64_t i = 0; i < samples; ++i) order.push_back(epoch.visit_at(i).sample);
  return order;
}

/// All, most and few rows; some blocks have none, the last is ragged.
std::vector<RowSelection> selections() {
  return {RowSelection::all(1), RowSelection::all(10'007), RowSelection::where(10'007, [](std::int64_t row) { return row % 10 != 7; }),
          RowSelection::where(20'000, [](std::int64_t row) { return row % 997 == 0 || (row > 4000 && row < 9000); })};
}

const std::vector<WindowShape> kShapes = {{1, 1}, {64, 1}, {64, 7}, {100, 10}, {4096, 2}, {512, 1000}};

TEST(WindowedOrder, VisitsEverySampleOnceAndFindsItsPosition) {
  for (const auto& rows : selections())
    for (const auto& shape : kShapes) {
      const WindowedOrder order(3, rows, shape);
      for (const std::int64_t e : {0, 1, 9}) {
        const auto epoch = order.epoch(e);
        ASSERT_TRUE(is_permutation_of(order_of(epoch, order.samples()), rows.size())) << rows.size() << " rows, blocks of " << shape.block_rows << ", windows of " << shape.window_blocks;
        for (std::int64_t i = 0; i < order.samples(); ++i) ASSERT_EQ(epoch.position_of(epoch.visit_at(i).sample), i);
      }
    }
}

TEST(WindowedOrder, TouchesTheBlocksOfAWindowAlone) {
  for (const auto& rows : selections())
    for (const auto& shape : kShapes) {
      const WindowedOrder order(5, rows, shape);
      const auto epoch = order.epoch(2);
      std::set<std::uint32_t> read;
      ASSERT_EQ(epoch.first(0), 0);
      ASSERT_EQ(epoch.first(epoch.windows()), rows.size());
      for (std::int64_t window = 0; window < epoch.windows(); ++window) {
        const auto blocks = epoch.blocks(window);
        ASSERT_LE(std::ssize(blocks), shape.window_blocks);
        ASSERT_LE(std::ssize(blocks), order.most_blocks());
        ASSERT_GE(std::ssize(blocks), order.fewest_blocks());
        ASSERT_LE(order.most_blocks() - order.fewest_blocks(), 1);
        std::set<std::uint32_t> touched;
        std::vector<std::int64_t> held;  // the window's samples where they lie
        for (const auto block : blocks)
          for (auto k = rows.rank(std::min(rows.rows(), block * shape.block_rows)); k < rows.rank(std::min(rows.rows(), (block + 1) * shape.block_rows)); ++k) held.push_back(k);
        for (auto i = epoch.first(window); i < epoch.first(window + 1); ++i) {
          ASSERT_EQ(epoch.window_of(i), window);
          ASSERT_EQ(epoch.visit_at(i).window, window);
          ASSERT_EQ(epoch.visit_at(i).sample, held[static_cast<std::size_t>(epoch.visit_at(i).place)]);
          touched.insert(static_cast<std::uint32_t>(rows.row(epoch.visit_at(i).sample) / shape.block_rows));
        }
        ASSERT_EQ(touched, std::set<std::uint32_t>(blocks.begin(), blocks.end()));
        for (const auto block : blocks) ASSERT_TRUE(read.insert(block).second) << "block " << block << " is read twice";
      }
    }
}

TEST(WindowedOrder, WithOneWindowOfAllBlocksIsAFullShuffle) {
  const auto rows = RowSelection::where(30'000, [](std::int64_t row) { return row % 3 != 0; });
  const WindowedOrder order(7, rows, {256, 1000});
  const Orders orders = [&](std::int64_t epoch) { return order_of(order.epoch(epoch), order.samples()); };
  for (const std::int64_t epoch : {0, 1, 2}) {
    EXPECT_GT(p_of_descents(orders(epoch)), kFair);
    for (const std::int64_t lag : {0, 1, 2, 171}) EXPECT_GT(p_of_correlation(orders(epoch), lag), kFair) << "lag " << lag;
  }
  EXPECT_GT(p_of_fixed_points(orders, 200), kFair);
  EXPECT_GT(p_of_longest_ascent(orders, 20), kFair);
}

TEST(WindowedOrder, TakesEveryPermutationOfAFewSamplesEquallyOften) {
  const auto rows = RowSelection::all(5);
  const WindowedOrder order(9, rows, {2, 3});
  EXPECT_GT(p_of_permutations([&](std::int64_t epoch) { return order_of(order.epoch(epoch), 5); }, 5, 12'000), kFair);
}

TEST(WindowedOrder, PutsSamplesInAnyPlaceEquallyOften) {
  // Blocks of one size and whole windows: any sample may come anywhere.
  const auto rows = RowSelection::all(48);
  const WindowedOrder order(11, rows, {4, 3});
  EXPECT_GT(p_of_places([&](std::int64_t epoch) { return order_of(order.epoch(epoch), 48); }, 48, 2000), kFair);
}

TEST(WindowedOrder, ShufflesBlocksAndWindowsAnewEachEpoch) {
  const auto rows = RowSelection::all(40'000);
  const WindowedOrder order(13, rows, {4, 100}), again(13, rows, {4, 100}), other(14, rows, {4, 100});
  const auto first = order.epoch(0), second = order.epoch(1);
  EXPECT_EQ(order_of(first, 40'000), order_of(again.epoch(0), 40'000));
  EXPECT_NE(order_of(first, 40'000), order_of(other.epoch(0), 40'000));
  // Which window a block is in, in two epochs: 100 windows, so one in 100 stays.
  Order blocks;
  for (std::int64_t window = 0; window < second.windows(); ++window)
    for (const auto block : second.blocks(window)) blocks.push_back(block);
  EXPECT_GT(p_of_descents(blocks), kFair);
  EXPECT_GT(p_of_correlation(blocks, 0), kFair);
  // Inside a window the samples of all its blocks are mixed: neighbours of one block are as rare as 3 in 399.
  double same = 0;
  const auto samples = order_of(first, 40'000);
  for (std::size_t i = 0; i + 1 < samples.size(); ++i) same += samples[i] / 4 == samples[i + 1] / 4 ? 1 : 0;
  const double expected = 39'900 * 3.0 / 399;
  EXPECT_GT(p_of_normal((same - expected) / std::sqrt(expected)), kFair);
}

TEST(WindowedOrder, RefusesWhatCannotBe) {
  const auto rows = RowSelection::all(10);
  EXPECT_THROW(WindowedOrder(0, rows, {0, 1}), ConfigError);
  EXPECT_THROW(WindowedOrder(0, rows, {1, 0}), ConfigError);
  EXPECT_THROW(WindowedOrder(0, RowSelection(), {1, 1}), ConfigError);
}

}  // namespace
}  // namespace xxact::sampling
