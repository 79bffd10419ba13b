// Learning rates by layer, and parts that stay as they are.
#include "model/layer_rates.hpp"

#include <gtest/gtest.h>

#include "model/flat_slices.hpp"
#include "model/optimizer.hpp"
#include "tests/model/reference_case.hpp"

namespace xxact::model {
namespace {

TEST(LayerRates, FallWithTheDistanceFromThePrediction) {
  auto config = preset("small");  // two layers each
  const auto rate = layer_rates(config, 0.5, {});
  EXPECT_EQ(rate("head.layer1_weight"), 1);
  EXPECT_EQ(rate("composition_projection_weight"), 1) << "no part of the encoder";
  EXPECT_EQ(rate("fusion.final_norm_weight"), 1);
  EXPECT_EQ(rate("fusion.layer1.norm_self_weight"), 0.5);
  EXPECT_EQ(rate("fusion.layer0.norm_self_weight"), 0.25);
  EXPECT_EQ(rate("fusion.key_value_weight"), 0.125);
  EXPECT_EQ(rate("xrd.final_norm_bias"), 0.25);
  EXPECT_EQ(rate("xrd.layer1.attention_output_weight"), 0.125);
  EXPECT_EQ(rate("composition.layer0.feed_forward_hidden_weight"), 0.0625);
  EXPECT_EQ(rate("xrd.patch_projection_weight"), 0.03125);
  EXPECT_EQ(layer_rates(config, 0.5, {Part::xrd})("xrd.layer1.attention_output_weight"), 0);
  config.mode = Mode::xrd;
  EXPECT_EQ(layer_rates(config, 0.5, {})("xrd.layer1.attention_output_weight"), 0.5);
  EXPECT_EQ(layer_rates(config, 1, {})("xrd.cls"), 1);
}

TEST(LayerRates, OfConvolutionsFallWithTheStages) {
  auto config = preset("small");
  config.mode = Mode::xrd;
  config.xrd_encoder = XrdEncoderKind::convolution;  // patches of 64 points: three stages of two layers
  const auto rate = layer_rates(config, 0.5, {});
  EXPECT_EQ(rate("xrd.final_norm_weight"), 1);
  EXPECT_EQ(rate("xrd.layer5.norm_weight"), 0.5);
  EXPECT_EQ(rate("xrd.layer4.norm_weight"), 0.25);
  EXPECT_EQ(rate("xrd.reduction2_weight"), 0.125);
  EXPECT_EQ(rate("xrd.position"), 0.125);
  EXPECT_EQ(rate("xrd.layer3.norm_weight"), 0.125);
  EXPECT_EQ(rate("xrd.reduction1_bias"), 0.03125);
  EXPECT_EQ(rate("xrd.layer0.norm_weight"), 0.015625);
  EXPECT_EQ(rate("xrd.reduction0_weight"), 0.0078125);
}

/// Weights after one update with gradients of one, by parameter.
std::map<std::string, torch::Tensor> after_an_update(UpdateRule rule, const RateOf& rate_of) {
  const auto reference = reference_case("bimodal_skip");
  auto model = reference.build();
  FlatParameters flat(*model, 25 << 20, rate_of);
  OptimizerConfig config;
  config.rule = rule;
  Optimizer optimizer(flat, config);
  flat.gradient().fill_(1);
  for (const auto& parameter : flat.parameters()) EXPECT_EQ(parameter.tensor.requires_grad(), parameter.rate != 0) << parameter.name;
  const auto before = flat.weights().clone();
  optimizer.step(1e-3);
  std::map<std::string, torch::Tensor> change;
  for (const auto& parameter : flat.parameters()) change[parameter.name] = (flat.weights() - before).narrow(0, parameter.offset, parameter.size);
  return change;
}

TEST(LayerRates, ScaleUpdatesOfBothRules) {
  const RateOf rates = [](const std::string& name) { return name.starts_with("xrd.") ? 0.0 : name.starts_with("fusion.") ? 0.25 : 1.0; };
  for (const auto rule : {UpdateRule::adamw, UpdateRule::lamb}) {
    const auto plain = after_an_update(rule, {}), scaled = after_an_update(rule, rates);
    for (const auto& [name, change] : scaled) {
      const auto expected = rates(name) * plain.at(name);
      EXPECT_LT((change - expected).abs().max().item<double>(), 2e-7) << name;
      EXPECT_GT(plain.at(name).abs().max().item<double>(), 1e-6) << name;
    }
  }
}

TEST(LayerRates, SlicesOfRanksCoverEverythingWithItsRate) {
  const auto reference = reference_case("bimodal_skip");
  auto model = reference.build();
  const FlatParameters flat(*model, 1 << 10, layer_rates(reference.config, 0.7, {Part::composition}));
  auto seen = torch::zeros_like(flat.weights());
  for (int rank = 0; rank < 3; ++rank)
    for (const auto& slice : own_slices(flat, rank, 3)) {
      if (slice.counted) seen.narrow(0, slice.offset, slice.count).add_(slice.rate + 10.0 * (slice.decay ? 1 : 0) + 100);
    }
  for (const auto& parameter : flat.parameters())
    EXPECT_TRUE(seen.narrow(0, parameter.offset, parameter.size).sub(parameter.rate + 10.0 * (parameter.decay ? 1 : 0) + 100).abs().max().item<double>() < 1e-4) << parameter.name;
}

}  // namespace
}  // namespace xxact::model
