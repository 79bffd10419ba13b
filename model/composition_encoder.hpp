// CrabNet's composition encoder (Wang et al. 2021, doi:10.1038/s41524-021-00545-1): frozen element vectors, projected, plus
// sinusoids of the element's fraction on a linear and a logarithmic scale, then self-attention over the elements.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "model/transformer.hpp"

namespace xxact::model {

/// Resolution of the fraction codes: fractions are rounded to multiples of 1 / 5000.
inline constexpr std::int64_t kFractionResolution = 5000;

/// Code table [5000, columns]: sin(r / 50^(2c / columns)) in even columns c, cos of the same in odd ones. The column itself,
/// not its half, stands in the exponent, as published.
torch::Tensor fraction_code_table(std::int64_t columns);

/// Row of the table for fractions x: round(clamp(x, 1/5000, 1) * 5000) - 1, halves to even. int64.
torch::Tensor fraction_index(const torch::Tensor& x);

/// min(0.0025 log2(x)^2, 1): what the logarithmic code encodes; 1 for x = 0.
torch::Tensor log_fraction(const torch::Tensor& x);

struct CompositionTokens {
  torch::Tensor tokens;    // [B, E, D], zero at padding
  torch::Tensor present;   // [B, E, 1] float32: 1 at elements, 0 at padding
  torch::Tensor key_mask;  // [B, 1, 1, E] bool for attend(); undefined when every slot holds an element
};

class CompositionEncoder : public torch::nn::Module {
 public:
  /// `element_vectors` [119, columns], row 0 zeros.
  CompositionEncoder(Build& build, const torch::Tensor& element_vectors);
  /// element [B, E] int64, fraction [B, E] float32.
  CompositionTokens forward(const torch::Tensor& element, const torch::Tensor& fraction, const Dropout& dropout) const;

 private:
  torch::Tensor position_scales() const;

  PositionScaler scaler_;
  torch::Tensor element_vectors_, code_table_;
  Linear projection_;
  torch::Tensor scale_;  // [3]: embedding, linear code, logarithmic code
  std::vector<std::shared_ptr<EncoderLayer>> layers_;
  Norm final_norm_;  // pre-norm only
};

/// Mean of `values` [B, E, N] over the elements: [B, N].
torch::Tensor mean_over_elements(const torch::Tensor& values, const torch::Tensor& present);

}  // namespace xxact::model
