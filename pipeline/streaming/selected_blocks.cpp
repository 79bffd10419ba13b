#include "pipeline/streaming/selected_blocks.hpp"

#include <algorithm>
#include <numeric>

#include "io/collective_step.hpp"
#include "src/base/error.hpp"

namespace xxact::streaming {
namespace {

constexpr std::int64_t kGatheredBlock = 4096;  // rows

}  // namespace

SelectedBlocks::SelectedBlocks(const io::DatasetPlan& plan, const sampling::RowSelection& rows, std::int64_t block_rows, const io::HostRanks& host, std::size_t more_bytes)
    : plan_(&plan), selection_(&rows), blocks_{plan.rows(), block_rows}, arrays_(host, HostArrays::bytes_of<io::DatasetExtents>(static_cast<std::size_t>(blocks_.count())) + more_bytes),
      extents_(arrays_.take<io::DatasetExtents>(static_cast<std::size_t>(blocks_.count()))) {}

std::vector<std::int64_t> SelectedBlocks::rows_of(std::int64_t block) const {
  const auto first = blocks_.first(block);
  auto rows = selection_->list(selection_->rank(first), selection_->rank(blocks_.end(block)));
  for (auto& row : rows) row -= first;
  return rows;
}

io::DatasetExtents SelectedBlocks::most(std::int64_t count) const {
  const auto largest = [&](std::int64_t io::DatasetExtents::*what) {
    std::vector<std::int64_t> values;
    for (const auto& extents : extents_) values.push_back(extents.*what);
    const auto end = values.begin() + std::min(count, std::ssize(values));
    std::partial_sort(values.begin(), end, values.end(), std::greater<>());
    return std::accumulate(values.begin(), end, std::int64_t{0});
  };
  return {largest(&io::DatasetExtents::rows), largest(&io::DatasetExtents::atoms), largest(&io::DatasetExtents::entries)};
}

PackedPlan SelectedBlocks::pack(std::vector<std::int64_t> blocks) const {
  PackedPlan packed{std::move(blocks), {{}}, {}};
  for (const auto block : packed.blocks) {
    const auto& last = packed.before.back();
    const auto& more = extents(block);
    packed.before.push_back({last.rows + more.rows, last.atoms + more.atoms, last.entries + more.entries});
  }
  packed.plan = io::plan_of_extents(*plan_, packed.before.back());
  return packed;
}

void SelectedBlocks::fill(const PackedPlan& packed, std::size_t index, io::RowReader& reader, std::byte* storage) const {
  const auto block = packed.blocks[index];
  const auto& rows = reader.read(blocks_.first(block), blocks_.end(block));
  const auto chosen = rows_of(block);
  if (io::extents_of(rows, chosen) != extents(block)) throw InputError("{}: rows {} to {} were changed while the file was read", plan_->path.string(), blocks_.first(block), blocks_.end(block) - 1);
  if (index == 0) io::begin_packed(packed.plan, storage);
  auto at = packed.before[index];
  io::pack_rows(rows, chosen, packed.plan, storage, at);
}

sampling::RowSelection select_rows(MPI_Comm comm, const io::HostRanks& host, const io::DatasetPlan& plan, const std::function<bool(const io::Dataset& part, std::int64_t row)>& wanted) {
  static_assert(kGatheredBlock % 64 == 0, "blocks share no word of the bitmap");
  const auto count = static_cast<std::size_t>((plan.rows() + 63) / 64);
  HostArrays arrays(host, HostArrays::bytes_of<std::uint64_t>(count));
  const auto words = arrays.take<std::uint64_t>(count);
  io::collectively(comm, [&] {
    visit_blocks(plan, {plan.rows(), kGatheredBlock}, {arrays.share()}, [&](const io::Dataset& part, std::int64_t block, int) {
      for (std::int64_t row = 0; row < part.size(); ++row)
        if (wanted(part, row)) words[static_cast<std::size_t>((block * kGatheredBlock + row) / 64)] |= std::uint64_t{1} << (row % 64);
    });
  });
  return {plan.rows(), {words.begin(), words.end()}};
}

io::Dataset gather_rows(MPI_Comm comm, const io::HostRanks& host, const io::DatasetPlan& plan, const sampling::RowSelection& rows, int threads) {
  SelectedBlocks selected(plan, rows, kGatheredBlock, host);
  const auto filled = [&](std::int64_t block) { return selected.filled(block); };
  io::collectively(comm, [&] {
    visit_blocks(plan, selected.blocks(), {selected.share(), threads, filled}, [&](const io::Dataset& read, std::int64_t block, int) { selected.count(read, block); });
  });
  std::vector<std::int64_t> blocks;
  for (std::int64_t block = 0; block < selected.blocks().count(); ++block)
    if (filled(block)) blocks.push_back(block);
  auto packed = selected.pack(std::move(blocks));
  io::HostMemory memory;
  io::collectively(comm, [&] { memory = io::allocate_on_host(host, packed.plan.bytes); });
  io::collectively(comm, [&] {
    if (packed.blocks.empty()) io::begin_packed(packed.plan, memory.data.get());
    const auto [first, end] = memory.share.of(std::ssize(packed.blocks));
    io::RowReader reader(plan);
    for (auto i = first; i < end; ++i) selected.fill(packed, static_cast<std::size_t>(i), reader, memory.data.get());
  });
  io::collectively(comm, [&] { memory.protect(); });
  return io::DatasetBuilder::build(std::move(packed.plan), std::move(memory.data));
}

}  // namespace xxact::streaming
