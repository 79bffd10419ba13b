// How much the selected rows of each block of a file take, and how they are packed into memory without the others.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "io/packed_rows.hpp"
#include "io/row_reader.hpp"
#include "pipeline/sampling/row_selection.hpp"
#include "pipeline/streaming/host_arrays.hpp"
#include "pipeline/streaming/row_pass.hpp"

namespace xxact::streaming {

/// Where the rows of some blocks lie when they are packed in the order of the blocks.
struct PackedPlan {
  std::vector<std::int64_t> blocks;
  std::vector<io::DatasetExtents> before;  // [blocks + 1]: what lies before each
  io::DatasetPlan plan;
};

class SelectedBlocks {
 public:
  /// Collective on the host. The plan and the selection must outlive it. Counts are zero until count() was called for every block with
  /// selected rows, by any rank of the host whose share() it is, and the ranks have waited for each other. `more_bytes` of the same memory are for the
  /// caller's arrays, which are shared as the counts are.
  SelectedBlocks(const io::DatasetPlan& plan, const sampling::RowSelection& rows, std::int64_t block_rows, const io::HostRanks& host, std::size_t more_bytes = 0);

  const Blocks& blocks() const { return blocks_; }
  const sampling::RowSelection& selection() const { return *selection_; }
  const io::DatasetPlan& plan() const { return *plan_; }
  const io::Share& share() const { return arrays_.share(); }
  HostArrays& arrays() { return arrays_; }

  bool filled(std::int64_t block) const { return selection_->rank(blocks_.end(block)) > selection_->rank(blocks_.first(block)); }
  /// Selected rows of a block, counted from its first.
  std::vector<std::int64_t> rows_of(std::int64_t block) const;

  /// `rows` are those of the block. Any thread.
  void count(const io::Dataset& rows, std::int64_t block) { extents_[static_cast<std::size_t>(block)] = io::extents_of(rows, rows_of(block)); }
  const io::DatasetExtents& extents(std::int64_t block) const { return extents_[static_cast<std::size_t>(block)]; }

  /// At most this much do any `count` blocks take together.
  io::DatasetExtents most(std::int64_t count) const;

  PackedPlan pack(std::vector<std::int64_t> blocks) const;
  /// Reads and packs number `index` of packed.blocks. InputError when the file changed since it was counted.
  void fill(const PackedPlan& packed, std::size_t index, io::RowReader& reader, std::byte* storage) const;

 private:
  const io::DatasetPlan* plan_;
  const sampling::RowSelection* selection_;
  Blocks blocks_;
  HostArrays arrays_;
  std::span<io::DatasetExtents> extents_;  // [blocks]
};

/// Collective on comm, whose ranks on this host are `host`: goes through the file and selects the rows that `wanted(part, row of the part)`.
/// Throws alike on every rank.
sampling::RowSelection select_rows(MPI_Comm comm, const io::HostRanks& host, const io::DatasetPlan& plan, const std::function<bool(const io::Dataset& part, std::int64_t row)>& wanted);

/// Collective on comm, whose ranks on this host are `host`: the selected rows of the file, numbered as in the selection, once a host.
/// Throws alike on every rank.
io::Dataset gather_rows(MPI_Comm comm, const io::HostRanks& host, const io::DatasetPlan& plan, const sampling::RowSelection& rows, int threads);

}  // namespace xxact::streaming
