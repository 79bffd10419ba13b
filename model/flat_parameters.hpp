// All trainable parameters of a module in one float32 buffer and their gradients in another: the optimiser is one call,
// the gradient norm one reduction, and a communication bucket is a view. Not here: communication (pipeline/comm).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/layer_rates.hpp"

namespace xxact::model {

struct FlatParameter {
  std::string name;                  // as in named_parameters(), the name in checkpoints
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0, size = 0; // place in the flat buffers, in floats
  bool decay = false;                // subject to weight decay
  double rate = 1;                   // factor of the learning rate; 0: it stays as it is, and has no gradient
  torch::Tensor tensor;              // the module's parameter, a view of weights()
};

/// A run of neighbouring parameters whose gradients are reduced together.
struct GradientBucket {
  torch::Tensor gradient;               // view of gradient()
  std::vector<std::size_t> parameters;  // indices into parameters()
};

/// Order in the buffers: first the matrices (weight decay), then biases, norms, scalars, positions, [CLS] and mask
/// tokens (no decay); within each part the reverse of registration, which is about the order in which backward
/// finishes them. The buffers are laid out once and never move, so the plan is the same on every rank and restart.
class FlatParameters {
 public:
  /// Moves the parameters of `module`, which must already be on its device, into the buffers. ConfigError if one is not float32.
  explicit FlatParameters(torch::nn::Module& module, std::int64_t bucket_bytes = 25 << 20, const RateOf& rate_of = {});

  const torch::Tensor& weights() const { return weights_; }    // [N] float32
  const torch::Tensor& gradient() const { return gradient_; }  // [N] float32
  std::int64_t size() const { return weights_.numel(); }
  /// The first `decay_size` elements are subject to weight decay.
  std::int64_t decay_size() const { return decay_size_; }
  const std::vector<FlatParameter>& parameters() const { return parameters_; }
  /// In the order in which backward is expected to complete them.
  const std::vector<GradientBucket>& buckets() const { return buckets_; }
  /// FNV-1a over names, shapes, offsets and bucket bounds: must agree on all ranks before the first reduction.
  std::uint64_t plan_hash() const;
  /// Gradients to zero; the views stay attached (an optimiser's set_to_none would detach them).
  void zero_gradient() { gradient_.zero_(); }

 private:
  void place(torch::nn::Module& module, const RateOf& rate_of);
  void move_into_buffers();
  void plan_buckets(std::int64_t bucket_bytes);

  std::vector<FlatParameter> parameters_;
  std::vector<std::size_t> registration_;  // place of each parameter in named_parameters()
  std::vector<GradientBucket> buckets_;
  torch::Tensor weights_, gradient_;
  std::int64_t decay_size_ = 0;
};

/// True for a matrix of a linear layer; false for biases, norms, scalars, positions, [CLS] and mask tokens.
bool is_decayed(const std::string& name, const torch::Tensor& parameter);

}  // namespace xxact::model
