// What could not be read, and why: one JSON object a line with `source`, `record`, `id`, `reason`.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/input_files.hpp"

namespace xxact::io {

struct Reject {
  static constexpr std::int64_t kWholeFile = -1;
  std::size_t file = 0;               // place in the list of input files
  std::int64_t record = kWholeFile;   // from 0; for a file that breaks off, the record that was lost
  std::string id;                     // as far as known
  std::string reason;
};

/// Collective on comm. Writes the rejects of all ranks in input order; a whole-file reject that several ranks found is
/// written once, its `record` is null. Bytes that are not UTF-8 are replaced. Returns how many lines there are, on
/// every rank. Throws IoError alike on every rank.
std::int64_t write_rejects(MPI_Comm comm, const std::filesystem::path& path, const std::vector<InputFile>& files, const std::vector<Reject>& rejects);

}  // namespace xxact::io
