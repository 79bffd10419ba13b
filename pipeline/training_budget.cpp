#include "pipeline/training_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "model/objectives.hpp"
#include "model/operations.hpp"
#include "pipeline/batch_builder.hpp"
#include "pipeline/comm/channel_recorder.hpp"
#include "pipeline/gradient_reducer.hpp"
#include "pipeline/training_plan.hpp"
#include "pipeline/training_state.hpp"

namespace xxact::pipeline {
namespace {

using Clock = std::chrono::steady_clock;
// Enough for the rate of a CPU, few enough for the largest preset to answer within seconds.
constexpr std::size_t kSamplesOnCpu = 8;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// One forward and backward pass, with what the reducer sends meanwhile.
struct Probe {
  std::size_t samples = 0;
  double forward_s = 0, backward_s = 0;
  std::vector<GradientMessage> messages;
};

Probe probe_step(TrainingData& data, const RunConfig& config, const Device& device, const TrainingPlan& plan, TrainingState& state, int ranks) {
  const comm::Communicator self(MPI_COMM_SELF);
  comm::ChannelRecorder recorder(ranks);
  GradientReducer reducer(state.flat(), recorder, self, OptimizerState::replicated);
  BatchBuilder builder(config, data.standardisation(), Augmentation::on, Hiding::on);
  Batch batch;
  data.begin(0, plan.position(1));
  auto requests = plan.samples({0, 0});
  if (!device.is_cuda() && requests.size() > kSamplesOnCpu) requests.resize(kSamplesOnCpu);
  builder.build(requests, batch);
  batch.weigh(config.training.objective, plan.counts(0));
  data.end();
  const auto precision = precision_on(device.torch(), config.training.precision);
  Probe probe;
  probe.samples = requests.size();
  const auto wait = [&] { if (device.is_cuda()) torch::cuda::synchronize(device.torch().index()); };
  for (const bool warm : {false, true}) {
    recorder.clear();
    const auto input = to_device(batch.input, device.torch());
    const auto targets = to_device(batch.targets, device.torch());
    wait();
    const auto start = Clock::now();
    torch::Tensor loss;
    {
      const model::PrecisionScope scope(device.torch(), precision);
      loss = model::local_loss(state.net()->forward(input), targets, config.training.objective, batch.loss_factor.to(device.torch()));
    }
    wait();
    const auto turn = Clock::now();
    reducer.arm(loss.detach());
    loss.backward();
    wait();
    const auto end = Clock::now();
    reducer.finish();
    if (!warm) continue;
    probe.forward_s = seconds(turn - start);
    probe.backward_s = seconds(end - turn);
    for (const auto& message : recorder.transfers())
      probe.messages.push_back({std::clamp(seconds(message.started - turn) / probe.backward_s, 0.0, 1.0), 4.0 * static_cast<double>(message.floats)});
  }
  return probe;
}

/// Seconds to hours, whichever is readable.
std::string duration_text(double s) { return s < 120 ? fmt::format("{:.3g} s", s) : s < 7200 ? fmt::format("{:.3g} min", s / 60) : fmt::format("{:.3g} h", s / 3600); }

/// Of weights, gradients, the average and two moments, float32; of the last, ranks may keep a share each.
double state_bytes(TrainingState& state, int shares = 1) { return 4.0 * (3.0 + 2.0 / shares) * static_cast<double>(state.flat().size()); }

/// How a rank does `share` samples, and what memory that takes.
std::string describe_execution(const Execution& execution, double held_bytes, std::int64_t share) {
  const auto& batch = execution.batch;
  const auto samples = std::min(batch.samples, share);
  const auto passes = (share + batch.samples - 1) / batch.samples;
  return fmt::format(
      "micro-batch {} samples: {} forward pass{} a step; activations {}\n"
      "memory      {:.1f} MiB and {:.3g} MiB a sample: {:.1f} of {:.1f} MiB for a pass, {:.1f} MiB a rank at most with weights, gradients and optimiser\n",
      samples, passes, passes == 1 ? "" : "es", batch.recompute ? "computed again in backward" : "kept", batch.memory.fixed_bytes / 0x1p20, batch.memory.sample_bytes / 0x1p20,
      batch.memory.bytes(samples) / 0x1p20, execution.available_bytes / 0x1p20, (batch.memory.bytes(samples) + held_bytes) / 0x1p20);
}

std::string describe_pretended(TrainingData& data, const RunConfig& config, const Device& device, ExecutionOptions options, const PretendedRanks& pretended) {
  const int ranks = pretended.ranks;
  TrainingState state(config, device.torch());
  options.device_memory = pretended.machine.memory_bytes;
  const auto execution = choose_execution(state, data.facts(), config, device, options, comm::Communicator(MPI_COMM_SELF), ranks);
  const TrainingPlan plan(data, config, ranks - 1, ranks, execution.batch.samples);  // the last rank's share is the largest: all wait for it
  state.net()->set_recompute(execution.batch.recompute);
  const auto probe = probe_step(data, config, device, plan, state, ranks);
  auto machine = pretended.machine;
  const double operations = model::training_operations(config.model, data.facts().elements);
  const double probed = operations * static_cast<double>(probe.samples) / (probe.forward_s + probe.backward_s);
  const bool measured = machine.operations_per_s == 0;
  if (measured) machine.operations_per_s = probed;
  const auto share = comm::share_of(config.training.global_batch, ranks - 1, ranks).count();
  const auto passes = plan.micro_batches(plan.total_steps());
  const double model_s = operations * static_cast<double>(share) / machine.operations_per_s;
  const double backward_s = model_s / static_cast<double>(passes) * probe.backward_s / (probe.forward_s + probe.backward_s);
  const auto parameters = static_cast<double>(state.flat().size());
  const bool averaged = config.training.average_decay > 0;
  // Averages are of all weights on every rank.
  const double whole_update_s = update_seconds(machine, parameters, averaged);
  const double update_s = pretended.sharded ? whole_update_s - update_seconds(machine, parameters * (1 - 1.0 / ranks), false) : whole_update_s;
  const auto step = model_step(machine, ranks, model_s + update_s, backward_s, probe.messages, pretended.sharded);
  const double alone_s = operations * static_cast<double>(config.training.global_batch) / machine.operations_per_s + whole_update_s;
  double bytes = 0, most = 0;
  for (const auto& message : probe.messages) {
    bytes += message.bytes;
    most = std::max(most, message.bytes);
  }
  const int nodes = (ranks + machine.ranks_per_node - 1) / machine.ranks_per_node;
  const double run_s = step.total_s() * static_cast<double>(plan.total_steps());
  std::string ready;
  for (const auto& message : probe.messages) ready += fmt::format("{}{:.0f}", ready.empty() ? "" : ", ", 100 * message.ready);
  return fmt::format(
      "pretended   {} ranks on {} node{}; {} samples a step and rank in {} forward pass{}\n"
      "{}"
      "messages    {} a step of {:.1f} MiB in all, the largest {:.1f} MiB, ready at {} % of backward\n"
      "rank        {:.4g} TFLOP/s, {} (this device: {:.4g} with {} samples)\n"
      "step        {:.3g} ms: {:.3g} of forward and backward, {:.3g} of update, {:.3g} of sums not hidden ({:.3g} in all)\n"
      "run         {:.4g} samples/s, {} and {:.4g} node-hours for {} steps, at {:.1f} % of {} times one rank\n",
      ranks, nodes, nodes > 1 ? "s" : "", share, passes, passes > 1 ? "es" : "", describe_execution(execution, state_bytes(state, pretended.sharded ? ranks : 1), share), probe.messages.size(), bytes / (1 << 20), most / (1 << 20), ready.empty() ? "-" : ready,
      1e-12 * machine.operations_per_s, measured ? "measured here" : "given", 1e-12 * probed, probe.samples, 1e3 * step.total_s(), 1e3 * model_s, 1e3 * update_s, 1e3 * step.exposed_s,
      1e3 * step.communication_s, static_cast<double>(config.training.global_batch) / step.total_s(), duration_text(run_s), run_s / 3600 * nodes, plan.total_steps(),
      100 * alone_s / (ranks * step.total_s()), ranks);
}

}  // namespace

double measure_seconds_a_sample(TrainingData& data, const RunConfig& config, const Device& device, const ExecutionOptions& options) {
  TrainingState state(config, device.torch());
  const auto execution = choose_execution(state, data.facts(), config, device, options, comm::Communicator(MPI_COMM_SELF), 1);
  const TrainingPlan plan(data, config, 0, 1, execution.batch.samples);
  state.net()->set_recompute(execution.batch.recompute);
  // The least of several: other work on the machine only adds to it.
  constexpr int kProbes = 3;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kProbes; ++i) {
    const auto probe = probe_step(data, config, device, plan, state, 1);
    least = std::min(least, (probe.forward_s + probe.backward_s) / static_cast<double>(probe.samples));
  }
  return least;
}

std::string describe_training(TrainingData& data, const RunConfig& config, const Device& device, const ExecutionOptions& options, const comm::Communicator& comm,
                              const std::optional<PretendedRanks>& pretended) {
  TrainingState state(config, device.torch());
  const auto execution = choose_execution(state, data.facts(), config, device, options, comm, comm.size());
  const TrainingPlan plan(data, config, comm.rank(), comm.size(), execution.batch.samples);
  const double mib = 1.0 / (1 << 20);
  const double state_mib = state_bytes(state) * mib;  // a training checkpoint holds all but the gradients
  const auto passes = plan.micro_batches(plan.total_steps());
  const auto first = plan.batch(0), full = config.training.global_batch;
  const auto batches = first == full ? std::to_string(full) : fmt::format("{} to {}", first, full);
  const auto text = fmt::format(
      "rows        {} to train on, {} to validate\n"
      "data        {}\n"
      "steps       {} of {} samples; {} samples of warm-up, validation every {}, checkpoint every {}\n"
      "per rank    {} forward passes a step on {} rank{}\n"
      "parameters  {}; {:.4g} GFLOP to train with a sample\n"
      "memory      {:.1f} MiB of weights, gradients and optimiser a rank; {:.1f} MiB a checkpoint\n"
      "{}",
      data.samples(), data.validation().rows.size(), data.describe(), plan.total_steps(), batches, plan.warmup(), plan.validate_every(), plan.checkpoint_every(),
      passes, comm.size(), comm.size() > 1 ? "s" : "", state.flat().size(), 1e-9 * model::training_operations(config.model, data.facts().elements), state_mib, state_mib * 0.8,
      describe_execution(execution, state_bytes(state), comm::share_of(config.training.global_batch, comm.size() - 1, comm.size()).count()));
  return pretended ? text + describe_pretended(data, config, device, options, *pretended) : text;
}

}  // namespace xxact::pipeline
