#include "model/attention.hpp"

#include <ATen/SDPBackend.h>

#include "model/host_attention.hpp"
#include "model/host_linear.hpp"

namespace xxact::model {

namespace {

/// As LibTorch's attention wants them: [B, heads, tokens, D / heads].
struct SplitByHeads {
  torch::Tensor query, key, value;
  std::optional<torch::Tensor> mask;
};

SplitByHeads split_by_heads(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask) {
  const auto packed = key_value.unbind(2);
  return {query.transpose(1, 2), packed[0].transpose(1, 2), packed[1].transpose(1, 2), mask.defined() ? std::optional(mask) : std::nullopt};
}

}  // namespace

torch::Tensor attend(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask) {
  if (fits_host_attention(key_value)) return host_attention(query, key_value, mask);
  const auto split = split_by_heads(query, key_value, mask);
  // On the host only large products are rounded, see affine().
  const c10::impl::ExcludeDispatchKeyGuard exact(c10::DispatchKey::AutocastCPU);
  return at::scaled_dot_product_attention(split.query, split.key, split.value, split.mask).transpose(1, 2).flatten(2);
}

std::string_view attention_kernel(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask) {
  if (fits_host_attention(key_value)) return "host";
  const auto split = split_by_heads(query, key_value, mask);
  switch (static_cast<at::SDPBackend>(at::_fused_sdp_choice(split.query, split.key, split.value, split.mask))) {
    case at::SDPBackend::flash_attention: return "flash";
    case at::SDPBackend::efficient_attention: return "memory-efficient";
    case at::SDPBackend::cudnn_attention: return "cudnn";
    default: return "math";
  }
}

torch::Tensor SelfAttention::operator()(const torch::Tensor& x, const torch::Tensor& mask, bool first_only) const {
  const auto batch = x.size(0), tokens = x.size(1), width = x.size(2);
  if (first_only) {
    // split, not slices: its backward is one concatenation.
    const auto weights = query_key_value.weight.split_with_sizes({width, 2 * width});
    const auto biases = query_key_value.bias.split_with_sizes({width, 2 * width});
    const auto query = affine(x.narrow(1, 0, 1), weights[0], biases[0]).view({batch, 1, heads, width / heads});
    const auto key_value = affine(x, weights[1], biases[1]).view({batch, tokens, 2, heads, width / heads});
    return output(attend(query, key_value, mask));
  }
  const auto packed = query_key_value(x).view({batch, tokens, 3, heads, width / heads});
  if (fits_host_attention(packed)) return output(host_self_attention(packed, mask));
  const auto parts = packed.split_with_sizes({1, 2}, 2);
  return output(attend(parts[0].squeeze(2), parts[1], mask));
}

torch::Tensor CrossAttention::operator()(const torch::Tensor& x, const torch::Tensor& key_value, const torch::Tensor& mask) const {
  return output(attend(query(x).unflatten(-1, {heads, -1}), key_value, mask));
}

SelfAttention register_self_attention(torch::nn::Module& module, const std::string& name, std::int64_t width, std::int64_t heads,
                                      Initializer& init) {
  auto projection = register_stacked_projection(module, name + "_query_key_value", width, 3, init);
  return {projection, register_output_projection(module, name + "_output", width, init), heads};
}

CrossAttention register_cross_attention(torch::nn::Module& module, const std::string& name, std::int64_t width, std::int64_t heads,
                                        Initializer& init) {
  auto projection = register_stacked_projection(module, name + "_query", width, 1, init);
  return {projection, register_output_projection(module, name + "_output", width, init), heads};
}

}  // namespace xxact::model
