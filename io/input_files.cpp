#include "io/input_files.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {

namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_of(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

void add_folder(const fs::path& folder, InputList& list) {
  std::vector<fs::path> found;
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      std::error_code error;
      if (!entry.is_regular_file(error)) continue;
      if (format_of_name(entry.path())) found.push_back(entry.path());
      else ++list.skipped;
    }
  } catch (const fs::filesystem_error& error) {
    throw InputError("cannot list the folder {}: {}", folder.string(), error.code().message());
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) list.files.push_back({path.string(), bytes_of(path)});
}

InputList list_here(const std::vector<fs::path>& inputs) {
  InputList list;
  for (const fs::path& input : inputs) {
    std::error_code error;
    if (fs::is_directory(input, error)) add_folder(input, list);
    else list.files.push_back({input.string(), bytes_of(input)});
  }
  return list;
}

}  // namespace

InputList list_inputs(MPI_Comm comm, const std::vector<fs::path>& inputs) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  InputList list;
  std::string packed;
  collectively(comm, [&] {
    if (rank != 0) return;
    list = list_here(inputs);
    auto files = nlohmann::json::array();
    for (const InputFile& file : list.files) files.push_back({file.path, file.bytes});
    const auto bytes = nlohmann::json::to_cbor(nlohmann::json{{"files", std::move(files)}, {"skipped", list.skipped}});
    packed.assign(bytes.begin(), bytes.end());
  });
  broadcast_bytes(comm, packed);
  if (rank == 0) return list;
  const auto unpacked = nlohmann::json::from_cbor(packed);
  list.skipped = unpacked["skipped"].get<std::int64_t>();
  for (const auto& file : unpacked["files"]) list.files.push_back({file[0].get<std::string>(), file[1].get<std::uint64_t>()});
  return list;
}

std::vector<FileReaders> assign_readers(const std::vector<InputFile>& files, int ranks) {
  std::vector<FileReaders> readers(files.size());
  double total = 0;
  for (const InputFile& file : files) total += static_cast<double>(file.bytes);
  double before = 0;
  for (std::size_t i = 0; i < files.size() && total > 0; ++i) {
    const double start = before / total * ranks, width = static_cast<double>(files[i].bytes) / total * ranks;
    before += static_cast<double>(files[i].bytes);
    readers[i].ranks = std::clamp(static_cast<int>(std::lround(width)), 1, ranks);
    // A rank alone takes the files that begin in its part; several take the part that the file covers best.
    const int first = readers[i].ranks == 1 && width < 1 ? static_cast<int>(start) : static_cast<int>(std::lround(start));
    readers[i].first = std::clamp(first, 0, ranks - readers[i].ranks);
  }
  return readers;
}

}  // namespace xxact::io
