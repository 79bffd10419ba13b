#include "model/optimizer.hpp"

#include <algorithm>
#include <utility>

#include "src/base/error.hpp"

namespace xxact::model {
namespace {

constexpr double kLargestWeightNorm = 10;  // of LAMB, phi in the paper; as in its widely used implementations

std::int64_t total(const std::vector<FlatSlice>& slices) {
  std::int64_t count = 0;
  for (const auto& slice : slices) count += slice.count;
  return count;
}

/// 1 - beta^t, [] float32; the power in double, since it is near 1 at first.
torch::Tensor correction(double beta, const torch::Tensor& t) { return (1.0 - torch::pow(beta, t.to(torch::kFloat64))).to(torch::kFloat32); }

}  // namespace

Optimizer::Optimizer(const FlatParameters& flat, const OptimizerConfig& config, std::vector<FlatSlice> slices)
    : flat_(flat),
      config_(config),
      slices_(std::move(slices)),
      exp_avg_(torch::zeros({total(slices_)}, flat.weights().options())),
      exp_avg_sq_(torch::zeros_like(exp_avg_)),
      updates_(torch::zeros({}, flat.weights().options())) {
  const auto in_unit = [](double beta) { return beta >= 0.0 && beta < 1.0; };
  if (!in_unit(config.beta1) || !in_unit(config.beta2) || !(config.epsilon > 0.0) || !(config.weight_decay >= 0.0))
    throw ConfigError("optimiser: expected 0 <= beta1, beta2 < 1, epsilon > 0, weight decay >= 0; got {}, {}, {}, {}", config.beta1, config.beta2,
                      config.epsilon, config.weight_decay);
  if (config.rule == UpdateRule::lamb && total(slices_) != flat.size())
    throw ConfigError("optimizer = lamb needs the norms of whole matrices: it cannot share its state over ranks");
  std::vector<float> rates;
  for (const auto& parameter : flat.parameters())
    if (parameter.decay) rates.push_back(static_cast<float>(parameter.rate));
  rates_of_matrices_ = torch::tensor(rates).to(flat.weights().device());
  for (const auto& slice : slices_)
    if (const std::pair kind(slice.decay, slice.rate); slice.rate != 0 && std::find(kinds_.begin(), kinds_.end(), kind) == kinds_.end()) kinds_.push_back(kind);
}

void Optimizer::step(double learning_rate) {
  const auto scalar = [&](double value) { return torch::full({}, value, flat_.weights().options()); };
  step({scalar(learning_rate), scalar(1), scalar(0)});
}

void Optimizer::step(const UpdateScalars& scalars) {
  torch::NoGradGuard no_grad;
  updates_.add_(1.0 - scalars.skip);
  if (config_.rule == UpdateRule::lamb) update_lamb(scalars);
  for (const auto& [decay, rate] : kinds_)
    if (config_.rule == UpdateRule::adamw || !decay) update_adamw(decay, rate, scalars);
}

torch::Tensor Optimizer::squared_gradient() const {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> counted;
  for (const auto& slice : slices_)
    if (slice.counted) counted.push_back(flat_.gradient().narrow(0, slice.offset, slice.count));
  // Neighbours, so that without shared state this is one reduction over the buffer.
  if (total(slices_) == flat_.size()) counted = {flat_.gradient()};
  return torch::stack(at::_foreach_norm(counted)).square().sum();
}

std::vector<torch::Tensor> Optimizer::parts(const torch::Tensor& flat_buffer, bool decay, double rate) const {
  std::vector<torch::Tensor> views;
  for (const auto& slice : slices_)
    if (slice.decay == decay && slice.rate == rate) views.push_back(flat_buffer.narrow(0, slice.offset, slice.count));
  return views;
}

std::vector<torch::Tensor> Optimizer::own_parts(const torch::Tensor& own_buffer, bool decay, double rate) const {
  std::vector<torch::Tensor> views;
  std::int64_t offset = 0;
  for (const auto& slice : slices_) {
    if (slice.decay == decay && slice.rate == rate) views.push_back(own_buffer.narrow(0, offset, slice.count));
    offset += slice.count;
  }
  return views;
}

void Optimizer::update_adamw(bool decay, double rate, const UpdateScalars& scalars) {
  const auto weights = parts(flat_.weights(), decay, rate);
  at::_fused_adamw_(weights, parts(flat_.gradient(), decay, rate), own_parts(exp_avg_, decay, rate), own_parts(exp_avg_sq_, decay, rate), {},
                    std::vector<torch::Tensor>(weights.size(), updates_), rate == 1 ? scalars.learning_rate : scalars.learning_rate * rate, config_.beta1, config_.beta2,
                    decay ? config_.weight_decay : 0.0, config_.epsilon, /*amsgrad=*/false, /*maximize=*/false, scalars.gradient_divisor, scalars.skip);
}

void Optimizer::update_lamb(const UpdateScalars& scalars) {
  const auto count = flat_.decay_size();
  if (count == 0) return;
  auto weights = flat_.weights().narrow(0, 0, count), m = exp_avg_.narrow(0, 0, count), v = exp_avg_sq_.narrow(0, 0, count);
  auto gradient = flat_.gradient().narrow(0, 0, count);
  // A gradient of a skipped step may be NaN, which no factor of zero takes away.
  gradient.div_(scalars.gradient_divisor).masked_fill_(scalars.skip.to(torch::kBool), 0.0);
  const auto made = 1.0 - scalars.skip;
  m.lerp_(gradient, (1.0 - config_.beta1) * made);
  v.mul_(1.0 - (1.0 - config_.beta2) * made).addcmul_(gradient, gradient, 1.0 - config_.beta2);
  const auto t = updates_.clamp_min(1.0);  // skipped steps before the first update
  const auto scale = (v / correction(config_.beta2, t)).sqrt_().add_(config_.epsilon);
  auto update = (m / correction(config_.beta1, t)).div_(scale).add_(weights, config_.weight_decay);
  std::vector<torch::Tensor> matrices, updates;
  for (const auto& parameter : flat_.parameters())
    if (parameter.decay) {
      matrices.push_back(weights.narrow(0, parameter.offset, parameter.size));
      updates.push_back(update.narrow(0, parameter.offset, parameter.size));
    }
  const auto weight_norm = torch::stack(at::_foreach_norm(matrices)), update_norm = torch::stack(at::_foreach_norm(updates));
  const auto ratio = weight_norm.clamp_max(kLargestWeightNorm) / update_norm;
  at::_foreach_mul_(updates, (torch::where((weight_norm > 0).logical_and(update_norm > 0), ratio, torch::ones_like(ratio)) * rates_of_matrices_).unbind());
  weights.addcmul_(update, -scalars.learning_rate * made);
}

torch::Tensor clip_divisor(const torch::Tensor& norm, double max_norm) {
  if (max_norm <= 0.0) return torch::ones_like(norm);
  return ((norm + 1e-6) / max_norm).clamp_min_(1.0);
}

AveragedWeights::AveragedWeights(const FlatParameters& flat, double decay)
    : flat_(flat), decay_(decay), average_(flat.weights().clone()), updates_(torch::zeros({}, flat.weights().options())) {
  if (!(decay >= 0.0 && decay < 1.0)) throw ConfigError("average of weights: decay {} is out of range; allowed: 0 <= decay < 1", decay);
}

void AveragedWeights::update(const torch::Tensor& skip) {
  torch::NoGradGuard no_grad;
  const auto made = 1.0 - skip;
  updates_.add_(made);
  const auto kept = ((1.0 + updates_) / (10.0 + updates_)).clamp_max_(decay_);
  average_.lerp_(flat_.weights(), (1.0 - kept) * made);
}

void AveragedWeights::swap() {
  torch::NoGradGuard no_grad;
  const auto kept = flat_.weights().clone();
  flat_.weights().copy_(average_);
  average_.copy_(kept);
}

}  // namespace xxact::model
