#include "pipeline/training_state.hpp"

namespace xxact::pipeline {

TrainingState::TrainingState(const RunConfig& config, const torch::Device& device)
    : config_(config), net_(config.model, model::mat2vec_table(), static_cast<std::uint64_t>(config.training.seed)),
      guard_(config.training.spike_factor, config.training.skipped_in_a_row) {
  net_->to(device);
  flat_ = std::make_unique<model::FlatParameters>(*net_);
  model::OptimizerConfig optimizer;
  optimizer.rule = config.training.optimizer;
  optimizer.weight_decay = config.training.weight_decay;
  optimizer_ = std::make_unique<model::Optimizer>(*flat_, optimizer);
  if (config.training.average_decay > 0) average_ = std::make_unique<model::AveragedWeights>(*flat_, config.training.average_decay);
}

TrainingState::Update TrainingState::update(double loss, double learning_rate) {
  Update done;
  done.gradient_norm = model::clip_gradient(*flat_, config_.training.gradient_clip).item<double>();
  done.skipped = guard_.judge(step, loss, done.gradient_norm);
  if (done.skipped.empty()) {
    optimizer_->step(learning_rate);
    if (average_) average_->update();
  }
  ++step;
  return done;
}

void TrainingState::swap_average() {
  if (average_) average_->swap();
}

CheckpointSnapshot TrainingState::snapshot(const ModelDescription& description, Snapshot kind) const {
  auto taken = model_snapshot(description, kind);
  auto& [arrays, content] = taken;
  arrays.add("optimizer/exp_avg", *flat_, optimizer_->exp_avg());
  arrays.add("optimizer/exp_avg_sq", *flat_, optimizer_->exp_avg_sq());
  content.integers["optimizer_steps"] = optimizer_->steps();
  if (average_) {
    arrays.add("average", *flat_, average_->average());
    content.integers["average_updates"] = average_->updates();
  }
  content.texts["best"] = nlohmann::json{{"score", best.score}, {"step", best.step}, {"validation", best.validation}}.dump();
  const auto& guard = guard_.state();
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
  read_flat(file, "optimizer/exp_avg", *flat_, optimizer_->exp_avg());
  read_flat(file, "optimizer/exp_avg_sq", *flat_, optimizer_->exp_avg_sq());
  if (average_) {
    read_flat(file, "average", *flat_, average_->average());
    average_->set_updates(file.integer("average_updates"));
  }
  step = file.integer("step");
  optimizer_->set_steps(file.integer("optimizer_steps"));
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
