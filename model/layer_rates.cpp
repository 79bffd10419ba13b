#include "model/layer_rates.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "model/convolution.hpp"

namespace xxact::model {
namespace {

/// Of "xrd.layer3.norm_weight": 3; -1 where the name has no layer.
std::int64_t layer_in(std::string_view name) {
  constexpr std::string_view kLayer = ".layer";
  const auto place = name.find(kLayer);
  std::int64_t layer = -1;
  if (place != std::string_view::npos) std::from_chars(name.data() + place + kLayer.size(), name.data() + name.size(), layer);
  return layer;
}

/// Layers between a parameter of a stack of `layers` and its end; `behind` counts those that follow it.
std::int64_t distance(std::string_view name, std::int64_t layers, std::int64_t behind) {
  if (name.find(".final_norm") != std::string_view::npos) return behind;
  const auto layer = layer_in(name);
  return behind + (layer < 0 ? layers + 1 : layers - layer);
}

}  // namespace

RateOf layer_rates(const ModelConfig& config, double decay, const std::vector<Part>& frozen) {
  return [=](const std::string& name) {
    const auto is_of = [&](Part part) { return name.starts_with(std::string(part_name(part)) + "."); };
    for (const Part part : frozen)
      if (is_of(part)) return 0.0;
    const auto fusion = config.uses_fusion() ? config.fusion_layers : 0;
    std::int64_t away = 0;
    if (is_of(Part::fusion)) away = distance(name, config.fusion_layers, 0);
    if (is_of(Part::xrd)) away = distance(name, config.xrd_encoder == XrdEncoderKind::convolution ? config.xrd_layers * std::ssize(convolution_stages(config)) : config.xrd_layers, fusion);
    if (is_of(Part::composition)) away = distance(name, config.composition_layers, fusion);
    return std::pow(decay, static_cast<double>(away));
  };
}

}  // namespace xxact::model
