#include "model/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/base/error.hpp"

namespace xxact::model {
namespace {

constexpr double kLargestWeightNorm = 10;  // of LAMB, phi in the paper; as in its widely used implementations

}  // namespace

Optimizer::Optimizer(const FlatParameters& flat, const OptimizerConfig& config)
    : flat_(flat),
      config_(config),
      exp_avg_(torch::zeros_like(flat.weights())),
      exp_avg_sq_(torch::zeros_like(flat.weights())),
      step_(torch::zeros({}, flat.weights().options())) {
  const auto in_unit = [](double beta) { return beta >= 0.0 && beta < 1.0; };
  if (!in_unit(config.beta1) || !in_unit(config.beta2) || !(config.epsilon > 0.0) || !(config.weight_decay >= 0.0))
    throw ConfigError("optimiser: expected 0 <= beta1, beta2 < 1, epsilon > 0, weight decay >= 0; got {}, {}, {}, {}", config.beta1, config.beta2,
                      config.epsilon, config.weight_decay);
}

void Optimizer::set_steps(std::int64_t steps) {
  torch::NoGradGuard no_grad;
  steps_ = steps;
  step_.fill_(static_cast<double>(steps));
}

void Optimizer::step(double learning_rate) {
  set_steps(steps_ + 1);
  if (config_.rule == UpdateRule::lamb) update_lamb(learning_rate);
  else update_adamw(0, flat_.decay_size(), learning_rate, config_.weight_decay);
  update_adamw(flat_.decay_size(), flat_.size() - flat_.decay_size(), learning_rate, 0.0);
}

void Optimizer::update_adamw(std::int64_t first, std::int64_t count, double learning_rate, double weight_decay) {
  if (count == 0) return;
  torch::NoGradGuard no_grad;
  at::_fused_adamw_({flat_.weights().narrow(0, first, count)}, {flat_.gradient().narrow(0, first, count)},
                    {exp_avg_.narrow(0, first, count)}, {exp_avg_sq_.narrow(0, first, count)}, {}, {step_}, learning_rate, config_.beta1,
                    config_.beta2, weight_decay, config_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

void Optimizer::update_lamb(double learning_rate) {
  const auto count = flat_.decay_size();
  if (count == 0) return;
  torch::NoGradGuard no_grad;
  auto weights = flat_.weights().narrow(0, 0, count), m = exp_avg_.narrow(0, 0, count), v = exp_avg_sq_.narrow(0, 0, count);
  const auto gradient = flat_.gradient().narrow(0, 0, count);
  m.lerp_(gradient, 1.0 - config_.beta1);
  v.mul_(config_.beta2).addcmul_(gradient, gradient, 1.0 - config_.beta2);
  const auto t = static_cast<double>(steps_);
  const auto scale = (v / (1.0 - std::pow(config_.beta2, t))).sqrt_().add_(config_.epsilon);
  auto update = (m / (1.0 - std::pow(config_.beta1, t))).div_(scale).add_(weights, config_.weight_decay);
  std::vector<torch::Tensor> matrices, updates;
  for (const auto& parameter : flat_.parameters())
    if (parameter.decay) {
      matrices.push_back(weights.narrow(0, parameter.offset, parameter.size));
      updates.push_back(update.narrow(0, parameter.offset, parameter.size));
    }
  // All on the device: nothing here waits for a norm.
  const auto weight_norm = torch::stack(at::_foreach_norm(matrices)), update_norm = torch::stack(at::_foreach_norm(updates));
  const auto ratio = weight_norm.clamp_max(kLargestWeightNorm) / update_norm;
  at::_foreach_mul_(updates, torch::where((weight_norm > 0).logical_and(update_norm > 0), ratio, torch::ones_like(ratio)).unbind());
  weights.add_(update, -learning_rate);
}

torch::Tensor clip_gradient(const FlatParameters& flat, double max_norm) {
  torch::NoGradGuard no_grad;
  const auto norm = flat.gradient().norm();
  // Below the limit the factor is exactly 1.
  if (max_norm > 0.0) flat.gradient().mul_((max_norm / (norm + 1e-6)).clamp_max_(1.0));
  return norm;
}

AveragedWeights::AveragedWeights(const FlatParameters& flat, double decay) : flat_(flat), decay_(decay), average_(flat.weights().clone()) {
  if (!(decay >= 0.0 && decay < 1.0)) throw ConfigError("average of weights: decay {} is out of range; allowed: 0 <= decay < 1", decay);
}

void AveragedWeights::update() {
  torch::NoGradGuard no_grad;
  ++updates_;
  const auto t = static_cast<double>(updates_);
  average_.lerp_(flat_.weights(), 1.0 - std::min(decay_, (1.0 + t) / (10.0 + t)));
}

void AveragedWeights::swap() {
  torch::NoGradGuard no_grad;
  const auto kept = flat_.weights().clone();
  flat_.weights().copy_(average_);
  average_.copy_(kept);
}

}  // namespace xxact::model
