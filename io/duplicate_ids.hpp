// Counts ids that occur more than once over all ranks. Duplicates are allowed (sources repeat entries), but said.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace xxact::io {

/// Collective on comm. Rows whose id an earlier row has already, over all ranks, by 64 bits of SHA-256. Same on every rank.
std::int64_t count_duplicate_ids(MPI_Comm comm, const std::vector<std::string>& ids);

}  // namespace xxact::io
