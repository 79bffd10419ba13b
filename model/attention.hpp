// Multi-head attention on packed projections: one matrix product makes query, key and value; no copies in between.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string_view>

#include "model/parameters.hpp"

namespace xxact::model {

/// softmax(Q K^T / sqrt(D / heads)) V by heads. `query` [B, Q, heads, D / heads], `key_value` [B, K, 2, heads, D / heads] (key,
/// then value); `mask` [B, 1, 1, K] bool, true = may be attended to, or undefined: all keys. Returns [B, Q, D]. Each sample
/// must have a key that the mask leaves.
torch::Tensor attend(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask);

/// The kernel that attend() takes for such arguments: "host" (this program's own), or LibTorch's "flash", "memory-efficient", "cudnn" or "math".
/// The last one holds the whole matrix of weights in memory, and says that none of the others fits.
std::string_view attention_kernel(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask);

/// Attention of tokens to themselves.
struct SelfAttention {
  Linear query_key_value;  // [3 D, D]
  Linear output;
  std::int64_t heads = 1;

  /// x [B, T, D]; returns [B, T, D], or [B, 1, D] for the first token's query alone.
  torch::Tensor operator()(const torch::Tensor& x, const torch::Tensor& mask, bool first_only) const;
};

/// Attention of tokens to another sequence whose keys and values are already projected.
struct CrossAttention {
  Linear query;
  Linear output;
  std::int64_t heads = 1;

  /// x [B, T, D], key_value [B, K, 2, heads, D / heads].
  torch::Tensor operator()(const torch::Tensor& x, const torch::Tensor& key_value, const torch::Tensor& mask) const;
};

SelfAttention register_self_attention(torch::nn::Module& module, const std::string& name, std::int64_t width, std::int64_t heads,
                                      Initializer& init);
/// Without the key-value projection: the fusion decoder owns that of all its layers.
CrossAttention register_cross_attention(torch::nn::Module& module, const std::string& name, std::int64_t width, std::int64_t heads,
                                        Initializer& init);

}  // namespace xxact::model
