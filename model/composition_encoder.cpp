#include "model/composition_encoder.hpp"

namespace xxact::model {

torch::Tensor fraction_code_table(std::int64_t columns) {
  // Double precision: the angle of the first columns runs to 5000.
  const auto row = torch::arange(kFractionResolution, torch::kFloat64).unsqueeze(1);
  const auto column = torch::arange(columns, torch::kFloat64).unsqueeze(0);
  const auto angle = row / torch::pow(50.0, 2.0 * column / static_cast<double>(columns));
  return torch::where(column.remainder(2.0).eq(0.0), angle.sin(), angle.cos()).to(torch::kFloat32);
}

torch::Tensor fraction_index(const torch::Tensor& x) {
  constexpr auto kRows = static_cast<double>(kFractionResolution);
  return x.clamp(1.0 / kRows, 1.0).mul(kRows).round_().to(torch::kInt64).sub_(1);
}

torch::Tensor log_fraction(const torch::Tensor& x) { return x.log2().square_().mul_(0.0025).clamp_max_(1.0); }

torch::Tensor mean_over_elements(const torch::Tensor& values, const torch::Tensor& present) {
  return (values * present).sum(1) / present.sum(1);
}

CompositionEncoder::CompositionEncoder(Build& build, const torch::Tensor& element_vectors) : scaler_(build.config.scaler) {
  const auto width = build.config.width;
  element_vectors_ = register_buffer("element_vectors", element_vectors.to(torch::kFloat32).clone());
  code_table_ = register_buffer("code_table", fraction_code_table(width / 2));
  projection_ = register_linear(*this, "projection", element_vectors.size(1), width, build.init);
  // CrabNet starts all three at 1; exponents of the codes start at 0. Both mean: embedding twice, codes once.
  scale_ = register_parameter("scale", scaler_ == PositionScaler::crabnet ? torch::ones({3}) : torch::tensor({1.0F, 0.0F, 0.0F}));
  layers_ = register_layers<EncoderLayer>(*this, build.config.composition_layers, build);
  if (build.config.norm == NormPlacement::pre) final_norm_ = register_norm(*this, "final_norm", width);
}

torch::Tensor CompositionEncoder::position_scales() const {
  if (scaler_ == PositionScaler::exponent) return at::exp2(scale_);
  // The squares belong to the exponents of the two codes only.
  return at::exp2(at::cat({scale_.narrow(0, 0, 1), (1.0 - scale_.narrow(0, 1, 2)).square()}));
}

CompositionTokens CompositionEncoder::forward(const torch::Tensor& element, const torch::Tensor& fraction, const Dropout& dropout) const {
  CompositionTokens result;
  const auto real = fraction.gt(0);
  result.present = real.unsqueeze(-1).to(torch::kFloat32);
  // Only the host can look without waiting for the device.
  const bool padded = !element.is_cpu() || !real.all().item<bool>();
  if (padded) result.key_mask = real.unsqueeze(1).unsqueeze(1);

  const auto scales = position_scales().split(1);
  const auto code = at::cat({at::embedding(code_table_, fraction_index(fraction)) * scales[1],
                             at::embedding(code_table_, fraction_index(log_fraction(fraction))) * scales[2]}, -1);
  auto tokens = at::addcmul(code, projection_(at::embedding(element_vectors_, element)), scales[0]);
  for (const auto& layer : layers_) tokens = layer->forward(tokens, result.key_mask, dropout);
  if (final_norm_.weight.defined()) tokens = final_norm_(tokens);
  result.tokens = padded ? tokens * result.present : tokens;
  return result;
}

}  // namespace xxact::model
