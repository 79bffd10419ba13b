// AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101) and LAMB for large batches (You et al., arXiv
// 1904.00962) on the flat buffers, clipping by global norm, and an exponential moving average of the weights. Nothing here waits for
// the device: what decides about an update (its norm, whether it is skipped, the learning rate) are tensors on it.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "model/flat_parameters.hpp"
#include "model/flat_slices.hpp"

namespace xxact::model {

enum class UpdateRule { adamw, lamb };

struct OptimizerConfig {
  UpdateRule rule = UpdateRule::adamw;
  double beta1 = 0.9, beta2 = 0.98;
  double epsilon = 1e-8;
  double weight_decay = 0.02;  // on the decayed part of the buffer only
};

/// What an update depends on beside the gradients: scalars [] float32 on the weights' device.
struct UpdateScalars {
  torch::Tensor learning_rate;
  torch::Tensor gradient_divisor;  // see clip_divisor()
  torch::Tensor skip;              // 1: nothing changes, 0: update
};

/// Both rules keep the same two moments. LAMB scales AdamW's update of each matrix W, u = m / (sqrt(v) + epsilon) + decay W with the
/// moments corrected for their start, by min(|W|, 10) / |u|, Euclidean norms, or by 1 where one of them is 0; what is not decayed
/// (biases, norms, scalars) is updated as by AdamW.
class Optimizer {
 public:
  /// Updates `slices` of the buffers alone. `flat` must outlive it. ConfigError for values out of range, and for LAMB on less than
  /// everything: its norms are those of whole matrices.
  Optimizer(const FlatParameters& flat, const OptimizerConfig& config, std::vector<FlatSlice> slices);
  Optimizer(const FlatParameters& flat, const OptimizerConfig& config) : Optimizer(flat, config, whole(flat)) {}

  /// One update of the weights with the gradients in the flat buffer, which may be changed by it.
  void step(const UpdateScalars& scalars);
  /// The same with a learning rate, no clipping and nothing skipped.
  void step(double learning_rate);
  /// Sum over counted slices of the squared gradients, [] float32; not finite where a gradient is not.
  torch::Tensor squared_gradient() const;

  const std::vector<FlatSlice>& slices() const { return slices_; }
  /// State, for checkpoints: the moments of slices(), one behind the other, and the updates made, [] float32. Write into them to restore it.
  const torch::Tensor& exp_avg() const { return exp_avg_; }
  const torch::Tensor& exp_avg_sq() const { return exp_avg_sq_; }
  const torch::Tensor& updates() const { return updates_; }

 private:
  std::vector<torch::Tensor> parts(const torch::Tensor& flat_buffer, bool decay, double rate) const;
  std::vector<torch::Tensor> own_parts(const torch::Tensor& own_buffer, bool decay, double rate) const;
  void update_adamw(bool decay, double rate, const UpdateScalars& scalars);
  void update_lamb(const UpdateScalars& scalars);

  const FlatParameters& flat_;
  OptimizerConfig config_;
  std::vector<FlatSlice> slices_;
  std::vector<std::pair<bool, double>> kinds_;  // decay and rate of slices that are updated: a call each
  torch::Tensor rates_of_matrices_;             // [decayed parameters] float32
  torch::Tensor exp_avg_, exp_avg_sq_, updates_;
};

/// What gradients of this norm, [], are divided by so that their norm is at most `max_norm`; 1 if it is below, or if max_norm <= 0.
torch::Tensor clip_divisor(const torch::Tensor& norm, double max_norm);

/// Exponential moving average of the weights with decay min(decay, (1 + t) / (10 + t)) after update t = 1, 2, ...
class AveragedWeights {
 public:
  /// Starts from the present weights. `flat` must outlive it.
  AveragedWeights(const FlatParameters& flat, double decay);
  /// After an update, or, with skip = 1, after one that was left out.
  void update(const torch::Tensor& skip);
  /// Exchanges the weights and their average: call it before and after an evaluation.
  void swap();

  const torch::Tensor& average() const { return average_; }  // [N] float32; write into it to restore it
  const torch::Tensor& updates() const { return updates_; }  // [] float32, likewise

 private:
  const FlatParameters& flat_;
  double decay_;
  torch::Tensor average_, updates_;
};

}  // namespace xxact::model
