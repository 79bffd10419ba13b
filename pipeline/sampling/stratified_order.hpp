// The order of samples where every run of consecutive positions holds each stratum in proportion: the strata are shuffled each by
// itself and merged along a binary tree, at each node as a digitised straight line (Bresenham, IBM Systems Journal 4 (1965) 25,
// doi:10.1147/sj.41.0025) with a phase drawn each epoch. A pure function of (seed, epoch, position); memory by strata alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/sampling/row_selection.hpp"
#include "pipeline/sampling/sample_order.hpp"

namespace xxact::sampling {

/// Samples are numbered stratum by stratum: those of stratum s are first(s) .. first(s + 1) - 1.
/// In any B consecutive positions of one epoch a stratum has less than one sample more or less than its share where there are two
/// strata. With more it is less than 1 + q at a leaf that is the share q of its parent, q of the parent's bound added, and so on to
/// the root; the tree is Huffman's, which keeps that below 3 (measured: 2.1 in 200 random sets of strata). Over the end of an epoch both ends count.
class StratifiedOrder {
 public:
  /// Samples of each stratum, some of which may be none. ConfigError for no samples, or 2^31 and more.
  StratifiedOrder(std::uint64_t seed, std::span<const std::int64_t> sizes);

  std::int64_t samples() const { return first_.back(); }
  std::int64_t first(std::size_t stratum) const { return first_[stratum]; }
  /// The sample at a position >= 0 of the stream. Every epoch visits every sample once.
  StreamPosition at(std::int64_t position) const;
  std::int64_t position_of(const StreamPosition& visit) const;

 private:
  struct Node {
    std::int64_t size = 0;
    int parent = -1, left = -1, right = -1;  // nodes; leaves have no children
    std::size_t stratum = 0;                 // of a leaf
  };

  void build_tree(std::span<const std::int64_t> sizes);
  std::int64_t phase(int node, std::int64_t epoch) const;
  ShuffleKey key_of(std::size_t stratum, std::int64_t epoch) const;

  std::uint64_t seed_;
  std::vector<std::int64_t> first_;  // [strata + 1]
  std::vector<Node> nodes_;          // the root last
  std::vector<int> leaf_;            // [strata], -1 where there is no sample
  std::vector<Shuffle> shuffle_;     // [strata]
};

/// The rows of a selection by stratum: the row of each sample of a StratifiedOrder. A bitmap a stratum that has rows.
class StratifiedRows {
 public:
  /// stratum(row) is 0 .. strata - 1, else ConfigError.
  template <class StratumOf>
  StratifiedRows(const RowSelection& rows, int strata, const StratumOf& stratum);

  const std::vector<std::int64_t>& sizes() const { return sizes_; }  // [strata]
  std::int64_t row(std::int64_t sample) const;
  std::int64_t sample(std::int64_t row, std::size_t stratum) const { return first_[stratum] + rows_[stratum].rank(row); }

 private:
  using Words = std::vector<std::uint64_t>;
  static std::size_t checked(int stratum, int strata, std::int64_t row);
  void take(std::int64_t rows, std::vector<Words> words);

  std::vector<RowSelection> rows_;         // [strata]
  std::vector<std::int64_t> sizes_, first_;  // [strata], [strata + 1]
};

template <class StratumOf>
StratifiedRows::StratifiedRows(const RowSelection& rows, int strata, const StratumOf& stratum) {
  std::vector<Words> words(static_cast<std::size_t>(strata));
  rows.for_each([&](std::int64_t row) {
    auto& own = words[checked(stratum(row), strata, row)];
    if (own.empty()) own.resize(rows.words().size(), 0);
    own[static_cast<std::size_t>(row / 64)] |= std::uint64_t{1} << (row % 64);
  });
  take(rows.rows(), std::move(words));
}

}  // namespace xxact::sampling
