// One pass over the rows of a dataset file, block by block, by several threads and ranks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "io/dataset_plan.hpp"
#include "io/share.hpp"

namespace xxact::streaming {

/// Block b holds rows b rows .. (b + 1) rows - 1 of the file, the last one fewer.
struct Blocks {
  std::int64_t total_rows = 0, rows = 4096;

  std::int64_t count() const { return (total_rows + rows - 1) / rows; }
  std::int64_t first(std::int64_t block) const { return block * rows; }
  std::int64_t end(std::int64_t block) const { return std::min(total_rows, first(block) + rows); }
};

struct PassOptions {
  io::Share share;   // of the blocks
  int threads = 1;
  std::function<bool(std::int64_t block)> wanted = {};  // called from any thread; empty: every block
};

/// `rows` are those of the block, `thread` is 0 .. threads - 1.
using Visit = std::function<void(const io::Dataset& rows, std::int64_t block, int thread)>;

/// Calls visit(rows, block, thread) for the wanted blocks of this share, from several threads at once, rising within a thread; `rows` are
/// the block's, numbered from 0, and valid during the call. Rethrows what reading or visiting threw first in the order of blocks.
void visit_blocks(const io::DatasetPlan& plan, const Blocks& blocks, const PassOptions& options, const Visit& visit);

}  // namespace xxact::streaming
