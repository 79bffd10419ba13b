// A selection answers as the plain vector of its rows does.
#include "pipeline/sampling/row_selection.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <random>
#include <stdexcept>

#include "src/base/error.hpp"

namespace xxact::sampling {
namespace {

/// Rows of a share, in runs of which some are long: all and none of hundreds of words.
std::vector<bool> random_choice(std::int64_t rows, double share, std::int64_t run, unsigned seed) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution chosen(share);
  std::vector<bool> choice(static_cast<std::size_t>(rows));
  bool value = false;
  for (std::size_t i = 0; i < choice.size(); ++i) {
    if (i % static_cast<std::size_t>(run) == 0) value = chosen(random);
    choice[i] = value;
  }
  return choice;
}

void expect_same(const RowSelection& selection, const std::vector<bool>& choice) {
  std::vector<std::int64_t> rows, visited;
  std::int64_t before = 0;
  for (std::int64_t row = 0; row < std::ssize(choice); ++row) {
    ASSERT_EQ(selection.contains(row), choice[static_cast<std::size_t>(row)]) << row;
    ASSERT_EQ(selection.rank(row), before) << row;
    if (!choice[static_cast<std::size_t>(row)]) continue;
    rows.push_back(row);
    ++before;
  }
  ASSERT_EQ(selection.rank(std::ssize(choice)), before);
  ASSERT_EQ(selection.size(), std::ssize(rows));
  for (std::int64_t k = 0; k < selection.size(); ++k) ASSERT_EQ(selection.row(k), rows[static_cast<std::size_t>(k)]) << k;
  selection.for_each([&](std::int64_t row) { visited.push_back(row); });
  EXPECT_EQ(visited, rows);
  EXPECT_EQ(selection.list(), rows);
  for (std::int64_t first = 0; first < selection.size(); first += 1 + selection.size() / 7) {
    const auto last = std::min(selection.size(), first + 100);
    EXPECT_EQ(selection.list(first, last), std::vector<std::int64_t>(rows.begin() + first, rows.begin() + last));
  }
}

TEST(RowSelection, AnswersAsAVectorOfItsRows) {
  for (const std::int64_t rows : {1, 63, 64, 65, 511, 512, 513, 8192, 100'003})
    for (const double share : {0.0, 0.001, 0.5, 0.97, 1.0})
      for (const std::int64_t run : {1, 5000}) {
        const auto choice = random_choice(rows, share, run, static_cast<unsigned>(rows + run));
        const auto selection = RowSelection::where(rows, [&](std::int64_t row) { return bool{choice[static_cast<std::size_t>(row)]}; });
        SCOPED_TRACE(testing::Message() << rows << " rows, share " << share << ", runs of " << run);
        expect_same(selection, choice);
      }
}

TEST(RowSelection, FindsRowsAcrossLongGaps) {
  // Between two of the sampled places lie thousands of empty blocks.
  std::vector<bool> choice(6'000'000, false);
  for (std::size_t i = 0; i < choice.size(); ++i) choice[i] = i < 10'000 || i == 3'000'000 || i > 5'990'000;
  const auto selection = RowSelection::where(std::ssize(choice), [&](std::int64_t row) { return bool{choice[static_cast<std::size_t>(row)]}; });
  EXPECT_EQ(selection.row(9'999), 9'999);
  EXPECT_EQ(selection.row(10'000), 3'000'000);
  EXPECT_EQ(selection.row(10'001), 5'990'001);
  EXPECT_EQ(selection.row(selection.size() - 1), 5'999'999);
}

TEST(RowSelection, IsTheSameFromAnyNumberOfThreads) {
  const auto choice = random_choice(200'001, 0.3, 1, 1);
  const auto takes_part = [&](std::int64_t row) { return bool{choice[static_cast<std::size_t>(row)]}; };
  const auto one = RowSelection::where(200'001, takes_part);
  for (const int threads : {2, 3, 7}) EXPECT_EQ(RowSelection::where(200'001, takes_part, threads), one);
  std::atomic<int> calls = 0;
  RowSelection::where(200'001, [&](std::int64_t) { return ++calls > 0; }, 5);
  EXPECT_EQ(calls, 200'001);
  EXPECT_THROW(RowSelection::where(1000, [](std::int64_t row) { return row == 999 ? throw std::runtime_error("row 999") : true; }, 3), std::runtime_error);
}

TEST(RowSelection, AllAndNone) {
  expect_same(RowSelection::all(130), std::vector<bool>(130, true));
  EXPECT_TRUE(RowSelection().empty());
  EXPECT_EQ(RowSelection().rank(0), 0);
  EXPECT_TRUE(RowSelection().list().empty());
}

TEST(RowSelection, LeavesOut) {
  const auto all = RowSelection::all(1000);
  const std::vector<std::int64_t> out = {999, 0, 500};
  EXPECT_EQ(all.without(out), RowSelection::where(1000, [](std::int64_t row) { return row != 0 && row != 500 && row != 999; }));
  EXPECT_THROW(all.without(out).without(out), ConfigError);
  EXPECT_THROW(all.without(std::vector<std::int64_t>{1000}), ConfigError);
}

TEST(RowSelection, TakesLittleMemory) {
  constexpr std::int64_t kRows = 20'000'000;
  const auto selection = RowSelection::where(kRows, [](std::int64_t row) { return row % 3 != 0; });
  EXPECT_LT(8.0 * static_cast<double>(selection.memory_bytes()) / kRows, 1.14);
}

TEST(RowSelection, RefusesWordsThatDoNotFit) { EXPECT_THROW(RowSelection(65, {1}), ConfigError); }

}  // namespace
}  // namespace xxact::sampling
