// Buffers of float32 between ranks, in flight beside computation: MPI for host memory, NCCL for device memory (pipeline/device).
// Operations are started in one order, with the same counts, on every rank, and end together in wait_all().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pipeline/comm/communicator.hpp"

namespace xxact::comm {

/// An operation under way, or done.
struct Transfer {
  using Clock = std::chrono::steady_clock;
  std::int64_t floats = 0;
  Clock::time_point started, done;  // done: when it was first seen to be
};

class Channel {
 public:
  virtual ~Channel() = default;
  virtual int rank() const = 0;
  virtual int ranks() const = 0;

  /// All-reduce in place: `values` [count] become their sums over ranks. Collective on comm, as all that start here.
  virtual void start_sum(float* values, std::int64_t count) = 0;
  /// Reduce-scatter in place: part rank() of `values` [ranks() * share] becomes its sum over ranks; the other parts may be anything after it.
  virtual void start_sum_of_shares(float* values, std::int64_t share) = 0;
  /// All-gather in place: part r of `values` [ranks() * share] becomes rank r's part r.
  virtual void start_gather_of_shares(float* values, std::int64_t share) = 0;
  /// `values` [count] become those of rank `from`.
  virtual void start_broadcast(float* values, std::int64_t count, int from) = 0;

  /// Lets what was started go on, where the library moves data only within its calls. Never waits.
  virtual void progress() {}
  /// Returns when all that was started can be read (host), or is ordered before later work on the compute stream (device).
  virtual void wait_all() = 0;
  /// CommError when the library knows that an operation failed. Never waits.
  virtual void check() {}
  /// Device: what is on the compute stream by now has to end within the communicator's deadline, even if the host cannot look.
  virtual void watch(const char* /*what*/) {}
  /// What was started since the wait before the last one; empty where the host does not see it (device).
  virtual std::span<const Transfer> transfers() const { return {}; }
};

/// Host memory over MPI's non-blocking collectives. `comm` must outlive it.
std::unique_ptr<Channel> make_mpi_channel(const Communicator& comm);

}  // namespace xxact::comm
