// The windows of a dataset that is larger than memory: two lie in memory that the ranks of a host share, one that is used and one
// that all of them fill meanwhile. Not here: the order of samples (pipeline/sampling/windowed_order.hpp).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "io/load_plan.hpp"
#include "pipeline/sampling/windowed_order.hpp"
#include "pipeline/streaming/selected_blocks.hpp"

namespace xxact::streaming {

/// Windows are numbered through all epochs: number n is window n % order.windows() of epoch n / order.windows().
class RowWindows {
 public:
  /// Collective on comm, whose ranks on this host are `host`. Rows of the window are those of the order's blocks(), in their order. All
  /// references must outlive it; `selected` is counted, its blocks have the shape of the order's. Begins to fill windows first and first + 1; windows
  /// from `end` on are never filled. IoError when memory is short.
  RowWindows(MPI_Comm comm, const io::HostRanks& host, const SelectedBlocks& selected, const sampling::WindowedOrder& order, std::int64_t first, std::int64_t end);
  ~RowWindows();
  RowWindows(const RowWindows&) = delete;
  RowWindows& operator=(const RowWindows&) = delete;

  /// A window that was not released; blocks until it is there. Throws what filling threw on any rank of the host, and an Error after cancel(). Any thread.
  const io::Dataset& wait_for(std::int64_t window);
  /// Windows before this one are not asked for again, and nothing of them is used any more: once all ranks of the host have said so, the next
  /// ones take their memory. Throws what filling threw on any rank of the host. One thread; to be called in every step, also by ranks that have no samples.
  void release_before(std::int64_t window);

  /// Whoever waits, or will, gets an Error. Any thread.
  void cancel();

 private:
  /// What the ranks of a host tell each other, in their memory.
  struct Counters {
    std::atomic<std::int64_t> filled, released;  // so many ranks, summed over the windows that used the slot
  };
  /// What the first rank that could not fill its share says.
  struct Failure {
    enum State : int { none, being_written, written };
    std::atomic<int> state;
    char reason[2048];
  };
  static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free);
  struct Slot {
    std::int64_t window = -1;  // that is ready here
    io::Dataset rows;
  };

  static std::size_t slot_of(std::int64_t window) { return static_cast<std::size_t>(window % io::kWindows); }
  Counters& counters(std::int64_t window) const;
  Failure& failure() const;
  void tell(const std::exception& error) const;
  std::byte* storage(std::int64_t window) const { return memory_.data.get() + slot_of(window) * slot_bytes_; }
  void work(const std::stop_token& stop);
  bool wait_until(const std::stop_token& stop, const std::atomic<std::int64_t>& counter, std::int64_t value) const;
  void fill(std::int64_t window, io::RowReader& reader, const PackedPlan& packed, const std::stop_token& stop) const;

  const SelectedBlocks& selected_;
  const sampling::WindowedOrder& order_;
  std::int64_t first_, end_, released_;
  std::size_t slot_bytes_ = 0;
  io::HostMemory memory_;  // the slots, their counters, the failure
  std::mutex mutex_;
  std::condition_variable ready_;
  Slot slots_[io::kWindows];
  std::exception_ptr failure_;
  bool cancelled_ = false;
  std::jthread thread_;  // last: it uses everything above
};

}  // namespace xxact::streaming
