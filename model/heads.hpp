// Prediction heads: a residual network, alone on a vector or gated and averaged over the elements of a composition.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "model/composition_encoder.hpp"
#include "model/parameters.hpp"

namespace xxact::model {

/// Layers y = LeakyReLU(W x + b) + R x, R a bias-free matrix where widths differ and the identity otherwise; then a linear layer.
class ResidualHead : public torch::nn::Module {
 public:
  ResidualHead(std::int64_t in, const std::vector<std::int64_t>& widths, std::int64_t out, Initializer& init);
  /// x [..., in] to [..., out].
  torch::Tensor forward(torch::Tensor x) const;

 private:
  struct Layer {
    Linear main;
    torch::Tensor shortcut;  // undefined: identity
  };
  std::vector<Layer> layers_;
  Linear output_;
};

/// True for the published CrabNet's form: one regression, post-norm, CrabNet's scaler.
bool has_published_head(const ModelConfig& config);

/// CrabNet's head: each element says a value and a gate. Published form: outputs (mean, log-scale, gate) are averaged over the
/// elements, then the mean is multiplied by sigmoid(gate). Otherwise n values and n gates, multiplied by element, then averaged.
class CompositionHead : public torch::nn::Module {
 public:
  CompositionHead(const ModelConfig& config, std::int64_t outputs, Initializer& init);
  /// Returns [B, outputs].
  torch::Tensor forward(const CompositionTokens& composition) const;

 private:
  bool published_;
  std::shared_ptr<ResidualHead> residual_;
};

}  // namespace xxact::model
