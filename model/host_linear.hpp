// Linear layers on the host through oneDNN. at::linear goes to MKL there, which runs at half speed on processors of another
// maker (80 against 175 Gflop/s a core on an EPYC 9005, for the products of preset small); oneDNN asks for the instructions only.
#pragma once

#include <torch/torch.h>

namespace xxact::model {

/// x W^T + b: x [..., in] (copied if not contiguous), weight [out, in], bias [out] or undefined. Differentiable once. Large float32 products
/// on the host go to oneDNN, all else to at::linear. Under a PrecisionScope of bf16 those large products, forward and backward, are of
/// bfloat16 between float32 tensors, and nothing else on the host changes: its other kernels, and small products, lose more by conversion
/// than they gain.
torch::Tensor affine(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);

}  // namespace xxact::model
