#include "io/ingest_datasets.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/byte_exchange.hpp"
#include "io/collective_step.hpp"
#include "io/dataset_reader.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/split.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr std::int64_t kSlice = 1 << 20;  // rows

/// A run of rows of one source.
struct Run {
  std::size_t source;
  std::int64_t first, rows;
};

/// In the order of the file; sources without rows have none.
std::vector<Run> runs_of(const DatasetPlan& plan) {
  const hdf5::Place place{plan.path, "/structures/source_file"};
  const auto file = hdf5::open_file(plan.path);
  const auto array = hdf5::open_array(file, hdf5::Element::u32, 1, place);
  std::vector<Run> runs;
  std::vector<std::uint32_t> slice;
  for (std::int64_t first = 0; first < array.spec.rows(); first += kSlice) {
    slice.resize(static_cast<std::size_t>(std::min(kSlice, array.spec.rows() - first)));
    hdf5::read_rows(array.dataset, array.spec, first, std::ssize(slice), slice.data(), place);
    for (std::size_t i = 0; i < slice.size(); ++i) {
      if (slice[i] >= plan.description->sources.size())
        throw InputError("{}: row {} names source {} of {}", place.text(), first + static_cast<std::int64_t>(i), slice[i], plan.description->sources.size());
      if (runs.empty() || runs.back().source != slice[i]) runs.push_back({slice[i], first + static_cast<std::int64_t>(i), 0});
      ++runs.back().rows;
    }
  }
  return runs;
}

/// Sources as inputs. Those that gave no row stay, in their places, so that the numbers of sources stay; a source whose rows lie apart comes once for each run.
std::vector<InputFile> inputs_of(const InputFile& file, const DatasetPlan& plan, const std::vector<Run>& runs) {
  std::vector<InputFile> inputs;
  std::size_t next = 0;
  const auto add = [&](std::size_t source, std::int64_t first, std::int64_t rows) {
    InputFile input = file;
    input.bytes = static_cast<std::uint64_t>(static_cast<double>(file.bytes) * static_cast<double>(rows) / static_cast<double>(std::max<std::int64_t>(plan.rows(), 1)));
    input.dataset = DatasetRange{first, rows, plan.description->sources[source]};
    inputs.push_back(std::move(input));
  };
  for (const auto& [source, first, rows] : runs) {
    for (; next < source; ++next) add(next, first, 0);
    add(source, first, rows);
    next = std::max(next, source + 1);
  }
  for (; next < plan.description->sources.size(); ++next) add(next, plan.rows(), 0);
  return inputs;
}

/// Collective. Rank 0 reads the file.
std::vector<Run> runs_of(MPI_Comm comm, const DatasetPlan& plan) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  std::string packed;
  collectively(comm, [&] {
    if (rank != 0) return;
    auto list = nlohmann::json::array();
    for (const auto& run : runs_of(plan)) list.push_back({run.source, run.first, run.rows});
    const auto bytes = nlohmann::json::to_cbor(list);
    packed.assign(bytes.begin(), bytes.end());
  });
  broadcast_bytes(comm, packed);
  std::vector<Run> runs;
  for (const auto& run : nlohmann::json::from_cbor(packed)) runs.push_back({run[0].get<std::size_t>(), run[1].get<std::int64_t>(), run[2].get<std::int64_t>()});
  return runs;
}

}  // namespace

IngestDatasets::IngestDatasets(MPI_Comm comm, const IngestOptions& options, InputList& list) {
  std::vector<InputFile> files;
  for (InputFile& file : list.files) {
    if (!file.is_dataset) {
      if (options.keep_split) throw ConfigError("{}: --split-as keep takes over the splits of datasets, and this is none: ingest it to one of its own first", file.path);
      files.push_back(std::move(file));
      continue;
    }
    try {
      open(comm, file.path);
      const auto inputs = inputs_of(file, plan(file.path), runs_of(comm, plan(file.path)));
      files.insert(files.end(), inputs.begin(), inputs.end());
    } catch (const InputError& error) {  // alike on every rank
      file.refusal = error.what();
      files.push_back(std::move(file));
      continue;
    }
    take_split(options, plan(file.path));
    if (const auto symprec = plan(file.path).description->symprec; symprec != options.symprec && symprec > 0)
      log::warn("ingest: {} was made with --symprec {}: its space groups by spglib are kept", file.path, symprec);
  }
  list.files = std::move(files);
}

void IngestDatasets::open(MPI_Comm comm, const std::string& path) {
  auto plan = plan_dataset(comm, path);
  verify_blocks(comm, plan);
  take_definitions(plan);
  plans_.insert_or_assign(path, std::move(plan));
}

void IngestDatasets::take_split(const IngestOptions& options, const DatasetPlan& plan) {
  const auto& theirs = plan.description->split_rule;
  add_definitions(split_rules_, theirs);
  const auto rule = split_rule(options.split_seed);
  if (options.keep_split || options.split_as || theirs == rule) return;
  throw ConfigError("{}: its rows were split by another rule (\"{}\") than this ingest's (\"{}\"): give the same --split-seed, or --split-as", plan.path.string(), theirs, rule);
}

void IngestDatasets::take_definitions(const DatasetPlan& plan) {
  for (const auto& info : plan.description->labels) {
    const auto label = label_of_name(info.name);
    if (!label) throw InputError("{}: the label '{}' is not one that ingest knows", plan.path.string(), info.name);
    add_definitions(definitions_[*label], info.definition);
  }
}

}  // namespace xxact::io
