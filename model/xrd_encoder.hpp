// Transformer over a powder pattern: neighbouring points make a token, a [CLS] token gathers the whole.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "model/transformer.hpp"

namespace xxact::model {

class XrdEncoder : public torch::nn::Module {
 public:
  explicit XrdEncoder(Build& build);
  /// pattern [B, points] float32. The tokens `hidden` [B, n] int64 (undefined: none) are replaced by a learned one before they get their position. Returns
  /// [B, 1 + tokens, D], [CLS] first; with `cls_only` [B, 1, D].
  torch::Tensor forward(const torch::Tensor& pattern, const torch::Tensor& hidden, const Dropout& dropout, bool cls_only) const;

 private:
  std::int64_t patch_;
  Linear patch_projection_;
  torch::Tensor cls_, position_;  // [1, 1, D], [1, 1 + tokens, D]
  torch::Tensor mask_;            // [1, 1, D]; undefined without masked modelling
  std::vector<std::shared_ptr<EncoderLayer>> layers_;
  Norm final_norm_;  // pre-norm only
};

}  // namespace xxact::model
