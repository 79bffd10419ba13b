// A dataset read once a host instead of once a rank: its arrays lie in memory that the ranks of the host share.
#pragma once

#include <mpi.h>

#include <filesystem>

#include "io/dataset.hpp"

namespace xxact::io {

/// Collective on comm. Like read_dataset, but one rank of each host reads and checks the data and the others look at the
/// same memory (POSIX shared memory, unlinked before it is filled, so that a killed job leaves nothing behind). Where a
/// host grants no such memory (a small /dev/shm), each of its ranks reads a copy of its own and says so.
/// Throws alike on every rank what read_dataset throws on any.
Dataset read_dataset_shared(MPI_Comm comm, const std::filesystem::path& path, HashCheck check = HashCheck::skip);

}  // namespace xxact::io
