#include "pipeline/sampling/subset.hpp"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"

namespace xxact::sampling {
namespace {

// Products of two numbers of rows stay below 2^62.
constexpr std::int64_t kMostRows = std::int64_t{1} << 31;
constexpr int kBinBits = 12;
constexpr std::size_t kBins = std::size_t{1} << kBinBits;

using Entry = std::pair<std::uint64_t, std::int64_t>;  // key and row: no two alike

std::size_t bin_of(std::uint64_t key) { return static_cast<std::size_t>(key >> (64 - kBinBits)); }

/// What is taken of a stratum: all rows of the bins before `bin`, and in it those up to `last`.
struct Threshold {
  std::size_t bin = 0;
  std::int64_t in_bin = 0;                   // rows to take of the bin
  std::vector<Entry> candidates;             // rows of the bin
  Entry last = {0, -1};                      // nothing is below
};

class SubsetBuilder {
 public:
  SubsetBuilder(const RowSelection& rows, const SubsetRules& rules)
      : rows_(rows), rules_(rules), histogram_(static_cast<std::size_t>(rules.strata) * kBins, 0), threshold_(static_cast<std::size_t>(rules.strata)) {
    rows_.for_each([&](std::int64_t row) { ++histogram_[stratum(row) * kBins + bin_of(rules_.key(row))]; });
  }

  RowSelection take(std::int64_t count, int threads) {
    std::vector<std::int64_t> sizes;
    for (auto bin = histogram_.begin(); bin != histogram_.end(); bin += kBins) sizes.push_back(std::accumulate(bin, bin + kBins, std::int64_t{0}));
    const auto counts = proportional_counts(sizes, count);
    for (std::size_t s = 0; s < counts.size(); ++s) find_bin(s, counts[s]);
    rows_.for_each([&](std::int64_t row) {
      const auto key = rules_.key(row);
      auto& threshold = threshold_[stratum(row)];
      if (threshold.in_bin > 0 && bin_of(key) == threshold.bin) threshold.candidates.emplace_back(key, row);
    });
    for (auto& threshold : threshold_)
      if (threshold.in_bin > 0) {
        const auto last = threshold.candidates.begin() + (threshold.in_bin - 1);
        std::nth_element(threshold.candidates.begin(), last, threshold.candidates.end());
        threshold.last = *last;
      }
    return RowSelection::where(rows_.rows(), [&](std::int64_t row) { return rows_.contains(row) && Entry(rules_.key(row), row) <= threshold_[stratum(row)].last; }, threads);
  }

 private:
  std::size_t stratum(std::int64_t row) const {
    if (!rules_.stratum) return 0;
    const int s = rules_.stratum(row);
    if (s < 0 || s >= rules_.strata) throw ConfigError("row {} is in stratum {} of {}", row, s, rules_.strata);
    return static_cast<std::size_t>(s);
  }

  void find_bin(std::size_t s, std::int64_t count) {
    auto& threshold = threshold_[s];
    for (threshold.in_bin = count; threshold.bin < kBins - 1 && threshold.in_bin > histogram_[s * kBins + threshold.bin]; ++threshold.bin)
      threshold.in_bin -= histogram_[s * kBins + threshold.bin];
  }

  const RowSelection& rows_;
  const SubsetRules& rules_;
  std::vector<std::int64_t> histogram_;  // [strata, kBins]
  std::vector<Threshold> threshold_;     // [strata]
};

}  // namespace

std::uint64_t record_key(std::uint64_t seed, std::string_view id) {
  using Philox = r123::Philox4x32;
  const Philox::key_type key = {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32) ^ (static_cast<std::uint32_t>(Purpose::subset) * 0x9E3779B9U)}};
  Philox::ctr_type state = {{static_cast<std::uint32_t>(id.size()), 0, 0, 0}};
  state = Philox()(state, key);
  for (std::size_t start = 0; start < id.size(); start += 16) {
    const auto block = id.substr(start, 16);
    for (std::size_t i = 0; i < block.size(); ++i) state[i / 4] ^= std::uint32_t{static_cast<std::uint8_t>(block[i])} << (8 * (i % 4));
    state = Philox()(state, key);
  }
  return std::uint64_t{state[0]} << 32 | state[1];
}

std::vector<std::int64_t> proportional_counts(std::span<const std::int64_t> sizes, std::int64_t count) {
  const auto total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  if (std::ranges::any_of(sizes, [](std::int64_t size) { return size < 0 || size >= kMostRows; }) || total >= kMostRows)
    throw ConfigError("strata of {} rows together: a subset is of less than {}", total, kMostRows);
  if (count < 0 || count > total) throw ConfigError("a subset of {} of {} rows", count, total);
  using Due = std::pair<std::int64_t, std::size_t>;  // step and stratum
  using Earliest = std::priority_queue<Due, std::vector<Due>, std::greater<>>;
  Earliest waiting, ready;  // by release, by deadline
  std::vector<std::int64_t> taken(sizes.size(), 0);
  const auto release = [&](std::size_t s) { waiting.emplace(taken[s] * total / sizes[s], s); };
  for (std::size_t s = 0; s < sizes.size(); ++s)
    if (sizes[s] > 0) release(s);
  for (std::int64_t step = 0; step < count; ++step) {
    for (; !waiting.empty() && waiting.top().first <= step; waiting.pop()) {
      const auto s = waiting.top().second;
      ready.emplace(((taken[s] + 1) * total + sizes[s] - 1) / sizes[s], s);
    }
    const auto s = ready.top().second;
    ready.pop();
    if (++taken[s] < sizes[s]) release(s);
  }
  return taken;
}

std::int64_t count_of_fraction(double fraction, std::int64_t rows) {
  if (!(fraction > 0 && fraction <= 1) || rows < 1) throw ConfigError("a subset of {} times {} rows: give a fraction above 0, at most 1", fraction, rows);
  return std::max<std::int64_t>(1, std::llround(fraction * static_cast<double>(rows)));
}

RowSelection subset(const RowSelection& rows, std::int64_t count, const SubsetRules& rules, int threads) {
  if (count < 0 || count > rows.size()) throw ConfigError("a subset of {} of {} rows", count, rows.size());
  return SubsetBuilder(rows, rules).take(count, threads);
}

}  // namespace xxact::sampling
