// Attention on the host for the short sequences of this model, differentiable; longer ones go to PyTorch's own kernels.
#pragma once

#include <torch/torch.h>

namespace xxact::model {

/// True when the host kernel takes these tensors: float32 on the host, at most 96 keys, head width 16, 32, ..., 128.
bool fits_host_attention(const torch::Tensor& key_value);

/// attend() of query [B, Q, heads, W] and key_value [B, K, 2, heads, W]; mask [B, 1, 1, K] bool or undefined. Returns [B, Q, heads * W].
torch::Tensor host_attention(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask);

/// The same for packed [B, T, 3, heads, W]: query, key, value of the same tokens, and one gradient for the three.
torch::Tensor host_self_attention(const torch::Tensor& packed, const torch::Tensor& mask);

}  // namespace xxact::model
