// Writes dataset files: all ranks together, rows in input order whatever rank held them.
// Not here: reading (io/dataset.hpp), what the rows come from (ingest).
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>

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

/// Collective on comm. `rows` is spent. The description must be the same on every rank. The file appears under its name
/// complete and synced, or not at all; its content and content_hash do not depend on the number of ranks.
/// Throws alike on every rank: IoError when the file cannot be written, CommError when the rows contradict themselves
/// (lengths, an input_index twice), InputError for an id longer than 64 bytes.
DatasetWritten write_dataset(MPI_Comm comm, const std::filesystem::path& path, DatasetRows rows,
                             const DatasetDescription& description, const DatasetWriteOptions& options = {});

}  // namespace xxact::io
