// AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101) and LAMB for large batches (You et al., arXiv
// 1904.00962) on the flat buffers, clipping by global norm, and an exponential moving average of the weights.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "model/flat_parameters.hpp"

namespace xxact::model {

enum class UpdateRule { adamw, lamb };

struct OptimizerConfig {
  UpdateRule rule = UpdateRule::adamw;
  double beta1 = 0.9, beta2 = 0.98;
  double epsilon = 1e-8;
  double weight_decay = 0.02;  // on the decayed part of the buffer only
};

/// Both rules keep the same two moments. LAMB scales AdamW's update of each matrix W, u = m / (sqrt(v) + epsilon) + decay W with the
/// moments corrected for their start, by min(|W|, 10) / |u|, Euclidean norms, or by 1 where one of them is 0; what is not decayed
/// (biases, norms, scalars) is updated as by AdamW.
class Optimizer {
 public:
  /// `flat` must outlive the optimiser.
  Optimizer(const FlatParameters& flat, const OptimizerConfig& config);
  /// One update of the weights with the gradients in the flat buffer.
  void step(double learning_rate);

  /// State, for checkpoints: write into these tensors to restore it. [N], [N] float32.
  const torch::Tensor& exp_avg() const { return exp_avg_; }
  const torch::Tensor& exp_avg_sq() const { return exp_avg_sq_; }
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps);

 private:
  void update_adamw(std::int64_t first, std::int64_t count, double learning_rate, double weight_decay);
  void update_lamb(double learning_rate);

  const FlatParameters& flat_;
  OptimizerConfig config_;
  torch::Tensor exp_avg_, exp_avg_sq_, step_;  // step_: [] float32 on the weights' device, as the fused kernel wants it
  std::int64_t steps_ = 0;
};

/// Scales the flat gradient so that its Euclidean norm is at most `max_norm` (none if max_norm <= 0). Returns the norm before
/// clipping as a scalar on the device, without waiting for it; a NaN or infinite gradient gives a NaN or infinite norm.
torch::Tensor clip_gradient(const FlatParameters& flat, double max_norm);

/// Exponential moving average of the weights with decay min(decay, (1 + t) / (10 + t)) after update t = 1, 2, ...
class AveragedWeights {
 public:
  /// Starts from the present weights. `flat` must outlive it.
  AveragedWeights(const FlatParameters& flat, double decay);
  void update();
  /// Exchanges the weights and their average: call it before and after an evaluation.
  void swap();

  const torch::Tensor& average() const { return average_; }  // [N] float32; write into it to restore it
  std::int64_t updates() const { return updates_; }
  void set_updates(std::int64_t updates) { updates_ = updates; }

 private:
  const FlatParameters& flat_;
  double decay_;
  torch::Tensor average_;
  std::int64_t updates_ = 0;
};

}  // namespace xxact::model
