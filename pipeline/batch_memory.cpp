#include "pipeline/batch_memory.hpp"

#include <algorithm>

#include "model/memory_meter.hpp"
#include "model/objectives.hpp"
#include "pipeline/batch_builder.hpp"
#include "pipeline/device.hpp"
#include "pipeline/hidden_tokens.hpp"

namespace xxact::pipeline {
namespace {

/// Samples of so many elements; one of them has fewer where that is possible, so that there is a mask.
model::ModelInput made_up_input(const model::ModelConfig& config, std::int64_t samples, std::int64_t elements, std::int64_t hidden) {
  model::ModelInput input;
  if (config.uses_composition()) {
    input.element = torch::arange(1, elements + 1, torch::kInt64).remainder(90).add_(1).repeat({samples, 1});
    if (elements > 1) input.element[0][elements - 1] = 0;
    input.fraction = input.element.ne(0).to(torch::kFloat32);
    input.fraction.div_(input.fraction.sum(1, true));
  }
  if (config.uses_xrd()) input.pattern = torch::linspace(0, 1, config.points).repeat({samples, 1});
  input.sample_key = torch::arange(samples, torch::kInt64);
  if (hidden > 0) input.hidden = torch::arange(hidden, torch::kInt64).repeat({samples, 1});
  return input;
}

model::Targets made_up_targets(const model::ModelConfig& config, std::int64_t samples, std::int64_t hidden) {
  model::Targets targets;
  for (const auto task : config.tasks) targets.value[static_cast<std::size_t>(task)] = torch::zeros({samples}, model::is_regression(task) ? torch::kFloat32 : torch::kInt64);
  if (hidden > 0) targets.hidden_points = torch::zeros({samples, hidden, config.patch});
  return targets;
}

}  // namespace

BatchMemoryProbe::BatchMemoryProbe(model::XxactModel& net, model::FlatParameters& flat, const RunConfig& config, const torch::Device& device, std::int64_t elements)
    : net_(net), flat_(flat), config_(config), device_(device), elements_(std::max<std::int64_t>(elements, 1)) {
  // Libraries take memory of their own at the first pass and keep it.
  pass(1);
  flat_.zero_gradient();
}

void BatchMemoryProbe::pass(std::int64_t samples) {
  const auto hidden = config_.model.learns(model::Objective::masked) ? hidden_count(config_.training.mask_ratio, config_.model.tokens()) : 0;
  const auto input = made_up_input(config_.model, samples, elements_, hidden);
  const auto targets = made_up_targets(config_.model, samples, hidden);
  const bool training = net_->is_training();
  net_->train();
  const auto input_there = to_device(input, device_);
  const auto targets_there = to_device(targets, device_);
  torch::Tensor loss;
  {
    const model::PrecisionScope scope(device_, precision_on(device_, config_.training.precision));
    loss = model::local_loss(net_->forward(input_there), targets_there, config_.training.objective, model::loss_factors(config_.training.objective, model::count_valid(targets)).to(device_));
  }
  loss.backward();
  net_->train(training);
}

double BatchMemoryProbe::peak_bytes(std::int64_t samples, bool recompute) {
  net_->set_recompute(recompute);
  const model::MemoryMeter meter(device_.type());
  pass(samples);
  net_->set_recompute(false);
  flat_.zero_gradient();
  return static_cast<double>(meter.peak_bytes());
}

}  // namespace xxact::pipeline
