#include "model/host_attention.hpp"

#include <ATen/Parallel.h>

#include "model/attention_kernel.hpp"

namespace xxact::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<torch::Tensor>;

/// An undefined tensor is no argument for a custom function; an empty optional is.
OptionalTensor optional(const torch::Tensor& x) { return x.defined() ? OptionalTensor(x) : std::nullopt; }

/// x [B, T, heads, W] with the last two dimensions contiguous.
template <class Float>
TokenArray<Float> tokens_of(const torch::Tensor& x) {
  return {const_cast<Float*>(static_cast<const Float*>(x.const_data_ptr())), x.stride(0), x.stride(1)};
}

/// The kernel wants heads and their columns side by side; batches and tokens may have any stride.
torch::Tensor with_dense_tokens(const torch::Tensor& x) {
  const auto last = x.dim() - 1;
  return x.stride(last) == 1 && x.stride(last - 1) == x.size(last) ? x : x.contiguous();
}

AttentionSizes sizes_of(const torch::Tensor& query, const torch::Tensor& key) { return {query.size(2), query.size(1), key.size(1), query.size(3)}; }

/// Enough pairs for a thread to be worth waking.
std::int64_t grain(const AttentionSizes& s) { return std::max<std::int64_t>(1, 40'000 / (s.queries * s.keys * s.head_width)); }

struct Forward {
  torch::Tensor output, probability;
};

Forward run_forward(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value, const torch::Tensor& mask, bool keep) {
  const auto sizes = sizes_of(query, key);
  const auto batch = query.size(0);
  Forward result;
  result.output = torch::empty({batch, sizes.queries, sizes.heads, sizes.head_width}, query.options());
  if (keep) result.probability = torch::empty({batch, sizes.heads, sizes.queries, sizes.keys}, query.options());
  const auto flat_mask = mask.defined() ? mask.contiguous() : mask;
  const AttentionForward arrays{tokens_of<const float>(query), tokens_of<const float>(key), tokens_of<const float>(value),
                                tokens_of<float>(result.output), keep ? result.probability.data_ptr<float>() : nullptr,
                                mask.defined() ? flat_mask.const_data_ptr<bool>() : nullptr};
  at::parallel_for(0, batch * sizes.heads, grain(sizes),
                   [&](std::int64_t first, std::int64_t last) { attention_forward(arrays, sizes, first, last); });
  return result;
}

void run_backward(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value, const torch::Tensor& probability,
                  const torch::Tensor& output_gradient, const torch::Tensor& query_gradient, const torch::Tensor& key_gradient,
                  const torch::Tensor& value_gradient) {
  const auto sizes = sizes_of(query, key);
  const auto g = with_dense_tokens(output_gradient.view({query.size(0), sizes.queries, sizes.heads, sizes.head_width}));
  const AttentionBackward arrays{tokens_of<const float>(query), tokens_of<const float>(key), tokens_of<const float>(value),
                                 tokens_of<const float>(g), probability.const_data_ptr<float>(), tokens_of<float>(query_gradient),
                                 tokens_of<float>(key_gradient), tokens_of<float>(value_gradient)};
  at::parallel_for(0, query.size(0) * sizes.heads, grain(sizes),
                   [&](std::int64_t first, std::int64_t last) { attention_backward(arrays, sizes, first, last); });
}

struct HostAttention : torch::autograd::Function<HostAttention> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& query, const torch::Tensor& key_value, const OptionalTensor& mask) {
    const auto q = with_dense_tokens(query), kv = with_dense_tokens(key_value);
    auto result = run_forward(q, kv.select(2, 0), kv.select(2, 1), mask.value_or(torch::Tensor()), true);
    context->save_for_backward({q, kv, result.probability});
    return result.output.flatten(2);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &query = saved[0], &key_value = saved[1];
    auto query_gradient = torch::empty(query.sizes(), query.options()), gradient = torch::empty(key_value.sizes(), query.options());
    run_backward(query, key_value.select(2, 0), key_value.select(2, 1), saved[2], gradients[0].contiguous(), query_gradient,
                 gradient.select(2, 0), gradient.select(2, 1));
    return {query_gradient, gradient, torch::Tensor()};
  }
};

struct HostSelfAttention : torch::autograd::Function<HostSelfAttention> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& packed, const OptionalTensor& mask) {
    const auto x = with_dense_tokens(packed);
    auto result = run_forward(x.select(2, 0), x.select(2, 1), x.select(2, 2), mask.value_or(torch::Tensor()), true);
    context->save_for_backward({x, result.probability});
    return result.output.flatten(2);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& x = saved[0];
    auto gradient = torch::empty(x.sizes(), x.options());
    run_backward(x.select(2, 0), x.select(2, 1), x.select(2, 2), saved[1], gradients[0].contiguous(), gradient.select(2, 0),
                 gradient.select(2, 1), gradient.select(2, 2));
    return {gradient, torch::Tensor()};
  }
};

}  // namespace

bool fits_host_attention(const torch::Tensor& key_value) {
  const auto width = key_value.size(-1);
  return key_value.is_cpu() && key_value.scalar_type() == torch::kFloat32 && key_value.size(1) <= kMostKeys && width % 16 == 0 && width <= 128;
}

torch::Tensor host_attention(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask) {
  if (torch::GradMode::is_enabled()) return HostAttention::apply(query, key_value, optional(mask));
  const auto q = with_dense_tokens(query), kv = with_dense_tokens(key_value);
  return run_forward(q, kv.select(2, 0), kv.select(2, 1), mask, false).output.flatten(2);
}

torch::Tensor host_self_attention(const torch::Tensor& packed, const torch::Tensor& mask) {
  if (torch::GradMode::is_enabled()) return HostSelfAttention::apply(packed, optional(mask));
  const auto x = with_dense_tokens(packed);
  return run_forward(x.select(2, 0), x.select(2, 1), x.select(2, 2), mask, false).output.flatten(2);
}

}  // namespace xxact::model
