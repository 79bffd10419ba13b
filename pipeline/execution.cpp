#include "pipeline/execution.hpp"

#include <ATen/DeviceAccelerator.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/host_memory.hpp"
#include "io/load_plan.hpp"
#include "pipeline/batch_memory.hpp"
#include "pipeline/run_folder.hpp"
#include "src/base/log.hpp"

namespace xxact::pipeline {
namespace {

constexpr char kFile[] = "execution.json";
constexpr std::int64_t kUsualElements = 8;  // of a composition, where the data do not say

double free_on_device(const torch::Device& device, int ranks_on_host) {
  at::accelerator::emptyCache();
  const int gpus = std::max<int>(1, at::accelerator::deviceCount());
  const int sharing = (ranks_on_host + gpus - 1) / gpus;
  return kDeviceShare * static_cast<double>(at::accelerator::getMemoryInfo(device.index()).first) / sharing;
}

double free_on_host(const ExecutionOptions& options, int ranks_on_host) {
  auto bytes = static_cast<double>(io::memory_available());
  if (options.node_memory > 0) bytes = std::min(bytes, options.node_memory);
  return kHostShare * bytes / ranks_on_host;
}

/// The least of all ranks. Collective on comm.
double available_to_rank(TrainingState& state, const Device& device, const ExecutionOptions& options, const comm::Communicator& comm) {
  const io::HostRanks host(comm.handle());
  comm.barrier("before asking for free memory");
  // Weights, gradient, two moments and the average are there already, except on a device that is pretended.
  const double held = 5.0 * 4.0 * static_cast<double>(state.flat().size());
  const double free = options.device_memory > 0 ? kDeviceShare * options.device_memory - held
                      : device.is_cuda()        ? free_on_device(device.torch(), host.ranks()) / (options.recorded ? 2 : 1)
                                                : free_on_host(options, host.ranks());
  std::array<double, 1> least = {-free};
  comm.max(least, "agreeing on free memory");
  return -least[0];
}

/// Of one sample in a batch of the loader.
double input_bytes(const model::ModelConfig& config, std::int64_t elements) {
  double bytes = 8 + 8 * static_cast<double>(config.tasks.size());
  if (config.uses_composition()) bytes += 12 * static_cast<double>(elements);
  if (config.uses_xrd()) bytes += 4 * static_cast<double>(config.points);
  return bytes;
}

/// What lies in the same memory as activations on a CPU: batches that wait, and the copy of which a checkpoint is made.
BatchMemory beside_passes(TrainingState& state, const RunConfig& config, const Device& device, const ExecutionOptions& options, std::int64_t elements) {
  if (device.is_cuda() || options.device_memory > 0) return {};
  constexpr double kCopied = 4 * 4;  // bytes a weight: itself, two moments, the average
  return {kCopied * static_cast<double>(state.flat().size()), static_cast<double>(device.threads().loader.depth + 1) * input_bytes(config.model, elements)};
}

std::string key_of(const Device& device, int ranks) { return fmt::format("{} {}", ranks, device.is_cuda() ? "cuda" : "cpu"); }

nlohmann::json read_records(const std::filesystem::path& folder) {
  std::ifstream in(folder / kFile);
  auto records = nlohmann::json::parse(in, nullptr, false);
  return records.is_object() ? records : nlohmann::json::object();
}

/// Collective on comm.
std::optional<Execution> recorded_execution(const std::filesystem::path& folder, const std::string& key, const comm::Communicator& comm) {
  std::string text;
  if (comm.root()) text = read_records(folder).value(key, nlohmann::json::object()).dump();
  const auto record = nlohmann::json::parse(comm.broadcast(text, 0, "reading how the run was executed"));
  if (!record.value("micro_batch", nlohmann::json()).is_number_integer() || !record.value("recompute", nlohmann::json()).is_boolean() || record["micro_batch"] < 1) return std::nullopt;
  Execution execution;
  execution.batch.samples = record["micro_batch"];
  execution.batch.recompute = record["recompute"];
  execution.recorded = true;
  return execution;
}

bool as_asked(const Execution& recorded, const ExecutionOptions& options, std::int64_t micro_batch) {
  return (options.recompute == Recompute::automatic || (options.recompute == Recompute::on) == recorded.batch.recompute) && (micro_batch == 0 || micro_batch == recorded.batch.samples);
}

}  // namespace

Execution choose_execution(TrainingState& state, const DatasetFacts& facts, const RunConfig& config, const Device& device, const ExecutionOptions& options, const comm::Communicator& comm, int ranks) {
  const auto elements = facts.most_elements > 0 ? facts.most_elements : kUsualElements;
  BatchMemoryProbe probe(state.net(), state.flat(), config, device.torch(), elements);
  Execution execution;
  execution.available_bytes = available_to_rank(state, device, options, comm);
  MicroBatchRequest request;
  request.available_bytes = execution.available_bytes;
  request.share = comm::share_of(config.training.global_batch, ranks - 1, ranks).count();  // the largest
  request.most = device.is_cuda() || options.device_memory > 0 ? 0 : kMostSamplesOnHost;
  request.given = config.training.micro_batch;
  request.recompute = options.recompute;
  const auto beside = beside_passes(state, config, device, options, elements);
  execution.batch = plan_micro_batch([&](bool recompute) {
    const auto passes = fit_batch_memory([&](std::int64_t samples) { return probe.peak_bytes(samples, recompute); }, request.share, request.available_bytes);
    std::array<double, 2> bytes = {passes.fixed_bytes + beside.fixed_bytes, passes.sample_bytes + beside.sample_bytes};
    comm.max(bytes, "comparing the memory of a pass");
    return BatchMemory{bytes[0], bytes[1]};
  }, request);
  return execution;
}

Execution execution_of_run(const std::filesystem::path& folder, bool resume, TrainingState& state, const DatasetFacts& facts, const RunConfig& config, const Device& device,
                           const ExecutionOptions& options, const comm::Communicator& comm) {
  const auto key = key_of(device, comm.size());
  if (resume)
    if (const auto recorded = recorded_execution(folder, key, comm); recorded && as_asked(*recorded, options, config.training.micro_batch)) return *recorded;
  const auto execution = choose_execution(state, facts, config, device, options, comm, comm.size());
  if (comm.root()) {
    auto records = resume ? read_records(folder) : nlohmann::json::object();
    records[key] = {{"micro_batch", execution.batch.samples}, {"recompute", execution.batch.recompute}};
    write_file_atomically(folder / kFile, records.dump(2) + "\n");
    log::info("up to {} samples a forward pass{}: {:.1f} MiB of the {:.1f} MiB that a rank may take for passes", execution.batch.samples,
              execution.batch.recompute ? ", which backward computes again" : "", execution.batch.memory.bytes(execution.batch.samples) / 0x1p20, execution.available_bytes / 0x1p20);
  }
  return execution;
}

}  // namespace xxact::pipeline
