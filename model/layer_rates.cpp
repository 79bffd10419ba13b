#include "model/layer_rates.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "model/convolution.hpp"

namespace xxact::model {
namespace {

/// Of "xrd.layer3.norm_weight" and ".layer": 3; -1 where the name has none.
std::int64_t number_in(std::string_view name, std::string_view behind) {
  const auto place = name.find(behind);
  std::int64_t number = -1;
  if (place != std::string_view::npos) std::from_chars(name.data() + place + behind.size(), name.data() + name.size(), number);
  return number;
}

/// Layers between a parameter of a stack of `layers` and its end; `behind` counts those that follow it.
std::int64_t distance(std::string_view name, std::int64_t layers, std::int64_t behind) {
  if (name.find(".final_norm") != std::string_view::npos) return behind;
  const auto layer = number_in(name, ".layer");
  return behind + (layer < 0 ? layers + 1 : layers - layer);
}

/// Of convolutions: what makes a stage's steps counts as a layer before the stage's, and so do positions, which are added to the last one's.
std::int64_t distance_in_stages(std::string_view name, std::int64_t stages, std::int64_t layers_of_one, std::int64_t behind) {
  auto reduction = number_in(name, ".reduction");
  if (name.ends_with(".position")) reduction = stages - 1;
  return reduction < 0 ? distance(name, stages * layers_of_one, behind) : behind + (stages - reduction) * layers_of_one + 1;
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
    if (is_of(Part::xrd)) away = config.xrd_encoder == XrdEncoderKind::convolution ? distance_in_stages(name, std::ssize(convolution_stages(config)), config.xrd_layers, fusion) : distance(name, config.xrd_layers, fusion);
    if (is_of(Part::composition)) away = distance(name, config.composition_layers, fusion);
    return std::pow(decay, static_cast<double>(away));
  };
}

}  // namespace xxact::model
