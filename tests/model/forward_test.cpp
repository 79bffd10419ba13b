// Outputs and gradients against PyTorch, and what must not change them: padding, neighbours in the batch, evaluation mode.
#include <gtest/gtest.h>

#include "tests/model/reference_case.hpp"

namespace xxact::model {
namespace {

class Reference : public testing::TestWithParam<const char*> {};

TEST_P(Reference, ForwardAgreesWithPyTorch) {
  const auto& reference = reference_case(GetParam());
  auto model = reference.build();
  for (const bool training : {true, false}) {
    model->train(training);
    const auto output = joint_output(reference.config, model->forward(reference.input()));
    ASSERT_EQ(output.sizes(), reference["output"].sizes());
    EXPECT_LT(relative_difference(output, reference["output"]), 1e-5);
  }
}

TEST_P(Reference, EveryGradientAgreesWithPyTorch) {
  const auto& reference = reference_case(GetParam());
  auto model = reference.build();
  (joint_output(reference.config, model->forward(reference.input())) * reference["probe"]).sum().backward();
  for (const auto& item : model->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key() << " takes no part";
    const auto& expected = reference["gradient/" + item.key()];
    const double scale = std::max(1e-2, expected.abs().max().item<double>());
    EXPECT_LT((item.value().grad() - expected).abs().max().item<double>() / scale, 1e-4) << item.key();
  }
}

TEST_P(Reference, PaddingSlotsChangeNothing) {
  const auto& reference = reference_case(GetParam());
  auto model = reference.build();
  auto input = reference.input();
  const auto expected = model->forward(input);
  input.element = torch::constant_pad_nd(input.element, {0, 4});
  input.fraction = torch::constant_pad_nd(input.fraction, {0, 4});
  const auto padded = model->forward(input);
  EXPECT_LT(relative_difference(joint_output(reference.config, padded), joint_output(reference.config, expected)), 1e-6);
  EXPECT_LT(relative_difference(padded.embedding, expected.embedding), 1e-6);
}

TEST_P(Reference, ASampleAloneSaysTheSameAsInABatch) {
  const auto& reference = reference_case(GetParam());
  auto model = reference.build();
  const auto input = reference.input();
  const auto together = joint_output(reference.config, model->forward(input));
  for (std::int64_t i = 0; i < input.element.size(0); ++i) {
    // Cut to its own elements: no padding is left, so the unmasked path is taken.
    const auto elements = input.element[i].count_nonzero().item<std::int64_t>();
    const ModelInput one{input.element.narrow(0, i, 1).narrow(1, 0, elements), input.fraction.narrow(0, i, 1).narrow(1, 0, elements),
                         input.pattern.narrow(0, i, 1), {}};
    const auto alone = joint_output(reference.config, model->forward(one));
    EXPECT_LT(relative_difference(alone, together.narrow(0, i, 1)), 1e-5) << elements << " elements";
    EXPECT_TRUE(alone.isfinite().all().item<bool>());
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Reference, testing::Values("composition", "xrd", "bimodal", "bimodal_skip", "bimodal_post", "crabnet"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Model, CompositionPartAloneIsWhatTheSkipAdds) {
  const auto& reference = reference_case("bimodal_skip");
  auto model = reference.build();
  const auto joint = joint_output(reference.config, model->forward(reference.input()));
  const auto composition = joint_output(reference.config, model->forward_composition(reference.input()));
  {
    torch::NoGradGuard no_grad;  // silence the fused head
    for (auto& item : model->named_parameters())
      if (item.key().starts_with("head.output")) item.value().zero_();
  }
  EXPECT_LT(relative_difference(joint_output(reference.config, model->forward(reference.input())), composition), 1e-6);
  EXPECT_GT(relative_difference(joint, composition), 1e-3);
  EXPECT_ANY_THROW(reference_case("bimodal").build()->forward_composition(reference.input()));
}

TEST(Model, WeightsArePureFunctionsOfTheSeed) {
  const auto table = mat2vec_table();
  const auto flat = [&](std::uint64_t seed) {
    XxactModel model(preset("small"), table, seed);
    std::vector<torch::Tensor> all;
    for (const auto& p : model->parameters()) all.push_back(p.flatten());
    return torch::cat(all);
  };
  torch::manual_seed(1);
  const auto first = flat(5);
  torch::manual_seed(2);
  EXPECT_TRUE(torch::equal(first, flat(5)));
  EXPECT_FALSE(torch::equal(first, flat(6)));
}

TEST(Model, InitialWeightsFollowPyTorchsDefaults) {
  auto config = preset("small");
  config.width = 256;
  XxactModel model(config, mat2vec_table(), 3);
  const auto weights = model->named_parameters();
  const auto bound = [&](const char* name) { return weights[name].abs().max().item<double>(); };
  EXPECT_NEAR(bound("xrd.layer0.attention_query_key_value_weight"), std::sqrt(6.0 / (4 * 256)), 1e-4);  // Glorot over [3 D, D]
  EXPECT_NEAR(bound("fusion.key_value_weight"), std::sqrt(6.0 / (4 * 256)), 1e-4);
  EXPECT_NEAR(bound("xrd.layer1.feed_forward_hidden_weight"), 1 / std::sqrt(256.0), 1e-4);
  EXPECT_NEAR(bound("xrd.layer1.feed_forward_output_weight"), 1 / std::sqrt(1024.0), 1e-4);
  EXPECT_NEAR(bound("xrd.layer1.feed_forward_output_bias"), 1 / std::sqrt(1024.0), 1e-3);
  EXPECT_EQ(bound("xrd.layer0.attention_query_key_value_bias"), 0.0);
  EXPECT_EQ(bound("xrd.layer0.attention_output_bias"), 0.0);
  EXPECT_NEAR(weights["xrd.position"].std().item<double>(), 0.02, 2e-3);
  EXPECT_TRUE(torch::equal(weights["composition.scale"], torch::tensor({1.0F, 0.0F, 0.0F})));
}

}  // namespace
}  // namespace xxact::model
