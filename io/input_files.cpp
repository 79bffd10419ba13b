#include "io/input_files.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <system_error>
#include <utility>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/dataset.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {

namespace {

namespace fs = std::filesystem;

InputFile file_at(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  const bool sized = !error;
  const auto changed = fs::last_write_time(path, error);
  return {path.string(), sized ? bytes : 0, error ? 0 : static_cast<std::int64_t>(changed.time_since_epoch().count()), false, {}};
}

/// Why this entry of a folder cannot be a source, whatever its name; empty for regular files, and for folders, which are gone through.
std::string refusal_of(const fs::directory_entry& entry) {
  std::error_code error;
  const auto status = entry.status(error);
  switch (status.type()) {
    case fs::file_type::regular:
    case fs::file_type::directory: return {};
    case fs::file_type::not_found: return "is a link to nothing";
    case fs::file_type::fifo: return "is a pipe, no regular file";
    case fs::file_type::socket: return "is a socket, no regular file";
    case fs::file_type::block:
    case fs::file_type::character: return "is a device, no regular file";
    default: return error ? error.message() : "is no regular file";
  }
}

void add_folder(const fs::path& folder, InputList& list) {
  std::vector<std::pair<fs::path, std::string>> found;  // and why it is refused
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      std::error_code error;
      if (entry.is_directory(error)) continue;
      if (format_of_name(entry.path())) found.emplace_back(entry.path(), refusal_of(entry));
      else ++list.skipped;
    }
  } catch (const fs::filesystem_error& error) {
    throw InputError("cannot list the folder {}: {}", folder.string(), error.code().message());
  }
  std::sort(found.begin(), found.end());
  for (const auto& [path, refusal] : found) {
    list.files.push_back(file_at(path));
    list.files.back().refusal = refusal;
  }
}

InputList list_here(const std::vector<fs::path>& inputs) {
  InputList list;
  for (const fs::path& input : inputs) {
    std::error_code error;
    if (fs::is_directory(input, error)) add_folder(input, list);
    else {
      list.files.push_back(file_at(input));
      list.files.back().is_dataset = fs::is_regular_file(input, error) && is_dataset_file(input);
    }
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
    for (const InputFile& file : list.files) files.push_back({file.path, file.bytes, file.changed, file.is_dataset, file.refusal});
    const auto bytes = nlohmann::json::to_cbor(nlohmann::json{{"files", std::move(files)}, {"skipped", list.skipped}});
    packed.assign(bytes.begin(), bytes.end());
  });
  broadcast_bytes(comm, packed);
  if (rank == 0) return list;
  const auto unpacked = nlohmann::json::from_cbor(packed);
  list.skipped = unpacked["skipped"].get<std::int64_t>();
  for (const auto& file : unpacked["files"]) list.files.push_back({file[0].get<std::string>(), file[1].get<std::uint64_t>(), file[2].get<std::int64_t>(), file[3].get<bool>(), file[4].get<std::string>()});
  return list;
}

std::vector<FileReaders> assign_readers(const std::vector<std::uint64_t>& bytes, int ranks) {
  std::vector<FileReaders> readers(bytes.size());
  const double share = std::accumulate(bytes.begin(), bytes.end(), 0.0) / ranks;
  std::vector<double> load(static_cast<std::size_t>(ranks), 0.0);
  std::vector<std::size_t> order(bytes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return bytes[a] > bytes[b]; });
  for (const std::size_t file : order) {
    FileReaders& reader = readers[file];
    const auto size = static_cast<double>(bytes[file]);
    reader.ranks = share > 0 ? std::clamp(static_cast<int>(std::lround(size / share)), 1, ranks) : 1;
    // The neighbouring ranks with least to do so far.
    double least = std::numeric_limits<double>::infinity();
    for (int first = 0; first + reader.ranks <= ranks; ++first) {
      const auto begin = load.begin() + first;
      const double most = *std::max_element(begin, begin + reader.ranks);
      if (most < least) {
        least = most;
        reader.first = first;
      }
    }
    for (int rank = reader.first; rank < reader.first + reader.ranks; ++rank) load[static_cast<std::size_t>(rank)] = least + size / reader.ranks;
    // About a dozen blocks a rank, however small the file; a record takes about 300 bytes of a compressed file.
    if (reader.ranks > 1) reader.block = std::clamp<std::int64_t>(std::llround(size / 300 / (12.0 * reader.ranks)), 64, 16384);
  }
  return readers;
}

}  // namespace xxact::io
