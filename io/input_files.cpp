#include "io/input_files.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
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

std::vector<int> assign_files(const std::vector<InputFile>& files, int ranks) {
  std::vector<int> owner(files.size(), 0);
  if (ranks == 1) return owner;
  const std::uint64_t total = std::accumulate(files.begin(), files.end(), std::uint64_t{0}, [](std::uint64_t sum, const InputFile& file) { return sum + file.bytes; });
  const std::uint64_t large = total / (4 * static_cast<std::uint64_t>(ranks));
  std::vector<std::uint64_t> load(static_cast<std::size_t>(ranks), 0);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].bytes > large) {
      owner[i] = kSharedByAll;
      continue;
    }
    const auto least = std::min_element(load.begin(), load.end());
    owner[i] = static_cast<int>(least - load.begin());
    *least += files[i].bytes + 1;
  }
  return owner;
}

}  // namespace xxact::io
