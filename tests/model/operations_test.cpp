// Counted operations, against the weights of a built model times the tokens that meet them.
#include "model/operations.hpp"

#include <gtest/gtest.h>

#include "model/xxact_model.hpp"

namespace xxact::model {
namespace {

constexpr double kElements = 3.5;

/// Tokens that a weight matrix is applied to.
double tokens_of(const ModelConfig& config, const std::string& name) {
  const auto patches = static_cast<double>(config.tokens());
  if (name.starts_with("composition") || name.starts_with("fusion.key_value")) return kElements;
  if (name.starts_with("head.")) return 1;
  if (name.find("patch_projection") != std::string::npos) return patches;
  const bool pattern_only = config.mode == Mode::xrd;
  const auto last = std::string(pattern_only ? "xrd" : "fusion") + ".layer" + std::to_string((pattern_only ? config.xrd_layers : config.fusion_layers) - 1) + ".";
  if (!name.starts_with(last)) return patches + 1;
  // In the last layer only the first token asks: one third of the joint projection.
  return name.find("query_key_value") != std::string::npos ? (2 * (patches + 1) + 1) / 3 : 1;
}

double weights_times_tokens(const ModelConfig& config) {
  XxactModel model(config, torch::zeros({119, 200}), 1);
  double sum = 0;
  for (const auto& item : model->named_parameters())
    if (item.value().dim() == 2) sum += 2 * static_cast<double>(item.value().numel()) * tokens_of(config, item.key());
  return sum;
}

TEST(Operations, AreTwiceTheWeightsThatEachTokenMeetsAndAttention) {
  auto config = preset("small");
  const auto width = static_cast<double>(config.width), tokens = static_cast<double>(config.tokens()) + 1;
  const auto layers = [](std::int64_t n) { return static_cast<double>(n); };
  const double of_elements = 4 * width * layers(config.composition_layers) * kElements * kElements;
  // Self-attention of patterns and of fusion, cross-attention; the last layer has one query.
  const double of_patterns = 4 * width * layers(config.xrd_layers) * tokens * tokens;
  const double of_fusion = 4 * width * (layers(config.fusion_layers - 1) * tokens + 1) * (tokens + kElements);
  EXPECT_NEAR(forward_operations(config, kElements), weights_times_tokens(config) + of_elements + of_patterns + of_fusion, 1);
  config.composition_skip = true;
  config.tasks = {kTasks.begin(), kTasks.end()};
  EXPECT_NEAR(forward_operations(config, kElements), weights_times_tokens(config) + of_elements + of_patterns + of_fusion, 1);
  config.composition_skip = false;
  config.mode = Mode::composition;
  EXPECT_NEAR(forward_operations(config, kElements), weights_times_tokens(config) + of_elements, 1);
  config.mode = Mode::xrd;
  EXPECT_NEAR(forward_operations(config, kElements), weights_times_tokens(config) + 4 * width * (layers(config.xrd_layers - 1) * tokens + 1) * tokens, 1);
  config.xrd_encoder = XrdEncoderKind::convolution;
  config.sine_squared = true;
  double convolutions = 0;
  for (const auto& item : XxactModel(config, torch::zeros({119, 200}), 1)->named_parameters()) {
    if (item.value().dim() != 2) continue;
    const auto& key = item.key();
    const bool head = key.starts_with("head.");
    // Points of 64-point tokens in three steps of four.
    const double steps[] = {256, 64, 16};
    const auto number = key.find_first_of("0123456789");
    const auto place = head ? 0 : static_cast<std::size_t>(key[number] - '0') / (key.find("reduction") != std::string::npos ? 1 : static_cast<std::size_t>(config.xrd_layers));
    convolutions += 2 * static_cast<double>(item.value().numel()) * (head ? 1 : steps[place]);
  }
  EXPECT_NEAR(forward_operations(config, kElements), convolutions, 1);
  config = preset("small");
  config.patch = 16;
  config.tasks.clear();
  config.objectives = {Objective::contrastive};  // encoders alone, the last layer of one for its first token
  const auto many = static_cast<double>(config.tokens()) + 1;
  const double projections = 2 * 2 * width * static_cast<double>(config.projection);
  EXPECT_GT(forward_operations(config, kElements), of_elements + 4 * width * (layers(config.xrd_layers - 1) * many + 1) * many + projections);
  const auto encoders = forward_operations(config, kElements);
  config.objectives = {Objective::masked};
  EXPECT_GT(forward_operations(config, kElements), encoders + 4 * width * layers(config.fusion_layers) * many * (many + kElements)) << "the fusion, for every token";
  EXPECT_EQ(training_operations(config, kElements), 3 * forward_operations(config, kElements));
}

TEST(Operations, CrabNetsHeadIsCountedOnce) {
  const auto config = preset("crabnet");
  const double attention = 4 * static_cast<double>(config.width * config.composition_layers) * kElements * kElements;
  EXPECT_NEAR(forward_operations(config, kElements), weights_times_tokens(config) + attention, 10);
}

}  // namespace
}  // namespace xxact::model
