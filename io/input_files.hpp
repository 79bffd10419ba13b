// The files behind --input, in input order, and which rank reads which.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xxact::io {

/// Rows of a dataset file that came from one source.
struct DatasetRange {
  std::int64_t first = 0, rows = 0;
  std::string source;  // as the dataset names it
};

struct InputFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::int64_t changed = 0;     // when it was last written, in ticks of the file system's clock
  bool is_dataset = false;
  std::string refusal;          // why it is not read, as far as that is known before
  std::optional<DatasetRange> dataset = {};  // only these rows, see io/ingest_datasets.hpp

  /// What a row of it came from.
  const std::string& source() const { return dataset ? dataset->source : path; }
};

/// Files in the order given; a folder stands for the files below it whose names say that they are sources, sorted by
/// path, links to folders not followed; links to nothing, pipes and devices of such a name are refused. Datasets are read where they are given by name, not in
/// folders. A path that does not exist stays in the list: reading it fails with its reason.
/// `skipped`: files of folders that were left out by their names.
struct InputList {
  std::vector<InputFile> files;
  std::int64_t skipped = 0;
};

/// Collective on comm. Rank 0 looks at the file system, the others get its list.
InputList list_inputs(MPI_Comm comm, const std::vector<std::filesystem::path>& inputs);

/// Ranks that read one file together: each goes through all of it and parses every `ranks`-th block of records.
struct FileReaders {
  int first = 0, ranks = 1;
  std::int64_t block = 1;  // records that one rank parses in a row
  bool include(int rank) const { return rank >= first && rank < first + ranks; }
  bool parses(int rank, std::int64_t record) const { return record / block % ranks == rank - first; }
};

/// Readers of each file, by its bytes: a file above the fair share of a rank and a half is read by several, so that a set of
/// many files is decompressed once, not once a rank; the others go, the largest first, each to the rank that has least to do.
std::vector<FileReaders> assign_readers(const std::vector<std::uint64_t>& bytes, int ranks);

}  // namespace xxact::io
