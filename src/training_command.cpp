#include "src/training_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "io/dataset_shared.hpp"
#include "pipeline/report/figures.hpp"
#include "pipeline/stop_conditions.hpp"
#include "pipeline/streamed_training_data.hpp"
#include "pipeline/trainer.hpp"
#include "pipeline/training_budget.hpp"
#include "src/compute_options.hpp"
#include "src/data_option.hpp"
#include "src/runtime.hpp"
#include "src/training_options.hpp"
#include "src/version.hpp"

namespace xxact {
namespace {

using options::bool_switch;
using options::value;

}  // namespace

void describe_training(options::options_description& description, const pipeline::RunConfig& defaults) {
  description.add_options()
      ("data", value<std::string>()->required(), "dataset file, or anything that ingest reads")
      ("output", value<std::string>()->required(), "run folder: config.ini, metrics.jsonl, checkpoints/, best.h5, summary.json, plots")
      ("preset", value<std::string>()->default_value("small"), "model to start from: small, paper or crabnet; the options below change it")
      ("init", value<std::string>(), "run folder or model file to start from: its weights, by name and shape, and, without --preset, its shape and patterns")
      ("resume", bool_switch(), "continue the run in --output after its last checkpoint, on any number of ranks")
      ("stop-after", value<std::int64_t>()->default_value(0), "stop with a checkpoint (exit code 75) after this many steps in all; 0: do not")
      ("stop-before-end", value<std::int64_t>()->default_value(60), "seconds to leave before the end of the batch job, as SLURM_JOB_END_TIME or XXACT_JOB_END_TIME (seconds since 1970) give it; training stops with a checkpoint (exit code 75) while two more steps would fit before")
      ("watchdog-start", value<int>()->default_value(300), "--watchdog until the first step is done: reading data and starting devices takes longer than a step")
      ("trace", value<std::int64_t>()->default_value(0), "write RUN/trace.json of so many first steps, for ui.perfetto.dev: what every rank does when, and how sums of gradients travel beside backward")
      ("shard-optimizer", bool_switch(), "share the optimiser's state over ranks: each keeps and updates its part of the parameters (ZeRO); the result is the same")
      ("graphs", value<std::string>()->default_value("auto"), "on a GPU, record a step's kernels once and launch them together: auto, off or on; auto goes on without where that fails")
      ("peak-tflops", value<double>()->default_value(0), "peak of a rank's device that `mfu` is held against; 0: the data sheet's of known GPUs (dense, in the run's precision), otherwise there is no mfu")
      ("allow-mixed-labels", bool_switch(), "train even when a label column mixes values of different definitions")
      ("dry-run", bool_switch(), "check data and configuration, print the run's budget, train nothing")
      ("pretend-ranks", value<int>(), "with --dry-run: also what a step would take on so many ranks, modelled (docs/scaling.md)")
      ("machine", value<std::string>()->default_value(""), "of the pretended ranks: tflops=X that a rank sustains (default: measured here), memory-gib=80 (default: what is free here), memory-gbs=3350,ranks-per-node=8,node-gbs=450,network-gbs=200,reached=0.8")
      ("print-config", bool_switch(), "print the effective configuration and leave");
  description.add_options()
      ("recompute", value<std::string>()->default_value("auto"), "compute the activations of transformer layers again in backward instead of keeping them: on, off, or auto: where memory holds fewer than 32 samples otherwise; the results are the same");
  describe_memory_option(description);
  describe_compute_options(description, 100);
  describe_config_fields(description, defaults, {});
}

namespace {

std::optional<pipeline::PretendedRanks> pretended_ranks(const options::variables_map& values) {
  const auto machine = pipeline::parse_machine(values["machine"].as<std::string>());
  if (values.count("pretend-ranks") == 0) return std::nullopt;
  const int ranks = values["pretend-ranks"].as<int>();
  if (ranks < 1 || ranks > 1 << 20) throw ConfigError("--pretend-ranks {}: must be 1 to {}", ranks, 1 << 20);
  return pipeline::PretendedRanks{ranks, machine, values["shard-optimizer"].as<bool>()};
}

/// Collective on comm.
std::unique_ptr<pipeline::TrainingData> open_training_data(io::DatasetPlan plan, const pipeline::RunConfig& config, const Compute& compute, std::uint64_t usable_bytes, const Runtime& runtime) {
  const int threads = compute.device.threads().loader.threads;
  if (config.training.window_rows > 0) return std::make_unique<pipeline::StreamedTrainingData>(std::move(plan), config, compute.comm, threads, usable_bytes);
  return std::make_unique<pipeline::ResidentTrainingData>(io::read_dataset_shared(runtime.world(), plan.path), config, compute.comm, threads);
}

}  // namespace

ExitCode run_training(const options::variables_map& values, Runtime& runtime, pipeline::RunConfig (*adapt)(pipeline::RunConfig)) {
  const auto config = effective_config(values, "init", adapt);
  if (values["print-config"].as<bool>()) {
    if (runtime.root()) std::cout << pipeline::to_ini(config);
    return ExitCode::done;
  }
  const std::filesystem::path output = values["output"].as<std::string>();
  pipeline::TrainingOptions training;
  training.end = pipeline::end_of_allocation();
  training.watchdog = watchdog_option(values, "watchdog");
  training.margin = std::chrono::seconds(values["stop-before-end"].as<std::int64_t>());
  if (training.margin.count() < 0 || training.margin > std::chrono::days(1)) throw ConfigError("--stop-before-end {}: must be 0 to 86400 seconds", training.margin.count());
  Compute compute(values, runtime);
  auto plan = io::plan_dataset(runtime.world(), find_data(values["data"].as<std::string>(), output, runtime));
  if (!values["allow-mixed-labels"].as<bool>()) refuse_mixed_labels(plan, config);
  const auto memory = node_memory(values, runtime);
  refuse_too_large(plan, config, memory);
  training.execution.recompute = pipeline::parse_recompute(values["recompute"].as<std::string>());
  training.execution.node_memory = static_cast<double>(memory);
  const auto usable = load_plan(plan, memory).usable_bytes;
  const auto data = open_training_data(std::move(plan), config, compute, usable, runtime);

  training.output = output;
  if (values.count("init") != 0) training.initial = values["init"].as<std::string>();
  training.resume = values["resume"].as<bool>();
  training.trace = values["trace"].as<std::int64_t>();
  if (training.trace < 0 || training.trace > 10000) throw ConfigError("--trace {}: must be 0 to 10000 steps", training.trace);
  if (values["shard-optimizer"].as<bool>()) training.optimizer_state = pipeline::OptimizerState::sharded;
  training.graphs = pipeline::parse_graphs(values["graphs"].as<std::string>());
  training.peak_operations = 1e12 * values["peak-tflops"].as<double>();
  if (!(training.peak_operations >= 0)) throw ConfigError("--peak-tflops {}: must be a number of TFLOP/s, or 0", values["peak-tflops"].as<double>());
  training.stop_after = values["stop-after"].as<std::int64_t>();
  training.program_version = kVersion;
  if (values["dry-run"].as<bool>()) {
    const auto text = pipeline::describe_training(*data, config, compute.device, training.execution, compute.comm, pretended_ranks(values));
    if (runtime.root()) std::cout << text;
    return ExitCode::done;
  }
  const auto outcome = pipeline::train(*data, config, training, compute.device, compute.comm);
  runtime.after_finalize(report::draw_learning_curves, {output.string()});
  if (outcome == pipeline::TrainingOutcome::stopped) {
    log::info("stopped with a checkpoint; continue with --resume");
    return ExitCode::stopped;
  }
  if (runtime.root()) std::cout << "trained " << output.string() << "\n";
  return ExitCode::done;
}

}  // namespace xxact
