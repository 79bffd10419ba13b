// How gradient buckets are summed over ranks: MPI for host memory, NCCL for device memory (device library).
#pragma once

#include <cstdint>
#include <memory>

#include "pipeline/comm/communicator.hpp"

namespace xxact::comm {

class GradientChannel {
 public:
  virtual ~GradientChannel() = default;
  /// Starts an in-place sum over ranks. Called in the same order with the same counts on every rank. Collective on comm.
  virtual void start_sum(float* values, std::int64_t count) = 0;
  /// Returns when every started sum can be read (host), or is ordered before later work on the compute stream (device).
  virtual void wait_all() = 0;
};

/// Sums in host memory over MPI, overlapped by MPI_Iallreduce. `comm` must outlive it.
std::unique_ptr<GradientChannel> make_mpi_gradient_channel(const Communicator& comm);

}  // namespace xxact::comm
