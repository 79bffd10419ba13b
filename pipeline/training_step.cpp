#include "pipeline/training_step.hpp"

#include <ATen/DeviceAccelerator.h>

#include <utility>

#include "pipeline/contrastive_step.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact::pipeline {
namespace {

using Clock = Trace::Clock;

// Before work is recorded it runs twice, so that libraries have made their choices and taken their memory.
constexpr int kRunsBeforeRecording = 2;
// Recordings keep memory for every kind of batch; rarer kinds are launched one by one.
constexpr std::size_t kMostRecordings = 12;

}  // namespace

/// Work that may be recorded.
struct TrainingStep::Captured {
  int runs = 0;
  std::unique_ptr<Recording> recording;
  DeviceBatch batch;  // what a recorded pass reads
};

Graphs parse_graphs(const std::string& name) {
  if (name == "auto") return Graphs::automatic;
  if (name == "off") return Graphs::off;
  if (name == "on") return Graphs::on;
  throw ConfigError("--graphs '{}' is not one of auto, off, on", name);
}

TrainingStep::TrainingStep(TrainingState& state, GradientReducer& reducer, comm::Channel& channel, const comm::Communicator& comm, const RunConfig& config, const Device& device,
                           Graphs graphs, Trace& trace)
    : state_(state), reducer_(reducer), channel_(channel), comm_(comm), config_(config), device_(device), graphs_(device.records() ? graphs : Graphs::off), trace_(trace),
      precision_(precision_on(device.torch(), config.training.precision)), transfer_(device, comm, channel), update_(std::make_unique<Captured>()) {
  if (graphs == Graphs::on && !device.records()) throw ConfigError("--graphs on: only a GPU records its work; this is {}", device.name());
  if (config.model.learns(model::Objective::contrastive)) {
    if (graphs == Graphs::on) throw ConfigError("--graphs on: contrastive learning exchanges views between ranks within a step, which is not recorded");
    graphs_ = Graphs::off;
  }
  const auto options = state.flat().weights().options();
  loss_ = torch::zeros({}, options);
  learning_rate_ = torch::zeros({}, options);
  verdict_ = torch::zeros({StepGuard::kVerdictSize}, options.dtype(torch::kFloat64));
}
TrainingStep::~TrainingStep() = default;

void TrainingStep::begin() {
  state_.flat().zero_gradient();
  loss_.zero_();
}

void TrainingStep::compute(const DeviceBatch& batch, bool last) {
  const auto start = Clock::now();
  model::LossResult result;
  {
    const Device::Range range(device_, "forward");
    const model::PrecisionScope scope(device_.torch(), precision_);
    result = model::objective(state_.net()->forward(batch.input), batch.targets, config_.training.objective, batch.factor);
  }
  loss_.add_(result.total.detach());
  trace_.add(Trace::Lane::step, "forward", start, Clock::now());
  backward(result.total, last);
}

void TrainingStep::backward(const torch::Tensor& total, bool last) {
  if (last) reducer_.arm(loss_);
  const auto start = Clock::now();
  {
    const Device::Range range(device_, "backward");
    total.backward();
  }
  const auto end = Clock::now();
  trace_.add(Trace::Lane::step, "backward", start, end);
  if (!last) return;
  const Device::Range range(device_, "sums over ranks");
  reducer_.finish();
  trace_.add(Trace::Lane::step, "waiting for gradients", end, Clock::now());
}

void TrainingStep::hold(const DeviceBatch& batch, const std::vector<std::int64_t>& formula, bool last) {
  held_.push_back(batch);
  held_formula_.insert(held_formula_.end(), formula.begin(), formula.end());
  if (last) return compute_held();
  // The memory of a batch is written again for the next ones.
  const auto keep = [](torch::Tensor& tensor) {
    if (tensor.defined()) tensor = tensor.clone();
  };
  auto& [input, targets, factor] = held_.back();
  for (auto* tensor : {&input.element, &input.fraction, &input.pattern, &input.sample_key, &input.hidden, &targets.hidden_points, &factor}) keep(*tensor);
  for (auto& tensor : targets.value) keep(tensor);
}

void TrainingStep::compute_held() {
  const auto start = Clock::now();
  auto& net = *state_.net();
  // Of a single micro-batch the first pass is the only one; of several, views alone are kept, and passed through again.
  const bool single = held_.size() == 1;
  std::vector<torch::Tensor> compositions, patterns;
  model::ModelOutput output;
  {
    const Device::Range range(device_, "views");
    const model::PrecisionScope scope(device_.torch(), precision_);
    const torch::AutoGradMode with_gradient(single);
    for (const auto& batch : held_) {
      output = single ? net.forward(batch.input) : net.forward_views(batch.input);
      compositions.push_back(output.composition_view);
      patterns.push_back(output.pattern_view);
    }
  }
  const auto whole = contrastive_step({at::cat(compositions).detach(), at::cat(patterns).detach(), held_formula_}, net.log_scale(), held_.front().factor[model::kContrastiveFactor], channel_, comm_);
  loss_.add_(whole.loss);
  trace_.add(Trace::Lane::step, "pairs", start, Clock::now());
  std::int64_t row = 0;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const auto begun = Clock::now();
    const auto& batch = held_[i];
    torch::Tensor total;
    {
      const Device::Range range(device_, "forward");
      const model::PrecisionScope scope(device_.torch(), precision_);
      if (!single) output = net.forward(batch.input);
      total = model::objective(output, batch.targets, config_.training.objective, batch.factor).total;
    }
    if (total.defined()) loss_.add_(total.detach());
    const auto count = output.composition_view.size(0);
    // Its gradient is that of the loss of all pairs.
    auto pairs = (output.composition_view * whole.composition.narrow(0, row, count)).sum() + (output.pattern_view * whole.pattern.narrow(0, row, count)).sum();
    const bool last = i + 1 == held_.size();
    if (last) pairs = pairs + net.log_scale() * whole.log_scale;
    row += count;
    trace_.add(Trace::Lane::step, "forward", begun, Clock::now());
    backward(total.defined() ? total + pairs : pairs, last);
  }
  held_.clear();
  held_formula_.clear();
}

void TrainingStep::replay_or_run(Captured& captured, const std::function<void()>& work) {
  if (!captured.recording && captured.runs++ >= kRunsBeforeRecording) {
    try {
      // What single launches kept for themselves would lie idle beside the recording's own memory. Giving it back waits for the device.
      channel_.watch("work before a recording");
      if (device_.is_cuda()) at::accelerator::emptyCache();
      captured.recording = device_.record(work);
    } catch (const c10::Error& error) {
      if (graphs_ == Graphs::on) throw CommError("--graphs on: this step cannot be recorded: {}", error.what_without_backtrace());
      log::warn("steps are not recorded and cost more launches: {}", error.what_without_backtrace());
      graphs_ = Graphs::off;
    }
  }
  captured.recording ? captured.recording->replay() : work();
}

void TrainingStep::compute_recorded(const DeviceBatch& batch, bool last) {
  // NCCL wants that all ranks record a sum over ranks or none does; what a rank records hangs on the shapes of its own batches.
  if (last && comm_.size() > 1) return compute(batch, last);
  std::vector<std::vector<std::int64_t>> shapes;
  for (const auto& tensor : batch.tensors()) shapes.push_back(tensor.sizes().vec());
  const auto place = passes_.find({shapes, last});
  if (place == passes_.end() && passes_.size() == kMostRecordings) return compute(batch, last);
  auto& captured = place == passes_.end() ? passes_[{std::move(shapes), last}] : place->second;
  if (!captured) captured = std::make_unique<Captured>();
  if (captured->runs < kRunsBeforeRecording) {
    ++captured->runs;
    return compute(batch, last);
  }
  if (captured->batch.tensors().empty()) {
    const auto like = [](const torch::Tensor& tensor) { return tensor.defined() ? torch::empty_like(tensor) : tensor; };
    const auto& in = batch.input;
    auto& held = captured->batch;
    held.input = {like(in.element), like(in.fraction), like(in.pattern), like(in.sample_key), like(in.hidden)};
    for (std::size_t t = 0; t < held.targets.value.size(); ++t) held.targets.value[t] = like(batch.targets.value[t]);
    held.targets.hidden_points = like(batch.targets.hidden_points);
    held.factor = like(batch.factor);
  }
  const auto to = captured->batch.tensors(), from = batch.tensors();
  for (std::size_t i = 0; i < to.size(); ++i) to[i].copy_(from[i], /*non_blocking=*/true);
  replay_or_run(*captured, [this, pass = captured.get(), last] { compute(pass->batch, last); });
}

void TrainingStep::add(const Batch& batch, bool last) {
  const auto& there = transfer_.bring(batch);
  if (config_.model.learns(model::Objective::contrastive)) hold(there, batch.formula, last);
  else graphs_ == Graphs::off ? compute(there, last) : compute_recorded(there, last);
  transfer_.used();
  transfer_.wait_until_read();
}

void TrainingStep::add_nothing() {
  if (config_.model.learns(model::Objective::contrastive)) {
    const auto none = torch::empty({0, config_.model.projection}, loss_.options());
    contrastive_step({none, none, {}}, state_.net()->log_scale(), torch::zeros_like(loss_), channel_, comm_);
  }
  reducer_.arm(loss_);
  reducer_.finish();
}

void TrainingStep::update() { state_.update(loss_, learning_rate_, verdict_); }

void TrainingStep::end(double learning_rate) {
  const Device::Range range(device_, "update");
  learning_rate_.fill_(learning_rate);
  // A sharded update holds sums over ranks.
  graphs_ == Graphs::off || reducer_.sharded() ? update() : replay_or_run(*update_, [this] { update(); });
  Pending pending;
  if (spare_.empty()) spare_.push_back(torch::empty(verdict_.sizes(), torch::dtype(torch::kFloat64).pinned_memory(device_.is_cuda())));
  pending.host = std::exchange(spare_.back(), {});
  spare_.pop_back();
  pending.host.copy_(verdict_, /*non_blocking=*/true);
  if (device_.is_cuda()) {
    pending.copied = std::make_shared<c10::Event>(torch::kCUDA);
    pending.copied->record(device_.compute_stream());
    channel_.watch("training step");
  }
  pending_.push_back(std::move(pending));
}

StepGuard::Verdict TrainingStep::take_verdict() {
  const auto oldest = std::move(pending_.front());
  pending_.pop_front();
  if (oldest.copied) wait_for(*oldest.copied, comm_, channel_, "a training step on the device");
  const auto verdict = StepGuard::read(oldest.host);
  spare_.push_back(oldest.host);
  return verdict;
}

}  // namespace xxact::pipeline
