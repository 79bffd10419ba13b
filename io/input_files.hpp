// The files behind --input, in input order, and which rank reads which.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace xxact::io {

struct InputFile {
  std::string path;
  std::uint64_t bytes = 0;
};

/// Files in the order given; a folder stands for the files below it whose names say that they are sources, sorted by
/// path, links to folders not followed. A path that does not exist stays in the list: reading it fails with its reason.
/// `skipped`: files of folders that were left out by their names.
struct InputList {
  std::vector<InputFile> files;
  std::int64_t skipped = 0;
};

/// Collective on comm. Rank 0 looks at the file system, the others get its list.
InputList list_inputs(MPI_Comm comm, const std::vector<std::filesystem::path>& inputs);

inline constexpr int kSharedByAll = -1;

/// Reading rank of each file. A file that holds more than a quarter of a rank's fair share of the bytes is read by all
/// ranks, each parsing its part of the records; the others go one by one to the rank with the least to read.
std::vector<int> assign_files(const std::vector<InputFile>& files, int ranks);

}  // namespace xxact::io
