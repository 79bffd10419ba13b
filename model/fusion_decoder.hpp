// Cross-attention fusion: the pattern's tokens ask, the elements answer.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "model/composition_encoder.hpp"
#include "model/transformer.hpp"

namespace xxact::model {

class FusionDecoder : public torch::nn::Module {
 public:
  explicit FusionDecoder(Build& build);
  /// xrd_tokens [B, 1 + tokens, D]; returns the same, fused. With `cls_only` [B, 1, D]: the last layer computes that row alone, with the same
  /// result.
  torch::Tensor forward(const torch::Tensor& xrd_tokens, const CompositionTokens& composition, const Dropout& dropout, bool cls_only) const;

 private:
  std::int64_t heads_;
  Linear key_value_;  // [layers * 2 D, D]: keys and values of every layer in one product, since all read the same elements
  std::vector<std::shared_ptr<DecoderLayer>> layers_;
  Norm final_norm_;  // pre-norm only
};

}  // namespace xxact::model
