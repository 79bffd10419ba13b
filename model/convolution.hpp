// Convolutions along a pattern, as products over neighbouring steps: what is fast and reproducible for linear layers is so for them.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "model/transformer.hpp"

namespace xxact::model {

inline constexpr std::int64_t kConvolutionReach = 2;      // steps to either side
inline constexpr std::int64_t kConvolutionExpansion = 2;  // hidden channels / channels

/// x + W2 gelu(W1 [norm(x) at the step and its neighbours]); beyond the ends of the pattern neighbours are zero.
class ConvolutionBlock : public TransformerLayer {
 public:
  ConvolutionBlock(Build& build, std::int64_t channels);
  /// x [B, steps, channels] to the same.
  torch::Tensor forward(const torch::Tensor& x, const Dropout& dropout) const;

 private:
  torch::Tensor compute(const torch::Tensor& x, const Dropout& dropout) const;

  std::int64_t site_;
  Norm norm_;
  Linear hidden_, output_;
};

/// One resolution of a convolutional encoder: `stride` steps of the one before (points at first) make a step of `channels` channels.
struct ConvolutionStage {
  std::int64_t stride, channels;
};
/// Strides whose product is `patch`: fours as far as they divide it, then a two, then what is left. The last stage is `width` wide, each one before half of
/// the next, rounded up, and at least 8: so all stages take about the same work.
std::vector<ConvolutionStage> convolution_stages(const ModelConfig& config);

}  // namespace xxact::model
