// Nested subsets of rows for studies of scale: the subset of n rows holds that of every smaller n, keeps the share of each stratum,
// and depends on nothing but the seed, the identity of the records and the strata: not on ranks, chunks or the order of the file.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/sampling/row_selection.hpp"

namespace xxact::sampling {

/// A random number of a record, by its identity: Philox in CBC mode over the bytes. Rows are taken in the order of these.
std::uint64_t record_key(std::uint64_t seed, std::string_view id);

/// How many of each stratum are in the subset of `count` of all: less than one away from the stratum's share, never falling
/// as `count` grows, `count` together. The i-th of a stratum of n_s of n is due within steps floor(i n / n_s) + 1 to
/// ceil((i + 1) n / n_s), and the earliest deadline is served first, which meets them all (Baruah, Cohen, Plaxton and Varvel,
/// Algorithmica 15 (1996) 600, doi:10.1007/BF01940883). Time in proportion to `count` times log(strata).
/// ConfigError unless sizes are 0 to 2^31 and 0 <= count <= their sum < 2^31.
std::vector<std::int64_t> proportional_counts(std::span<const std::int64_t> sizes, std::int64_t count);

/// `fraction` of the rows, rounded, at least one. ConfigError unless 0 < fraction <= 1 and there are rows.
std::int64_t count_of_fraction(double fraction, std::int64_t rows);

struct SubsetRules {
  std::function<std::uint64_t(std::int64_t row)> key;  // record_key; equal keys go by row
  std::function<int(std::int64_t row)> stratum;        // 0 .. strata - 1; empty: one stratum
  int strata = 1;
};

/// The first proportional_counts() rows of each stratum in the order of their keys. Reads every selected row's key and stratum
/// three times, the last time from `threads` threads at once; memory beside the bitmaps: one bin in 4,096 of the rows.
/// ConfigError unless 0 <= count <= rows.size().
RowSelection subset(const RowSelection& rows, std::int64_t count, const SubsetRules& rules, int threads = 1);

}  // namespace xxact::sampling
