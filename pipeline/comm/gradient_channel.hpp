// How gradient buckets are summed over ranks: MPI for host memory, NCCL for device memory (device library).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "pipeline/comm/communicator.hpp"

namespace xxact::comm {

/// A sum under way, or done.
struct Transfer {
  using Clock = std::chrono::steady_clock;
  std::int64_t floats = 0;
  Clock::time_point started, done;  // done: when it was first seen to be
};

class GradientChannel {
 public:
  virtual ~GradientChannel() = default;
  virtual int ranks() const = 0;
  /// Starts an in-place sum over ranks. Called in the same order with the same counts on every rank. Collective on comm.
  virtual void start_sum(float* values, std::int64_t count) = 0;
  /// Lets started sums go on, where the library moves data only within its calls. Never waits.
  virtual void progress() {}
  /// Returns when every started sum can be read (host), or is ordered before later work on the compute stream (device).
  virtual void wait_all() = 0;
  /// The sums since the wait before the last one; empty where the host does not see them (device).
  virtual std::span<const Transfer> transfers() const { return {}; }
};

/// Sums in host memory over MPI, overlapped by MPI_Iallreduce. `comm` must outlive it.
std::unique_ptr<GradientChannel> make_mpi_gradient_channel(const Communicator& comm);

}  // namespace xxact::comm
