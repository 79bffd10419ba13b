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
  std::int64_t window_blocks = 256;  // of a window at most: the windows of an epoch differ by one block
};

/// A sample where its window holds it.
struct WindowVisit {
  std::int64_t window = 0;
  std::int64_t place = 0;   // among the samples of the window, which follow its blocks() and, within a block, the rows
  std::int64_t sample = 0;  // index in the selection, 0 .. samples - 1
};

class WindowedOrder;

/// One epoch. Immutable, so any number of threads may ask it; the order must outlive it. Memory: 12 bytes a block.
class WindowedEpoch {
 public:
  std::int64_t windows() const;
  /// Positions of window w are first(w) .. first(w + 1) - 1, counted from the start of the epoch.
  std::int64_t first(std::int64_t window) const { return before_[place_of(window)]; }
  std::int64_t window_of(std::int64_t position) const;
  /// The blocks that a window needs, in no order of rows: block b holds rows b block_rows .. (b + 1) block_rows - 1.
  std::span<const std::uint32_t> blocks(std::int64_t window) const;

  /// The sample at a position 0 .. samples - 1 of the epoch, and back.
  WindowVisit visit_at(std::int64_t position) const;
  std::int64_t position_of(std::int64_t sample) const;

 private:
  friend class WindowedOrder;
  WindowedEpoch(const WindowedOrder& order, std::int64_t epoch);
  std::size_t place_of(std::int64_t window) const;
  std::int64_t window_of_place(std::int64_t place) const;
  ShuffleKey key_of(std::int64_t window) const;

  const WindowedOrder* order_;
  std::int64_t epoch_;
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
  /// Of every epoch.
  std::int64_t windows() const { return (std::ssize(filled_) - 1) / shape_.window_blocks + 1; }
  /// The most blocks that a window has, and the fewest.
  std::int64_t most_blocks() const { return (std::ssize(filled_) - 1) / windows() + 1; }
  std::int64_t fewest_blocks() const { return std::ssize(filled_) / windows(); }
  /// Blocks with selected rows, ascending.
  std::span<const std::uint32_t> filled() const { return filled_; }
  /// Takes time in proportion to the number of blocks. Positions of the stream fall into epochs as those of a SampleOrder.
  WindowedEpoch epoch(std::int64_t epoch) const { return WindowedEpoch(*this, epoch); }

 private:
  friend class WindowedEpoch;
  std::int64_t start_of(std::uint32_t block) const { return rows_->rank(std::min(rows_->rows(), block * shape_.block_rows)); }

  std::uint64_t seed_;
  const RowSelection* rows_;
  WindowShape shape_;
  std::vector<std::uint32_t> filled_;
};

}  // namespace xxact::sampling
