// Dropout whose mask is a pure function of (sample key, site, element): neither the composition of a batch, nor ranks,
// threads, padding or device change it. The bits come from an integer hash of 32 bits, not from a generator with a state.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace xxact::model {

/// The masks of one forward pass. Each place in the model that drops values has its own site number, fixed when the model
/// is built. Inactive (default): values pass unchanged.
class Dropout {
 public:
  Dropout() = default;
  /// `sample_key` is [B] int64; `rate` in [0, 1).
  Dropout(const torch::Tensor& sample_key, double rate);

  /// x is [B, T, D]: zero with probability `rate`, otherwise scaled by 1 / (1 - rate). Element t * D + d of a sample keeps
  /// its fate when tokens are added behind or only the first ones are computed.
  torch::Tensor operator()(const torch::Tensor& x, std::int64_t site) const;
  bool active() const { return rate_ > 0.0; }

 private:
  torch::Tensor sample_hash_;  // [B] int64, 32-bit values
  double rate_ = 0.0;
};

/// The mask alone, [B, elements] float32: 0 or 1 / (1 - rate). `sample_hash` [B] int64 holds 32-bit values.
torch::Tensor dropout_mask(const torch::Tensor& sample_hash, std::int64_t site, std::int64_t elements, double rate);
/// The same in tensor arithmetic, as devices compute it.
torch::Tensor dropout_mask_by_tensors(const torch::Tensor& sample_hash, std::int64_t site, std::int64_t elements, double rate);

}  // namespace xxact::model
