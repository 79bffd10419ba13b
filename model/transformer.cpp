#include "model/transformer.hpp"

#include "model/host_gelu.hpp"
#include "model/recompute.hpp"

namespace xxact::model {
namespace {

FeedForward register_feed_forward(torch::nn::Module& module, Build& build) {
  const auto width = build.config.width, hidden = build.config.feed_forward * width;
  auto first = register_linear(module, "feed_forward_hidden", width, hidden, build.init);
  FeedForward block{first, register_linear(module, "feed_forward_output", hidden, width, build.init), build.config.activation, build.next_site};
  build.next_site += 2;
  return block;
}

/// One residual branch: x + branch(norm(x)) or norm(x + branch(x)). `kept` is the part of x that the branch answers for.
template <class Branch>
torch::Tensor residual(NormPlacement placement, const Norm& norm, const torch::Tensor& x, bool first_only, Branch branch) {
  const auto kept = first_only ? x.narrow(1, 0, 1) : x;
  return placement == NormPlacement::pre ? kept + branch(norm(x)) : norm(kept + branch(x));
}

}  // namespace

torch::Tensor FeedForward::operator()(const torch::Tensor& x, const Dropout& dropout) const {
  const auto linear = hidden(x);
  const auto active = activation == Activation::gelu ? model::gelu(linear) : at::relu(linear);
  return dropout(output(dropout(active, site)), site + 1);
}

EncoderLayer::EncoderLayer(Build& build) : placement_(build.config.norm), site_(build.next_site++) {
  const auto width = build.config.width;
  norm_attention_ = register_norm(*this, "norm_attention", width);
  attention_ = register_self_attention(*this, "attention", width, build.config.heads, build.init);
  norm_feed_forward_ = register_norm(*this, "norm_feed_forward", width);
  feed_forward_ = register_feed_forward(*this, build);
}

torch::Tensor EncoderLayer::forward(const torch::Tensor& x, const torch::Tensor& mask, const Dropout& dropout, bool first_only) const {
  if (!recompute_) return compute(x, mask, dropout, first_only);
  return recomputed([this, mask, dropout, first_only](at::TensorList in) { return compute(in[0], mask, dropout, first_only); }, {x});
}

torch::Tensor EncoderLayer::compute(const torch::Tensor& x, const torch::Tensor& mask, const Dropout& dropout, bool first_only) const {
  const auto attended = residual(placement_, norm_attention_, x, first_only,
                                 [&](const torch::Tensor& h) { return dropout(attention_(h, mask, first_only), site_); });
  return residual(placement_, norm_feed_forward_, attended, false, [&](const torch::Tensor& h) { return feed_forward_(h, dropout); });
}

DecoderLayer::DecoderLayer(Build& build) : placement_(build.config.norm), site_(build.next_site) {
  build.next_site += 2;
  const auto width = build.config.width, heads = build.config.heads;
  norm_self_ = register_norm(*this, "norm_self", width);
  self_attention_ = register_self_attention(*this, "self_attention", width, heads, build.init);
  norm_cross_ = register_norm(*this, "norm_cross", width);
  cross_attention_ = register_cross_attention(*this, "cross_attention", width, heads, build.init);
  norm_feed_forward_ = register_norm(*this, "norm_feed_forward", width);
  feed_forward_ = register_feed_forward(*this, build);
}

torch::Tensor DecoderLayer::forward(const torch::Tensor& x, const torch::Tensor& key_value, const torch::Tensor& key_mask,
                                    const Dropout& dropout, bool first_only) const {
  if (!recompute_) return compute(x, key_value, key_mask, dropout, first_only);
  return recomputed([this, key_mask, dropout, first_only](at::TensorList in) { return compute(in[0], in[1], key_mask, dropout, first_only); },
                    {x, key_value});
}

torch::Tensor DecoderLayer::compute(const torch::Tensor& x, const torch::Tensor& key_value, const torch::Tensor& key_mask,
                                    const Dropout& dropout, bool first_only) const {
  const auto attended = residual(placement_, norm_self_, x, first_only, [&](const torch::Tensor& h) {
    return dropout(self_attention_(h, torch::Tensor(), first_only), site_);
  });
  const auto fused = residual(placement_, norm_cross_, attended, false, [&](const torch::Tensor& h) {
    return dropout(cross_attention_(h, key_value, key_mask), site_ + 1);
  });
  return residual(placement_, norm_feed_forward_, fused, false, [&](const torch::Tensor& h) { return feed_forward_(h, dropout); });
}

}  // namespace xxact::model
