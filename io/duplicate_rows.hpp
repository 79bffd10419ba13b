// Rows that are equal, over all ranks, by a hash of what is compared. Duplicates are allowed (sources repeat entries), but said.
#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "io/dataset_piece.hpp"

namespace xxact::io {

/// The first 128 bits of a SHA-256.
using RowKey = std::array<std::uint64_t, 2>;

struct DuplicateRow {
  std::int64_t row = 0, same_as = 0;  // rows of the whole dataset; same_as is the first of its kind
  bool operator==(const DuplicateRow&) const = default;
};

/// Collective on comm. `keys` are those of this rank's rows; rank 0's rows come first. Returns which of this rank's rows
/// have the key of an earlier row of any rank.
std::vector<DuplicateRow> find_duplicates(MPI_Comm comm, const std::vector<RowKey>& keys);

struct DuplicateCounts {
  std::int64_t ids = 0;       // rows whose id an earlier row has
  std::int64_t contents = 0;  // rows whose lattice, atoms and occupancies (without structure: composition) are, bit for bit, an earlier row's
};

/// Collective on comm. Looks for both among the rows of the pieces, and writes those of equal content to `path`, one JSON object a
/// line: `row`, `id`, `same_as` (a row); without any, there is no file of that name afterwards. IoError alike on every rank.
DuplicateCounts report_duplicates(MPI_Comm comm, const std::vector<DatasetPiece>& pieces, const std::filesystem::path& path);

}  // namespace xxact::io
