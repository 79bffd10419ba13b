#include "model/optimizer.hpp"

#include <algorithm>

#include "src/base/error.hpp"

namespace xxact::model {

AdamW::AdamW(const FlatParameters& flat, const AdamWConfig& config)
    : flat_(flat),
      config_(config),
      exp_avg_(torch::zeros_like(flat.weights())),
      exp_avg_sq_(torch::zeros_like(flat.weights())),
      step_(torch::zeros({}, flat.weights().options())) {
  const auto in_unit = [](double beta) { return beta >= 0.0 && beta < 1.0; };
  if (!in_unit(config.beta1) || !in_unit(config.beta2) || !(config.epsilon > 0.0) || !(config.weight_decay >= 0.0))
    throw ConfigError("AdamW: expected 0 <= beta1, beta2 < 1, epsilon > 0, weight decay >= 0; got {}, {}, {}, {}", config.beta1, config.beta2,
                      config.epsilon, config.weight_decay);
}

void AdamW::set_steps(std::int64_t steps) {
  torch::NoGradGuard no_grad;
  steps_ = steps;
  step_.fill_(static_cast<double>(steps));
}

void AdamW::step(double learning_rate) {
  set_steps(steps_ + 1);
  update(0, flat_.decay_size(), learning_rate, config_.weight_decay);
  update(flat_.decay_size(), flat_.size() - flat_.decay_size(), learning_rate, 0.0);
}

void AdamW::update(std::int64_t first, std::int64_t count, double learning_rate, double weight_decay) {
  if (count == 0) return;
  torch::NoGradGuard no_grad;
  at::_fused_adamw_({flat_.weights().narrow(0, first, count)}, {flat_.gradient().narrow(0, first, count)},
                    {exp_avg_.narrow(0, first, count)}, {exp_avg_sq_.narrow(0, first, count)}, {}, {step_}, learning_rate, config_.beta1,
                    config_.beta2, weight_decay, config_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
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
