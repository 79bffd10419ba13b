#include "pipeline/training_state.hpp"

#include <cmath>

#include "model/contrastive.hpp"

namespace xxact::pipeline {

namespace {

constexpr std::int64_t kBucketBytes = 25 << 20;

std::int64_t count_of(const torch::Tensor& updates) { return std::llround(updates.item<double>()); }

}  // namespace

TrainingState::TrainingState(const RunConfig& config, const torch::Device& device)
    : config_(config), net_(config.model, model::mat2vec_table(), static_cast<std::uint64_t>(config.training.seed)),
      guard_(config.training.spike_factor, config.training.skipped_in_a_row, device) {
  net_->to(device);
  flat_ = std::make_unique<model::FlatParameters>(*net_, kBucketBytes, model::layer_rates(config.model, config.training.layer_rate_decay, config.training.frozen));
  if (config.training.average_decay > 0) average_ = std::make_unique<model::AveragedWeights>(*flat_, config.training.average_decay);
}

void TrainingState::share_with(GradientReducer& reducer) {
  reducer_ = &reducer;
  model::OptimizerConfig optimizer;
  optimizer.rule = config_.training.optimizer;
  optimizer.weight_decay = config_.training.weight_decay;
  optimizer_ = std::make_unique<model::Optimizer>(*flat_, optimizer, reducer.slices());
}

void TrainingState::update(const torch::Tensor& loss, const torch::Tensor& learning_rate, const torch::Tensor& verdict) {
  const auto squared = optimizer_->squared_gradient();
  if (reducer_->sharded()) reducer_->sum(squared);
  const auto norm = squared.sqrt();
  const auto skip = guard_.judge(loss, norm, verdict);
  optimizer_->step({learning_rate, model::clip_divisor(norm, config_.training.gradient_clip), skip});
  reducer_->gather(flat_->weights());
  if (const auto scale = net_->log_scale(); scale.defined()) {
    const torch::NoGradGuard guard;
    scale.clamp_(0, model::kGreatestLogScale);
  }
  if (average_) average_->update(skip);
}

torch::Tensor TrainingState::gathered(const torch::Tensor& own) const {
  if (!reducer_->sharded()) return own;
  auto all = torch::zeros_like(flat_->weights());
  std::int64_t next = 0;
  for (const auto& slice : optimizer_->slices()) {
    all.narrow(0, slice.offset, slice.count).copy_(own.narrow(0, next, slice.count));
    next += slice.count;
  }
  reducer_->gather(all);
  return all;
}

void TrainingState::take_own(const io::Checkpoint& file, const std::string& prefix, const torch::Tensor& own) {
  const torch::NoGradGuard guard;
  const auto all = torch::empty_like(flat_->weights());
  read_flat(file, prefix, *flat_, all);
  std::int64_t next = 0;
  for (const auto& slice : optimizer_->slices()) {
    own.narrow(0, next, slice.count).copy_(all.narrow(0, slice.offset, slice.count));
    next += slice.count;
  }
}

void TrainingState::swap_average() {
  if (average_) average_->swap();
}

CheckpointSnapshot TrainingState::snapshot(const ModelDescription& description, Snapshot kind) const {
  auto taken = model_snapshot(description, kind);
  auto& [arrays, content] = taken;
  arrays.add("optimizer/exp_avg", *flat_, gathered(optimizer_->exp_avg()));
  arrays.add("optimizer/exp_avg_sq", *flat_, gathered(optimizer_->exp_avg_sq()));
  content.integers["optimizer_steps"] = count_of(optimizer_->updates());
  if (average_) {
    arrays.add("average", *flat_, average_->average());
    content.integers["average_updates"] = count_of(average_->updates());
  }
  content.texts["best"] = nlohmann::json{{"score", best.score}, {"step", best.step}, {"validation", best.validation}}.dump();
  const auto guard = guard_.state();
  content.reals["usual_gradient_norm"] = guard.usual_norm;
  content.integers["gradient_norms_judged"] = guard.judged;
  content.integers["skipped_steps"] = guard.skipped;
  content.integers["skipped_in_a_row"] = guard.in_a_row;
  content.arrays = arrays.arrays();
  return taken;
}

CheckpointSnapshot TrainingState::model_snapshot(const ModelDescription& description, Snapshot kind) const {
  CheckpointSnapshot taken{NamedArrays(kind), {}};
  describe_model(description, taken.arrays, taken.content);
  taken.arrays.add("weights", *flat_, flat_->weights());
  taken.content.arrays = taken.arrays.arrays();
  return taken;
}

void TrainingState::restore(const io::Checkpoint& file) {
  read_flat(file, "weights", *flat_, flat_->weights());
  take_own(file, "optimizer/exp_avg", optimizer_->exp_avg());
  take_own(file, "optimizer/exp_avg_sq", optimizer_->exp_avg_sq());
  if (average_) {
    read_flat(file, "average", *flat_, average_->average());
    average_->updates().fill_(file.integer("average_updates"));
  }
  step = file.integer("step");
  optimizer_->updates().fill_(file.integer("optimizer_steps"));
  guard_.restore({file.real("usual_gradient_norm"), file.integer("gradient_norms_judged"), file.integer("skipped_steps"), file.integer("skipped_in_a_row")});
  const auto json = nlohmann::json::parse(file.text("best"));
  if (json["score"].is_number()) best = {json["score"], json["step"], json["validation"]};
}

std::int64_t TrainingState::initialise_from(const io::Checkpoint& file) {
  const torch::NoGradGuard guard;
  std::int64_t taken = 0;
  for (const auto& parameter : flat_->parameters()) {
    const auto* array = file.find("weights/" + parameter.name);
    if (array == nullptr || array->shape != parameter.shape) continue;
    const auto values = file.floats("weights/" + parameter.name, parameter.shape);
    auto host = torch::empty(parameter.shape, torch::kFloat32);
    std::copy(values.begin(), values.end(), host.data_ptr<float>());
    auto target = parameter.tensor;
    target.copy_(host);
    ++taken;
  }
  if (average_) average_->average().copy_(flat_->weights());
  return taken;
}

}  // namespace xxact::pipeline
