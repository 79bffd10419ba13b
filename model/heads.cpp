#include "model/heads.hpp"

#include "model/host_linear.hpp"

namespace xxact::model {

ResidualHead::ResidualHead(std::int64_t in, const std::vector<std::int64_t>& widths, std::int64_t out, Initializer& init) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const auto name = "layer" + std::to_string(i);
    Layer layer{register_linear(*this, name, in, widths[i], init), {}};
    if (in != widths[i]) layer.shortcut = register_linear(*this, name + "_shortcut", in, widths[i], init, false).weight;
    layers_.push_back(layer);
    in = widths[i];
  }
  output_ = register_linear(*this, "output", in, out, init);
}

torch::Tensor ResidualHead::forward(torch::Tensor x) const {
  for (const auto& layer : layers_)
    x = at::leaky_relu(layer.main(x), 0.01) + (layer.shortcut.defined() ? affine(x, layer.shortcut, {}) : x);
  return output_(x);
}

bool has_published_head(const ModelConfig& config) {
  return config.norm == NormPlacement::post && config.scaler == PositionScaler::crabnet && config.tasks.size() == 1 &&
         is_regression(config.tasks.front()) && !config.is_mixture(config.tasks.front());
}

CompositionHead::CompositionHead(const ModelConfig& config, std::int64_t outputs, Initializer& init) : published_(has_published_head(config)) {
  residual_ = register_module("residual", std::make_shared<ResidualHead>(config.width, config.head_widths, published_ ? 3 : 2 * outputs, init));
}

torch::Tensor CompositionHead::forward(const CompositionTokens& composition) const {
  const auto said = residual_->forward(composition.tokens);
  if (published_) {
    const auto parts = mean_over_elements(said, composition.present).split(1, -1);
    return at::cat({parts[0] * parts[2].sigmoid(), parts[1]}, -1);
  }
  const auto parts = said.chunk(2, -1);
  return mean_over_elements(parts[0] * parts[1].sigmoid(), composition.present);
}

}  // namespace xxact::model
