#include "model/fusion_decoder.hpp"

namespace xxact::model {

FusionDecoder::FusionDecoder(Build& build) : heads_(build.config.heads) {
  const auto width = build.config.width, count = build.config.fusion_layers;
  key_value_ = register_stacked_projection(*this, "key_value", width, 2 * count, build.init);
  layers_ = register_layers<DecoderLayer>(*this, count, build);
  if (build.config.norm == NormPlacement::pre) final_norm_ = register_norm(*this, "final_norm", width);
}

torch::Tensor FusionDecoder::forward(const torch::Tensor& xrd_tokens, const CompositionTokens& composition, const Dropout& dropout, bool cls_only) const {
  const auto& elements = composition.tokens;
  const auto count = static_cast<std::int64_t>(layers_.size());
  // unbind, not indexing: its backward is one stack.
  const auto key_values = key_value_(elements).view({elements.size(0), elements.size(1), count, 2, heads_, -1}).unbind(2);
  auto tokens = xrd_tokens;
  for (std::size_t i = 0; i < layers_.size(); ++i)
    tokens = layers_[i]->forward(tokens, key_values[i], composition.key_mask, dropout, cls_only && i + 1 == layers_.size());
  return final_norm_.weight.defined() ? final_norm_(tokens) : tokens;
}

}  // namespace xxact::model
