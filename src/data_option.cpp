#include "src/data_option.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/collective_step.hpp"
#include "io/dataset_reader.hpp"
#include "io/dataset_shared.hpp"
#include "io/ingest.hpp"
#include "pipeline/comm/communicator.hpp"
#include "pipeline/streaming/selected_blocks.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"
#include "src/base/mpi.hpp"

namespace xxact {
namespace {

/// "mp20.csv.gz" -> "mp20.h5".
std::string dataset_name(const std::filesystem::path& data) {
  const auto name = data.filename().empty() ? data.parent_path().filename().string() : data.filename().string();
  return name.substr(0, name.find('.', 1)) + ".h5";
}

bool up_to_date(const std::filesystem::path& dataset, const std::filesystem::path& data) {
  return io::is_dataset_file(dataset) && std::filesystem::last_write_time(dataset) > std::filesystem::last_write_time(data);
}

}  // namespace

std::filesystem::path find_data(const std::filesystem::path& data, const std::filesystem::path& folder, const Runtime& runtime) {
  if (!std::filesystem::exists(data)) throw InputError("{}: there is no such file or folder", data.string());
  if (io::is_dataset_file(data)) return data;
  const auto dataset = folder / dataset_name(data);
  const comm::Communicator comm(runtime.world());
  // Rank 0 decides: the file may appear between two ranks' looks at it.
  const bool ready = comm.broadcast(runtime.root() && up_to_date(dataset, data) ? "ready" : "", 0, "looking for an ingested dataset") == "ready";
  if (!ready) {
    if (runtime.root()) std::filesystem::create_directories(folder);
    comm.barrier("making the output folder");
    log::info("ingesting {} into {}", data.string(), dataset.string());
    io::IngestOptions ingest;
    ingest.inputs = {data};
    ingest.output = dataset;
    ingest.progress = true;
    const UnwatchedCalls unwatched(runtime.watch());
    const auto summary = io::ingest(runtime.world(), ingest);
    log::info("ingested {} structures, {} rejected (see {})", summary.rows, summary.rejected, summary.rejects.string());
  }
  return dataset;
}

void describe_memory_option(options::options_description& description) {
  description.add_options()
      ("memory-gib", options::value<double>(), "memory of a node, in GiB, that decides whether datasets are held whole or read part by part, and how much of it training may take for activations; default: this machine's, or what the batch job grants of it");
}

std::uint64_t node_memory(const options::variables_map& values, const Runtime& runtime) {
  if (values.count("memory-gib") == 0) {
    std::uint64_t least = 0;
    io::collectively(runtime.world(), [&] { least = io::memory_of_this_machine(); });
    // All ranks must load in the same way, whatever their machines have.
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPI_UINT64_T, MPI_MIN, runtime.world()), "agreeing on the memory of a node");
    return least;
  }
  const double gib = values["memory-gib"].as<double>();
  if (!(gib >= 0.001 && gib <= 1e6)) throw ConfigError("--memory-gib {}: must be 0.001 to 1e6, e.g. 512", gib);
  return static_cast<std::uint64_t>(gib * 0x1p30);
}

io::LoadPlan load_plan(const io::DatasetPlan& plan, std::uint64_t node_memory) {
  return io::plan_load(plan.bytes, static_cast<double>(plan.bytes) / static_cast<double>(std::max<std::int64_t>(plan.rows(), 1)), node_memory);
}

std::vector<streaming::RowSource> open_sources(const std::vector<std::string>& data, const std::filesystem::path& folder, std::uint64_t node_memory, const Runtime& runtime) {
  std::vector<io::DatasetPlan> plans;
  std::uint64_t bytes = 0;
  for (const auto& name : data) {
    plans.push_back(io::plan_dataset(runtime.world(), find_data(name, folder, runtime)));
    bytes += plans.back().bytes;
  }
  const bool whole = io::plan_load(bytes, 1, node_memory).mode == io::LoadMode::whole;
  std::vector<streaming::RowSource> sources;
  for (auto& plan : plans) {
    if (whole) {
      sources.emplace_back(io::read_dataset_shared(runtime.world(), plan.path));
      continue;
    }
    io::require_readable_in_parts(plan);
    io::verify_blocks(runtime.world(), plan);
    sources.emplace_back(std::move(plan));
  }
  if (!whole) log::info("{:.1f} GiB of data are read part by part: more than structures may take of {:.1f} GiB of memory", static_cast<double>(bytes) / 0x1p30, static_cast<double>(node_memory) / 0x1p30);
  return sources;
}

io::Dataset open_subset(const std::filesystem::path& data, const std::filesystem::path& folder, pipeline::Subset subset, Needed needed, std::uint64_t node_memory, const Runtime& runtime) {
  const auto plan = io::plan_dataset(runtime.world(), find_data(data, folder, runtime));
  const auto load = load_plan(plan, node_memory);
  if (load.mode == io::LoadMode::whole) return io::read_dataset_shared(runtime.world(), plan.path);
  if (needed == Needed::all)
    throw ConfigError("{}: its arrays take {:.1f} GiB, structures may take {:.1f}; --test-artefacts takes impurities from training rows and needs all of them: use a node with more memory (--memory-gib), or a part of the data",
                      plan.path.string(), static_cast<double>(plan.bytes) / 0x1p30, static_cast<double>(load.usable_bytes) / 0x1p30);
  io::require_readable_in_parts(plan);
  io::verify_blocks(runtime.world(), plan);
  const io::HostRanks host(runtime.world());
  const auto rows = streaming::select_rows(runtime.world(), host, plan, [subset](const io::Dataset& part, std::int64_t row) {
    return subset == pipeline::Subset::all || part.split()[static_cast<std::size_t>(row)] == static_cast<std::uint8_t>(subset);
  });
  const double bytes = static_cast<double>(plan.bytes) * static_cast<double>(rows.size()) / static_cast<double>(plan.rows());
  if (bytes > static_cast<double>(load.usable_bytes))
    throw ConfigError("{}: the {} rows to evaluate take about {:.1f} GiB, structures may take {:.1f}; choose a smaller split, or a node with more memory (--memory-gib)", plan.path.string(),
                      rows.size(), bytes / 0x1p30, static_cast<double>(load.usable_bytes) / 0x1p30);
  log::info("{} of {} rows are held in memory: the others are not evaluated", rows.size(), plan.rows());
  return streaming::gather_rows(runtime.world(), host, plan, rows, 1);
}

}  // namespace xxact
