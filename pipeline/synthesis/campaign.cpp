#include "pipeline/synthesis/campaign.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "pipeline/synthesis/alexandria_json.hpp"
#include "src/base/mpi.hpp"
#include "src/base/progress.hpp"

namespace xxact::synthesis {
namespace {

constexpr int kMostFiles = 100'000;

struct Ranks {
  int rank = 0, count = 1;
  explicit Ranks(MPI_Comm comm) {
    check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
    check_mpi(MPI_Comm_size(comm, &count), "asking for the number of ranks");
  }
};

bool is_dataset_name(const std::filesystem::path& path) { return path.extension() == ".h5"; }

/// Where part `part` of `parts` begins.
std::int64_t begin_of(std::int64_t count, std::int64_t part, std::int64_t parts) { return count / parts * part + std::min(part, count % parts); }

/// `campaign.json.bz2` -> `campaign-007.json.bz2`.
std::filesystem::path numbered(const std::filesystem::path& path, int number, int files) {
  const std::string name = path.filename().string();
  const std::size_t end = name.rfind(".json");
  const std::size_t width = std::max<std::size_t>(3, fmt::formatted_size("{}", files - 1));
  return path.parent_path() / fmt::format("{}-{:0{}}{}", name.substr(0, end), number, width, name.substr(end));
}

CampaignWritten write_as_dataset(MPI_Comm comm, const Synthesizer& synthesizer, const CampaignOptions& options) {
  const Ranks ranks(comm);
  const std::int64_t first = begin_of(options.count, ranks.rank, ranks.count), end = begin_of(options.count, ranks.rank + 1, ranks.count);
  io::DatasetRows rows;
  io::DatasetDescription description;
  io::collectively(comm, [&] {
    description = describe_campaign(synthesizer, options.labels, options.count);
    Progress progress("synthesize", "structures of rank 0", end - first, options.progress && ranks.rank == 0);
    rows = make_rows(synthesizer, options.labels, first, end - first, options.count, [&](std::int64_t made) { progress.update(made); });
  });
  description.created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now()));
  io::broadcast_bytes(comm, description.created);  // clocks differ
  const io::DatasetWritten written = io::write_dataset(comm, options.output, rows, description, options.write);
  return {{options.output}, written.atoms, written.content_hash};
}

CampaignWritten write_as_json(MPI_Comm comm, const Synthesizer& synthesizer, const CampaignOptions& options) {
  const Ranks ranks(comm);
  CampaignWritten written;
  for (int file = 0; file < options.files; ++file) written.files.push_back(options.files == 1 ? options.output : numbered(options.output, file, options.files));
  std::int64_t of_rank = 0;
  for (int file = ranks.rank; file < options.files; file += ranks.count)
    of_rank += begin_of(options.count, file + 1, options.files) - begin_of(options.count, file, options.files);
  io::collectively(comm, [&] {
    Progress progress("synthesize", "structures of rank 0", of_rank, options.progress && ranks.rank == 0);
    std::int64_t before = 0;
    for (int file = ranks.rank; file < options.files; file += ranks.count) {
      const std::int64_t first = begin_of(options.count, file, options.files), rows = begin_of(options.count, file + 1, options.files) - first;
      write_json_file(written.files[static_cast<std::size_t>(file)], synthesizer, first, rows, options.count,
                      [&](std::int64_t done) { progress.update(before + done); });
      before += rows;
    }
  });
  return written;
}

}  // namespace

void check_campaign(const CampaignOptions& options) {
  if (options.count < 1 || options.count > kMostStructures) throw ConfigError("--count {} is not in 1-{}, e.g. 1000000", options.count, kMostStructures);
  const bool dataset = is_dataset_name(options.output);
  if (!dataset && !is_json_name(options.output))
    throw ConfigError("--output {}: the name must end in .h5, .json, .json.gz, .json.bz2 or .json.zst", options.output.string());
  if (options.files < 1 || options.files > kMostFiles || options.files > options.count)
    throw ConfigError("--files {} is not in 1-{} and at most --count", options.files, kMostFiles);
  if (dataset && options.files > 1) throw ConfigError("--files {}: a dataset is one file; only JSON is spread over several", options.files);
  if (!dataset && options.labels != CampaignLabels::none)
    throw ConfigError("--labels parent needs an output that ends in .h5: JSON cannot say that its labels are not of its structures");
}

CampaignWritten write_campaign(MPI_Comm comm, const Synthesizer& synthesizer, const CampaignOptions& options) {
  check_campaign(options);
  return is_dataset_name(options.output) ? write_as_dataset(comm, synthesizer, options) : write_as_json(comm, synthesizer, options);
}

}  // namespace xxact::synthesis
