// Memory that the ranks of a host share, for arrays that each of them reads: one copy a host, filled by all.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "io/share.hpp"

namespace xxact::io {

/// The ranks of this host; owner of their communicator.
class HostRanks {
 public:
  /// Collective on comm, and so is the destructor on the host.
  explicit HostRanks(MPI_Comm comm);
  ~HostRanks();
  HostRanks(const HostRanks&) = delete;
  HostRanks& operator=(const HostRanks&) = delete;

  MPI_Comm comm() const { return comm_; }
  int rank() const { return rank_; }
  int ranks() const { return ranks_; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, ranks_ = 1;
};

/// A block of memory and this rank's share of the work on it.
struct HostMemory {
  std::shared_ptr<std::byte> data;
  Share share;          // {0, 1} where each rank has memory of its own
  std::size_t bytes = 0;

  bool shared() const { return share.count > 1; }
  /// From now on only reading is allowed: who writes by mistake is stopped instead of spoiling the others' data.
  void protect() const;
};

/// Bytes that shared memory of this host has free; 0 where it has none.
std::uint64_t shared_memory_free() noexcept;

/// Collective on the host. At least `bytes` bytes, aligned to a page or 64 bytes: shared by the ranks of the host (POSIX
/// shared memory, unlinked once all have mapped it, so that a killed job leaves nothing behind), or of each rank's own where the rank is
/// alone or the host grants no shared memory (a small /dev/shm). Throws alike on the ranks of the host: IoError when
/// there is no memory.
HostMemory allocate_on_host(const HostRanks& host, std::size_t bytes);

}  // namespace xxact::io
