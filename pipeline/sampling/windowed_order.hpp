// The order of samples of a dataset larger than memory: blocks of consecutive rows are shuffled, a window is some blocks that follow
// each other in that order, and the samples of a window are shuffled among themselves. A pure function of (seed, epoch, position):
// each window reads its blocks once, no row of another. With one window of all blocks it is a full shuffle.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/sampling/row_selection.hpp"
#include "pipeline/sampling/sample_order.hpp"

namespace xxact::sampling {

struct WindowShape {
  std::int64_t block_rows = 4096;    // consecutive rows of the dataset, selected or not
  std::int64_t window_blocks = 256;  // in memory at a time; the last window of an epoch may have fewer
};

class WindowedOrder;

/// One epoch. Immutable, so any number of threads may ask it; the order must outlive it. Memory: 12 bytes a block.
class WindowedEpoch {
 public:
  std::int64_t windows() const { return windows_; }
  /// Positions of window w are first(w) .. first(w + 1) - 1, counted from the start of the epoch.
  std::int64_t first(std::int64_t window) const { return before_[place_of(window)]; }
  std::int64_t window_of(std::int64_t position) const;
  /// The blocks that a window needs, in no order of rows: block b holds rows b block_rows .. (b + 1) block_rows - 1.
  std::span<const std::uint32_t> blocks(std::int64_t window) const;

  /// Index of the sample in the selection, 0 .. samples - 1, at a place 0 .. samples - 1 of the epoch, and back.
  std::int64_t sample_at(std::int64_t position) const;
  std::int64_t position_of(std::int64_t sample) const;

 private:
  friend class WindowedOrder;
  WindowedEpoch(const WindowedOrder& order, std::int64_t epoch);
  std::size_t place_of(std::int64_t window) const;
  ShuffleKey key_of(std::int64_t window) const;

  const WindowedOrder* order_;
  std::int64_t epoch_, windows_;
  ShuffleKey block_key_;
  std::vector<std::uint32_t> block_;  // [blocks] in the order of this epoch
  std::vector<std::int64_t> before_;  // [blocks + 1]: samples before each of them
};

/// Blocks without selected rows are in no window.
class WindowedOrder {
 public:
  /// The selection must outlive it. ConfigError for no rows, a block or a window of less than one, more than 2^32 blocks.
  WindowedOrder(std::uint64_t seed, const RowSelection& rows, const WindowShape& shape);

  std::int64_t samples() const { return rows_->size(); }
  const WindowShape& shape() const { return shape_; }
  /// Takes time in proportion to the number of blocks. Positions of the stream fall into epochs as those of a SampleOrder.
  WindowedEpoch epoch(std::int64_t epoch) const { return WindowedEpoch(*this, epoch); }

 private:
  friend class WindowedEpoch;
  std::int64_t start_of(std::uint32_t block) const { return rows_->rank(std::min(rows_->rows(), block * shape_.block_rows)); }

  std::uint64_t seed_;
  const RowSelection* rows_;
  WindowShape shape_;
  std::vector<std::uint32_t> filled_;  // blocks with selected rows, ascending
};

}  // namespace xxact::sampling
