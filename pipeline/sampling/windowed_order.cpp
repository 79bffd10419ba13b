#include "pipeline/sampling/windowed_order.hpp"

#include <algorithm>
#include <limits>

#include "src/base/error.hpp"

namespace xxact::sampling {

WindowedOrder::WindowedOrder(std::uint64_t seed, const RowSelection& rows, const WindowShape& shape) : seed_(seed), rows_(&rows), shape_(shape) {
  if (shape.block_rows < 1 || shape.window_blocks < 1) throw ConfigError("windows of {} blocks of {} rows: at least one of each", shape.window_blocks, shape.block_rows);
  if (rows.empty()) throw ConfigError("there are no training samples: no row is selected");
  const std::int64_t blocks = (rows.rows() - 1) / shape.block_rows + 1;
  if (blocks > std::numeric_limits<std::uint32_t>::max()) throw ConfigError("{} rows in blocks of {} are {} blocks: give larger ones", rows.rows(), shape.block_rows, blocks);
  for (std::uint32_t block = 0; block < blocks; ++block)
    if (start_of(block + 1) > start_of(block)) filled_.push_back(block);
}

WindowedEpoch::WindowedEpoch(const WindowedOrder& order, std::int64_t epoch)
    : order_(&order), epoch_(epoch), block_key_(shuffle_key(order.seed_, Purpose::block_order, static_cast<std::uint64_t>(epoch), 0)) {
  const Shuffle shuffle(std::ssize(order.filled_));
  block_.reserve(order.filled_.size());
  before_.reserve(order.filled_.size() + 1);
  before_.push_back(0);
  for (std::int64_t i = 0; i < shuffle.size(); ++i) {
    const auto block = order.filled_[static_cast<std::size_t>(shuffle.item_at(block_key_, i))];
    block_.push_back(block);
    before_.push_back(before_.back() + order.start_of(block + 1) - order.start_of(block));
  }
}

std::int64_t WindowedEpoch::windows() const { return order_->windows(); }

std::size_t WindowedEpoch::place_of(std::int64_t window) const { return static_cast<std::size_t>(window * std::ssize(block_) / windows()); }

/// Of the block at this place: the last window that does not begin behind it.
std::int64_t WindowedEpoch::window_of_place(std::int64_t place) const { return ((place + 1) * windows() - 1) / std::ssize(block_); }

ShuffleKey WindowedEpoch::key_of(std::int64_t window) const {
  return shuffle_key(order_->seed_, Purpose::block_order, static_cast<std::uint64_t>(epoch_), static_cast<std::uint64_t>(window) + 1);
}

std::int64_t WindowedEpoch::window_of(std::int64_t position) const {
  return window_of_place(std::upper_bound(before_.begin(), before_.end(), position) - before_.begin() - 1);
}

std::span<const std::uint32_t> WindowedEpoch::blocks(std::int64_t window) const {
  return std::span(block_).subspan(place_of(window), place_of(window + 1) - place_of(window));
}

WindowVisit WindowedEpoch::visit_at(std::int64_t position) const {
  const std::int64_t window = window_of(position), start = first(window);
  const Shuffle shuffle(first(window + 1) - start);
  const std::int64_t place = start + shuffle.item_at(key_of(window), position - start);
  const auto block = std::upper_bound(before_.begin() + static_cast<std::ptrdiff_t>(place_of(window)), before_.begin() + static_cast<std::ptrdiff_t>(place_of(window + 1)), place) - 1;
  return {window, place - start, order_->start_of(block_[static_cast<std::size_t>(block - before_.begin())]) + place - *block};
}

std::int64_t WindowedEpoch::position_of(std::int64_t sample) const {
  const auto& filled = order_->filled_;
  const auto block = static_cast<std::uint32_t>(order_->rows_->row(sample) / order_->shape_.block_rows);
  const auto among = std::lower_bound(filled.begin(), filled.end(), block) - filled.begin();
  const std::int64_t permuted = Shuffle(std::ssize(filled)).position_of(block_key_, among), window = window_of_place(permuted), start = first(window);
  const std::int64_t place = before_[static_cast<std::size_t>(permuted)] + sample - order_->start_of(block);
  return start + Shuffle(first(window + 1) - start).position_of(key_of(window), place - start);
}

}  // namespace xxact::sampling
