// The convolutional encoder of patterns. Oracles: PyTorch's convolution, angles in closed form, what a hidden token must not show.
#include "model/convolution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "model/xxact_model.hpp"

namespace xxact::model {
namespace {

ModelConfig pattern_model(XrdEncoderKind encoder) {
  ModelConfig config;
  config.mode = Mode::xrd;
  config.tasks = {Task::crystal_system};
  config.width = 32;
  config.xrd_encoder = encoder;
  return config;
}

TEST(Convolution, IsPyTorchsOverNormalisedSteps) {
  const ModelConfig config;
  Initializer init(3);
  Build build{config, init};
  ConvolutionBlock block(build, 12);
  const auto x = torch::randn({2, 20, 12});
  const auto parameters = block.named_parameters();
  const auto hidden = parameters["hidden_weight"].view({24, 5, 12}).permute({0, 2, 1});
  const auto normed = torch::layer_norm(x, {12}, parameters["norm_weight"], parameters["norm_bias"]);
  const auto convolved = torch::conv1d(normed.transpose(1, 2), hidden, parameters["hidden_bias"], 1, 2).transpose(1, 2);
  const auto want = x + torch::linear(torch::gelu(convolved), parameters["output_weight"], parameters["output_bias"]);
  EXPECT_TRUE(torch::allclose(block.forward(x, {}), want, 1e-5, 1e-5));
}

TEST(Convolution, StagesReduceAPatchStepByStep) {
  const auto stages_of = [](std::int64_t patch, std::int64_t width) {
    ModelConfig config;
    config.patch = patch;
    config.width = width;
    std::vector<std::pair<std::int64_t, std::int64_t>> out;
    for (const auto& stage : convolution_stages(config)) out.emplace_back(stage.stride, stage.channels);
    return out;
  };
  using Stages = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(stages_of(64, 64), (Stages{{4, 16}, {4, 32}, {4, 64}}));
  EXPECT_EQ(stages_of(24, 20), (Stages{{4, 8}, {2, 10}, {3, 20}}));
  EXPECT_EQ(stages_of(256, 16), (Stages{{4, 8}, {4, 8}, {4, 8}, {4, 16}}));
  EXPECT_EQ(stages_of(1, 6), (Stages{{1, 6}}));
}

TEST(Convolution, MakesATokenOfEveryPatch) {
  auto config = pattern_model(XrdEncoderKind::convolution);
  for (const std::int64_t patch : {1, 32, 64, 96}) {
    config.points = 96 * 4;
    config.patch = patch;
    XxactModel model(config, mat2vec_table(), 5);
    const auto embeddings = model->embed({{}, {}, torch::rand({3, config.points}), {}});
    EXPECT_EQ(embeddings.xrd.sizes(), (std::vector<std::int64_t>{3, config.width})) << patch;
  }
}

TEST(XrdEncoders, KnowTheAnglesOfTheirPoints) {
  for (const auto encoder : {XrdEncoderKind::transformer, XrdEncoderKind::convolution}) {
    auto config = pattern_model(encoder);
    config.sine_squared = true;
    config.two_theta_min_deg = 10;
    config.two_theta_max_deg = 60;
    XxactModel model(config, mat2vec_table(), 5);
    const auto angles = model->named_buffers()["xrd.angles"].flatten();
    ASSERT_EQ(angles.numel(), config.points);
    for (const std::int64_t point : {0, 1, 700, 1023})
      EXPECT_NEAR(angles[point].item<double>(), std::pow(std::sin((10 + 50 * (static_cast<double>(point) + 0.5) / 1024) / 2 * std::numbers::pi / 180), 2), 1e-7) << point;
  }
}

TEST(XrdEncoders, DoNotSeeWhatIsHidden) {
  for (const auto encoder : {XrdEncoderKind::transformer, XrdEncoderKind::convolution}) {
    auto config = pattern_model(encoder);
    config.tasks.clear();
    config.objectives = {Objective::masked};
    config.patch = 16;
    XxactModel model(config, mat2vec_table(), 5);
    model->eval();
    const torch::NoGradGuard guard;
    ModelInput input{{}, {}, torch::rand({2, config.points}), {}};
    input.hidden = torch::tensor({{3, 40}, {0, 63}}, torch::kInt64);
    const auto said = model->forward(input).reconstruction;
    auto other = input;
    other.pattern = input.pattern.clone();
    auto tokens = other.pattern.view({2, 64, 16});
    for (std::int64_t row = 0; row < 2; ++row)
      for (std::int64_t k = 0; k < 2; ++k) tokens[row][input.hidden[row][k].item<std::int64_t>()].fill_(7);
    EXPECT_TRUE(torch::equal(model->forward(other).reconstruction, said));
    tokens[0][4].fill_(7);
    const auto changed = model->forward(other).reconstruction;
    EXPECT_FALSE(torch::allclose(changed[0], said[0])) << "a neighbour is seen";
    EXPECT_TRUE(torch::allclose(changed[1], said[1]));
  }
}

}  // namespace
}  // namespace xxact::model
