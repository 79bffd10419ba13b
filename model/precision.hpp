// Which numbers the model computes with: float32, or products in bfloat16 with weights, sums and everything that needs the range in
// float32 ("automatic mixed precision", as LibTorch's autocast has it by operation).
#pragma once

#include <torch/torch.h>

namespace xxact::model {

enum class Precision { fp32, bf16 };

/// Whether this processor multiplies bfloat16 by itself (AVX-512 BF16). Others refuse such products or take longer for them than for float32.
bool host_multiplies_bf16();

/// While it lives, operations of this thread that gain by it compute in `precision` on `device`.
class PrecisionScope {
 public:
  PrecisionScope(const torch::Device& device, Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  torch::DeviceType type_;
  bool before_;
  at::ScalarType type_before_;
};

}  // namespace xxact::model
