#include "pipeline/training_state.hpp"

#include <cmath>

#include "src/base/error.hpp"

namespace xxact::pipeline {

TrainingState::TrainingState(const RunConfig& config, const torch::Device& device)
    : config_(config), net_(config.model, model::mat2vec_table(), static_cast<std::uint64_t>(config.training.seed)) {
  net_->to(device);
  flat_ = std::make_unique<model::FlatParameters>(*net_);
  model::AdamWConfig adamw;
  adamw.weight_decay = config.training.weight_decay;
  optimizer_ = std::make_unique<model::AdamW>(*flat_, adamw);
  if (config.training.average_decay > 0) average_ = std::make_unique<model::AveragedWeights>(*flat_, config.training.average_decay);
}

double TrainingState::update(double learning_rate) {
  const double norm = model::clip_gradient(*flat_, config_.training.gradient_clip).item<double>();
  if (!std::isfinite(norm))
    throw NumericError("step {}: the gradient is not finite (norm {}); lower --learning-rate, or continue from the last checkpoint with --resume", step, norm);
  optimizer_->step(learning_rate);
  if (average_) average_->update();
  ++step;
  return norm;
}

void TrainingState::swap_average() {
  if (average_) average_->swap();
}

void TrainingState::save(const std::filesystem::path& file, const ModelDescription& description) {
  NamedArrays arrays;
  io::CheckpointContent content;
  describe_model(description, arrays, content);
  arrays.add("weights", *flat_, flat_->weights());
  arrays.add("optimizer/exp_avg", *flat_, optimizer_->exp_avg());
  arrays.add("optimizer/exp_avg_sq", *flat_, optimizer_->exp_avg_sq());
  if (average_) {
    arrays.add("average", *flat_, average_->average());
    content.integers["average_updates"] = average_->updates();
  }
  content.texts["best"] = nlohmann::json{{"score", best.score}, {"step", best.step}, {"validation", best.validation}}.dump();
  content.arrays = arrays.arrays();
  io::write_checkpoint(file, content);
}

void TrainingState::save_model(const std::filesystem::path& file, const ModelDescription& description) const {
  NamedArrays arrays;
  io::CheckpointContent content;
  describe_model(description, arrays, content);
  arrays.add("weights", *flat_, flat_->weights());
  content.arrays = arrays.arrays();
  io::write_checkpoint(file, content);
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
  optimizer_->set_steps(step);
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
