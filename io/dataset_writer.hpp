// Writes dataset files: all ranks together, each its own rows, through buffers of bounded size.
// Not here: reading (io/dataset.hpp), what the rows come from (ingest).
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/dataset_piece.hpp"
#include "io/dataset_rows.hpp"

namespace xxact::io {

struct DatasetWriteOptions {
  int compress = 0;                        // deflate level 0..9, 0 = none
  std::int64_t alignment = 1 << 20;        // bytes; arrays of half of it or more begin at its multiples
};

struct DatasetWritten {
  std::int64_t rows = 0, structures = 0, atoms = 0;
  std::string content_hash;
};

/// Collective on comm. The rows of rank 0 come first, in the order of its pieces, then those of rank 1, ...; any rank
/// may have none. The description must be the same on every rank. The file appears under its name complete and synced,
/// or not at all; its content and content_hash do not depend on how the rows are shared out. Memory: 64 MiB a rank, and the
/// largest piece. Throws alike on every rank: IoError when the file cannot be written, CommError for labels of one name, and
/// what opening a piece throws.
DatasetWritten write_dataset(MPI_Comm comm, const std::filesystem::path& path, const std::vector<DatasetPiece>& pieces,
                             const DatasetDescription& description, const DatasetWriteOptions& options = {});

/// The same for rows in memory; throws also what pieces_of throws.
DatasetWritten write_dataset(MPI_Comm comm, const std::filesystem::path& path, const DatasetRows& rows,
                             const DatasetDescription& description, const DatasetWriteOptions& options = {});

}  // namespace xxact::io
