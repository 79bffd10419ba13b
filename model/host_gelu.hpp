// GELU through the host's own kernel where the tensor is float32 on the host, at::gelu elsewhere.
#pragma once

#include <torch/torch.h>

namespace xxact::model {

/// x Phi(x), differentiable once.
torch::Tensor gelu(const torch::Tensor& x);

}  // namespace xxact::model
