// Byte strings between rank 0 and the others: file lists, rejects. Longer than 2 GiB too.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

namespace xxact::io {

/// Collective on comm. Every rank gets rank 0's bytes.
void broadcast_bytes(MPI_Comm comm, std::string& bytes);

/// Collective on comm. Rank 0 gets the bytes of all ranks by rank, the others nothing.
std::vector<std::string> gather_bytes(MPI_Comm comm, const std::string& bytes);

}  // namespace xxact::io
