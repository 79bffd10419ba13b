#include "model/xrd_encoder.hpp"

namespace xxact::model {

XrdEncoder::XrdEncoder(Build& build) : patch_(build.config.patch) {
  const auto width = build.config.width, tokens = build.config.tokens();
  constexpr double kTokenDeviation = 0.02;
  patch_projection_ = register_linear(*this, "patch_projection", patch_, width, build.init);
  cls_ = register_parameter("cls", build.init.normal({1, 1, width}, kTokenDeviation));
  if (build.config.learns(Objective::masked)) mask_ = register_parameter("mask", torch::zeros({1, 1, width}));
  position_ = register_parameter("position", build.init.normal({1, tokens + 1, width}, kTokenDeviation));
  layers_ = register_layers<EncoderLayer>(*this, build.config.xrd_layers, build);
  if (build.config.norm == NormPlacement::pre) final_norm_ = register_norm(*this, "final_norm", width);
}

torch::Tensor XrdEncoder::forward(const torch::Tensor& pattern, const torch::Tensor& hidden, const Dropout& dropout, bool cls_only) const {
  const auto batch = pattern.size(0);
  auto patches = patch_projection_(pattern.view({batch, -1, patch_}));
  if (hidden.defined()) {
    const auto is_hidden = torch::zeros({batch, patches.size(1), 1}, pattern.options().dtype(torch::kBool)).scatter_(1, hidden.unsqueeze(2), true);
    patches = at::where(is_hidden, mask_.to(patches.scalar_type()), patches);
  }
  auto tokens = at::cat({cls_.expand({batch, -1, -1}), patches}, 1) + position_;
  for (const auto& layer : layers_) tokens = layer->forward(tokens, torch::Tensor(), dropout, cls_only && layer == layers_.back());
  return final_norm_.weight.defined() ? final_norm_(tokens) : tokens;
}

}  // namespace xxact::model
