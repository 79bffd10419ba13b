// What turns a powder pattern into tokens, one for `patch` neighbouring points, and a [CLS] token that gathers the whole.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "model/transformer.hpp"

namespace xxact::model {

class XrdEncoder : public torch::nn::Module {
 public:
  /// pattern [B, points] float32. The model does not see the tokens `hidden` [B, n] int64 (undefined: none): a learned one, or learned points, stand in their
  /// place. Returns [B, 1 + tokens, D], [CLS] first; with `cls_only` [B, 1, D].
  virtual torch::Tensor forward(const torch::Tensor& pattern, const torch::Tensor& hidden, const Dropout& dropout, bool cls_only) const = 0;

 protected:
  explicit XrdEncoder(Build& build);

  /// [B, tokens, 1]: where a token is hidden.
  torch::Tensor is_hidden(const torch::Tensor& pattern, const torch::Tensor& hidden) const;
  /// [points]: sin^2(theta) at the middle of each point's bin, so that reflections of a cell and of its multiples are told by their ratios.
  torch::Tensor sine_squared() const;

  const ModelConfig config_;
};

/// As config.xrd_encoder says.
std::shared_ptr<XrdEncoder> make_xrd_encoder(Build& build);

}  // namespace xxact::model
