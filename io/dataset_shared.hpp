// A dataset read once a host instead of once a rank: its arrays lie in memory that the ranks of the host share.
#pragma once

#include <mpi.h>

#include <filesystem>

#include "io/dataset.hpp"

namespace xxact::io {

/// Collective on comm. Like read_dataset, but rank 0 alone reads the file's metadata, the ranks of each host read and
/// check a share of the data each, and all look at the same memory (io/host_memory.hpp).
/// Throws alike on every rank what read_dataset throws on any.
Dataset read_dataset_shared(MPI_Comm comm, const std::filesystem::path& path, HashCheck check = HashCheck::skip);

}  // namespace xxact::io
