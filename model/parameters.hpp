// How trainable parameters are made: drawn on the host from one seeded generator in a fixed order, so that every rank
// and device starts from the same weights; the distributions are PyTorch's defaults.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

namespace xxact::model {

/// The source of initial weights.
class Initializer {
 public:
  explicit Initializer(std::uint64_t seed);
  /// Uniform in [-bound, bound].
  torch::Tensor uniform(at::IntArrayRef shape, double bound);
  torch::Tensor normal(at::IntArrayRef shape, double standard_deviation);

 private:
  at::Generator generator_;
};

/// y = x W^T + b; `bias` may be undefined.
struct Linear {
  torch::Tensor weight;  // [out, in]
  torch::Tensor bias;    // [out]
  torch::Tensor operator()(const torch::Tensor& x) const;
};

/// Layer normalisation over the last dimension, epsilon 1e-5.
struct Norm {
  torch::Tensor weight, bias;  // [width]
  torch::Tensor operator()(const torch::Tensor& x) const;
};

/// Registers `name`_weight and, if wanted, `name`_bias, both uniform within 1 / sqrt(in).
Linear register_linear(torch::nn::Module& module, const std::string& name, std::int64_t in, std::int64_t out, Initializer& init,
                       bool bias = true);
/// As above with a bias that starts at zero, as attention's output projection does.
Linear register_output_projection(torch::nn::Module& module, const std::string& name, std::int64_t width, Initializer& init);
/// `blocks` projections width -> width stacked in one matrix [blocks * width, width], each drawn as a part of PyTorch's joint
/// query-key-value matrix (Glorot uniform over [3 width, width]), biases zero.
Linear register_stacked_projection(torch::nn::Module& module, const std::string& name, std::int64_t width, std::int64_t blocks,
                                   Initializer& init);
/// Registers `name`_weight (ones) and `name`_bias (zeros).
Norm register_norm(torch::nn::Module& module, const std::string& name, std::int64_t width);

}  // namespace xxact::model
