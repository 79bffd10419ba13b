#include "pipeline/streaming/row_windows.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <optional>

#include "io/collective_step.hpp"
#include "src/base/error.hpp"

namespace xxact::streaming {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(1);

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

RowWindows::RowWindows(MPI_Comm comm, const io::HostRanks& host, const SelectedBlocks& selected, const sampling::WindowedOrder& order, std::int64_t first, std::int64_t end)
    : selected_(selected), order_(order), first_(first), end_(end), released_(first) {
  slot_bytes_ = round_up(io::plan_of_extents(selected.plan(), selected.most(order.most_blocks())).bytes, io::kStorageAlignment);
  io::collectively(comm, [&] { memory_ = io::allocate_on_host(host, io::kWindows * (slot_bytes_ + sizeof(Counters)) + sizeof(Failure)); });
  // Each rank makes its own objects of the memory, before any of them counts.
  for (std::int64_t window = 0; window < io::kWindows; ++window) new (&counters(window)) Counters{};
  new (&failure()) Failure{};
  io::collectively(comm, [] {});
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

RowWindows::~RowWindows() = default;

RowWindows::Counters& RowWindows::counters(std::int64_t window) const { return reinterpret_cast<Counters*>(memory_.data.get() + io::kWindows * slot_bytes_)[slot_of(window)]; }

RowWindows::Failure& RowWindows::failure() const { return *reinterpret_cast<Failure*>(memory_.data.get() + io::kWindows * (slot_bytes_ + sizeof(Counters))); }

/// To all ranks of the host, unless another one did.
void RowWindows::tell(const std::exception& error) const {
  int none = Failure::none;
  if (!failure().state.compare_exchange_strong(none, Failure::being_written)) return;
  std::strncpy(failure().reason, error.what(), sizeof failure().reason - 1);
  failure().state.store(Failure::written, std::memory_order_release);
}

/// False when it is asked to stop instead. Throws what another rank told.
bool RowWindows::wait_until(const std::stop_token& stop, const std::atomic<std::int64_t>& counter, std::int64_t value) const {
  while (counter.load(std::memory_order_acquire) < value) {
    if (stop.stop_requested()) return false;
    if (failure().state.load(std::memory_order_acquire) == Failure::written) throw InputError("{}", failure().reason);
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

void RowWindows::fill(std::int64_t window, io::RowReader& reader, const PackedPlan& packed, const std::stop_token& stop) const {
  const auto [first, end] = memory_.share.of(std::ssize(packed.blocks));
  const auto& blocks = selected_.blocks();
  for (auto i = first; i < end && !stop.stop_requested(); ++i) {
    if (i + 1 < end) {
      const auto next = packed.blocks[static_cast<std::size_t>(i) + 1];
      reader.announce(blocks.first(next), blocks.end(next));
    }
    selected_.fill(packed, static_cast<std::size_t>(i), reader, storage(window));
  }
}

void RowWindows::work(const std::stop_token& stop) try {
  io::RowReader reader(selected_.plan());
  std::int64_t epoch_number = -1;
  std::optional<sampling::WindowedEpoch> epoch;
  for (auto window = first_; window < end_; ++window) {
    if (const auto number = window / order_.windows(); number != epoch_number) {
      epoch.emplace(order_.epoch(number));
      epoch_number = number;
    }
    const auto blocks = epoch->blocks(window % order_.windows());
    auto packed = selected_.pack({blocks.begin(), blocks.end()});
    // How often this slot was used before; each time every rank filled its share and let go of all.
    const auto uses = (window - first_) / io::kWindows, ranks = memory_.share.count;
    if (!wait_until(stop, counters(window).released, uses * ranks)) return;
    fill(window, reader, packed, stop);
    if (stop.stop_requested()) return;
    counters(window).filled.fetch_add(1, std::memory_order_release);
    if (!wait_until(stop, counters(window).filled, (uses + 1) * ranks)) return;
    const std::lock_guard lock(mutex_);
    // Not owned: the memory is this object's.
    slots_[slot_of(window)] = {window, io::DatasetBuilder::build(std::move(packed.plan), std::shared_ptr<const std::byte>(std::shared_ptr<const std::byte>(), storage(window)))};
    ready_.notify_all();
  }
} catch (const std::exception& error) {
  tell(error);
  const std::lock_guard lock(mutex_);
  failure_ = std::current_exception();
  ready_.notify_all();
}

const io::Dataset& RowWindows::wait_for(std::int64_t window) {
  std::unique_lock lock(mutex_);
  ready_.wait(lock, [&] { return slots_[slot_of(window)].window == window || failure_ || cancelled_; });
  if (slots_[slot_of(window)].window == window) return slots_[slot_of(window)].rows;
  if (failure_) std::rethrow_exception(failure_);
  throw IoError("the windows of a dataset are not filled any more");
}

void RowWindows::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  ready_.notify_all();
}

void RowWindows::release_before(std::int64_t window) {
  for (; released_ < std::min(window, end_); ++released_) {
    wait_for(released_);  // which this rank may not have had a sample of: its thread still looks at it
    counters(released_).released.fetch_add(1, std::memory_order_release);
  }
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace xxact::streaming
