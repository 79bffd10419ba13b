// Subsets are nested, exact in number and in proportion, and belong to records, not to places in a file.
#include "pipeline/sampling/subset.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <string>

#include "pipeline/sampling/strata.hpp"
#include "src/base/error.hpp"
#include "tests/sampling/shuffle_statistics.hpp"

namespace xxact::sampling {
namespace {

std::string id_of(std::int64_t row) { return "record-" + std::to_string(row); }

/// Rows with labels of which some are unknown, and space groups of all systems with very different shares.
struct Table {
  std::vector<float> energy, gap;
  std::vector<std::uint8_t> space_group;

  explicit Table(std::size_t rows) {
    std::mt19937_64 random(5);
    constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::uint8_t> groups = {0, 1, 2, 14, 14, 62, 62, 62, 139, 166, 194, 225, 225, 225, 225, 225, 225};
    for (std::size_t i = 0; i < rows; ++i) {
      energy.push_back(random() % 10 == 0 ? kUnknown : 1.0F);
      gap.push_back(random() % 10 < 6 ? kUnknown : 2.0F);
      space_group.push_back(groups[random() % groups.size()]);
    }
  }
  RowStrata strata() const { return RowStrata({energy, gap}, space_group); }
};

SubsetRules rules_of(const RowStrata& strata, std::uint64_t seed) {
  return {[seed](std::int64_t row) { return record_key(seed, id_of(row)); }, [&strata](std::int64_t row) { return strata(row); }, strata.count()};
}

TEST(ProportionalCounts, AreNestedExactAndLessThanOneOff) {
  std::mt19937_64 random(7);
  for (int trial = 0; trial < 30; ++trial) {
    std::vector<std::int64_t> sizes(1 + random() % 40);
    for (auto& size : sizes) size = static_cast<std::int64_t>(random() % (trial % 2 == 0 ? 3 : 200));
    sizes[0] = trial % 3 == 0 ? 500 : sizes[0] + 1;
    const auto total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    std::vector<std::int64_t> before(sizes.size(), 0);
    for (std::int64_t count = 0; count <= total; ++count) {
      const auto counts = proportional_counts(sizes, count);
      ASSERT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), count);
      for (std::size_t s = 0; s < sizes.size(); ++s) {
        ASSERT_GE(counts[s], before[s]);
        ASSERT_LT(std::abs(counts[s] * total - sizes[s] * count), total) << "stratum " << s << " at " << count;
      }
      before = counts;
    }
    EXPECT_EQ(before, sizes);
  }
}

TEST(Subset, IsNestedExactAndInProportion) {
  constexpr std::int64_t kRows = 30'000;
  const Table table(kRows);
  const auto strata = table.strata();
  const auto rows = RowSelection::where(kRows, [](std::int64_t row) { return row % 7 != 3; });
  std::vector<double> all(static_cast<std::size_t>(strata.count()), 0.0);
  rows.for_each([&](std::int64_t row) { ++all[static_cast<std::size_t>(strata(row))]; });
  RowSelection smaller;
  for (const std::int64_t count : {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{10}, std::int64_t{99}, std::int64_t{100}, std::int64_t{1234}, std::int64_t{20'000}, rows.size() - 1, rows.size()}) {
    const auto chosen = subset(rows, count, rules_of(strata, 3));
    ASSERT_EQ(chosen.size(), count);
    std::vector<double> part(all.size(), 0.0);
    chosen.for_each([&](std::int64_t row) {
      ++part[static_cast<std::size_t>(strata(row))];
      EXPECT_TRUE(rows.contains(row));
    });
    for (std::size_t s = 0; s < all.size(); ++s) EXPECT_LT(std::abs(part[s] - all[s] * static_cast<double>(count) / static_cast<double>(rows.size())), 1) << "stratum " << s << " of " << count;
    smaller.for_each([&](std::int64_t row) { EXPECT_TRUE(chosen.contains(row)) << row << " of " << smaller.size() << " is not among " << count; });
    smaller = chosen;
  }
  EXPECT_EQ(smaller, rows);
}

TEST(Subset, TakesTheSmallestKeysOfEachStratum) {
  const Table table(2000);
  const auto strata = table.strata();
  const auto rules = rules_of(strata, 8);
  const auto chosen = subset(RowSelection::all(2000), 700, rules);
  std::vector<std::uint64_t> largest_in(static_cast<std::size_t>(strata.count()), 0), smallest_out(largest_in.size(), ~std::uint64_t{0});
  for (std::int64_t row = 0; row < 2000; ++row) {
    const auto s = static_cast<std::size_t>(strata(row));
    if (chosen.contains(row))
      largest_in[s] = std::max(largest_in[s], rules.key(row));
    else
      smallest_out[s] = std::min(smallest_out[s], rules.key(row));
  }
  for (std::size_t s = 0; s < largest_in.size(); ++s) EXPECT_LT(largest_in[s], smallest_out[s]) << "stratum " << s;
}

TEST(Subset, BelongsToRecordsNotToPlaces) {
  constexpr std::int64_t kRows = 5000;
  const auto ids = [](const RowSelection& selection, auto id) { std::set<std::string> names; selection.for_each([&](std::int64_t row) { names.insert(id(row)); }); return names; };
  const auto forwards = id_of, backwards = +[](std::int64_t row) { return id_of(kRows - 1 - row); };
  const auto one = subset(RowSelection::all(kRows), 777, {[&](std::int64_t row) { return record_key(1, forwards(row)); }, {}, 1});
  const auto other = subset(RowSelection::all(kRows), 777, {[&](std::int64_t row) { return record_key(1, backwards(row)); }, {}, 1});
  EXPECT_EQ(ids(one, forwards), ids(other, backwards));
  EXPECT_EQ(subset(RowSelection::all(kRows), 777, {[&](std::int64_t row) { return record_key(1, forwards(row)); }, {}, 1}, 3), one);
  EXPECT_NE(subset(RowSelection::all(kRows), 777, {[&](std::int64_t row) { return record_key(2, forwards(row)); }, {}, 1}), one);
}

TEST(Subset, TellsEqualKeysApartByRow) {
  const SubsetRules same{[](std::int64_t) { return std::uint64_t{7}; }, {}, 1};
  EXPECT_EQ(subset(RowSelection::all(100), 42, same), RowSelection::where(100, [](std::int64_t row) { return row < 42; }));
}

TEST(RecordKey, IsSpreadEvenlyOverNamesThatHardlyDiffer) {
  constexpr std::size_t kClasses = 256, kNames = 100'000;
  std::vector<double> high(kClasses, 0.0), low(kClasses, 0.0);
  std::set<std::uint64_t> seen;
  for (std::size_t i = 0; i < kNames; ++i) {
    const auto key = record_key(0, "mp-" + std::to_string(i));
    ++high[key >> 56], ++low[key & 255];
    seen.insert(key);
  }
  const std::vector<double> even(kClasses, static_cast<double>(kNames) / kClasses);
  EXPECT_GT(p_of_counts(high, even), kFair);
  EXPECT_GT(p_of_counts(low, even), kFair);
  EXPECT_EQ(seen.size(), kNames);
  EXPECT_NE(record_key(0, "a"), record_key(0, std::string_view("a\0", 2)));
  EXPECT_NE(record_key(0, "0123456789abcdef"), record_key(0, "0123456789abcdefg"));
}

TEST(Subset, RefusesWhatCannotBe) {
  const SubsetRules rules{[](std::int64_t row) { return static_cast<std::uint64_t>(row); }, [](std::int64_t) { return 5; }, 2};
  EXPECT_THROW(subset(RowSelection::all(10), 11, rules), ConfigError);
  EXPECT_THROW(subset(RowSelection::all(10), 5, rules), ConfigError);
  EXPECT_THROW(count_of_fraction(0, 10), ConfigError);
  EXPECT_THROW(count_of_fraction(1.1, 10), ConfigError);
  EXPECT_THROW(count_of_fraction(std::nan(""), 10), ConfigError);
  EXPECT_EQ(count_of_fraction(0.25, 10), 3);
  EXPECT_EQ(count_of_fraction(1e-9, 10), 1);
  EXPECT_THROW(proportional_counts(std::vector<std::int64_t>{-1, 3}, 1), ConfigError);
}

}  // namespace
}  // namespace xxact::sampling
