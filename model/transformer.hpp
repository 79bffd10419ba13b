// Transformer layers with layer normalisation before or after each residual branch (Vaswani et al., arXiv 1706.03762;
// Xiong et al., arXiv 2002.04745). Dropout acts on the residual branches and the feed-forward hidden layer, not on the
// attention weights: fused attention kernels do not take keyed masks.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "model/attention.hpp"
#include "model/config.hpp"
#include "model/dropout.hpp"
#include "model/parameters.hpp"

namespace xxact::model {

/// What layers need while the model is built: sizes, the source of weights, and the next free dropout site.
struct Build {
  const ModelConfig& config;
  Initializer& init;
  std::int64_t next_site = 0;
};

struct FeedForward {
  Linear hidden, output;
  Activation activation = Activation::gelu;
  std::int64_t site = 0;  // and site + 1 for the residual branch

  torch::Tensor operator()(const torch::Tensor& x, const Dropout& dropout) const;
};

/// What layers have in common: whether they keep their activations for backward or compute them again.
class TransformerLayer : public torch::nn::Module {
 public:
  void set_recompute(bool on) { recompute_ = on; }

 protected:
  bool recompute_ = false;
};

/// Self-attention, then feed-forward.
class EncoderLayer : public TransformerLayer {
 public:
  explicit EncoderLayer(Build& build);
  /// x [B, T, D], mask as in attend(). With `first_only` the result is the first token's, [B, 1, D].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& mask, const Dropout& dropout, bool first_only = false) const;

 private:
  torch::Tensor compute(const torch::Tensor& x, const torch::Tensor& mask, const Dropout& dropout, bool first_only) const;

  NormPlacement placement_;
  std::int64_t site_;
  Norm norm_attention_, norm_feed_forward_;
  SelfAttention attention_;
  FeedForward feed_forward_;
};

/// Self-attention, cross-attention, feed-forward.
class DecoderLayer : public TransformerLayer {
 public:
  explicit DecoderLayer(Build& build);
  /// x [B, T, D], key_value [B, K, 2, heads, D / heads], key_mask as in attend().
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& key_value, const torch::Tensor& key_mask, const Dropout& dropout,
                        bool first_only = false) const;

 private:
  torch::Tensor compute(const torch::Tensor& x, const torch::Tensor& key_value, const torch::Tensor& key_mask, const Dropout& dropout,
                        bool first_only) const;

  NormPlacement placement_;
  std::int64_t site_;
  Norm norm_self_, norm_cross_, norm_feed_forward_;
  SelfAttention self_attention_;
  CrossAttention cross_attention_;
  FeedForward feed_forward_;
};

/// Registers `count` layers as layer0, layer1, ...
template <class Layer>
std::vector<std::shared_ptr<Layer>> register_layers(torch::nn::Module& module, std::int64_t count, Build& build) {
  std::vector<std::shared_ptr<Layer>> layers;
  for (std::int64_t i = 0; i < count; ++i)
    layers.push_back(module.register_module("layer" + std::to_string(i), std::make_shared<Layer>(build)));
  return layers;
}

}  // namespace xxact::model
