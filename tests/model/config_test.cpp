// The model configuration as text: round trip, ranges, suggestions.
#include <gtest/gtest.h>

#include "model/config.hpp"
#include "src/base/error.hpp"

namespace xxact::model {
namespace {

/// The message of the ConfigError that `work` throws; empty when it does not throw.
template <class Work>
std::string error_of(Work work) {
  try {
    work();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ModelConfigText, EveryPresetSurvivesTheRoundTrip) {
  for (const auto* name : {"small", "paper", "crabnet"}) {
    const auto config = preset(name);
    validate(config);
    EXPECT_EQ(to_ini(parse_model_config(to_ini(config))), to_ini(config)) << name;
  }
}

TEST(ModelConfigText, EveryFieldIsWrittenReadAndDescribed) {
  ModelConfig config;
  const std::pair<const char*, const char*> values[] = {
      {"mode", "composition"}, {"tasks", "crystal_system,band_gap"}, {"objectives", "masked,contrastive"}, {"width", "96"}, {"heads", "6"}, {"feed-forward", "3"},
      {"composition-layers", "5"}, {"xrd-layers", "7"}, {"fusion-layers", "9"}, {"points", "2048"}, {"patch", "32"}, {"xrd-encoder", "convolution"}, {"sine-squared", "on"},
      {"head-widths", "17,19,23"}, {"dropout", "0.25"}, {"composition-skip", "on"}, {"gap-head", "mixture"}, {"norm", "post"}, {"activation", "relu"}, {"projection", "48"}, {"scaler", "crabnet"}};
  for (const auto& [key, value] : values) set_field(config, key, value);
  std::string expected;
  for (const auto& [key, value] : values) expected += std::string(key) + " = " + value + "\n";
  EXPECT_EQ(to_ini(config), expected);
  EXPECT_EQ(config.tasks, (std::vector<Task>{Task::crystal_system, Task::band_gap}));
  EXPECT_EQ(config.head_widths, (std::vector<std::int64_t>{17, 19, 23}));
  EXPECT_EQ(config.fusion_layers, 9);
  const auto described = describe_fields(preset("small"));
  ASSERT_EQ(described.size(), std::size(values));
  for (std::size_t i = 0; i < described.size(); ++i) EXPECT_EQ(described[i].key, values[i].first);
  EXPECT_EQ(described[3].value, "64");
}

TEST(ModelConfigText, ReadsCommentsSectionsAndBlankLines) {
  const auto config = parse_model_config("# a run\n[model]\n\n width = 32 ; narrow\r\nheads=2\n");
  EXPECT_EQ(config.width, 32);
  EXPECT_EQ(config.heads, 2);
}

TEST(ModelConfigText, SuggestsTheNearestNameForAnUnknownKey) {
  ModelConfig config;
  const auto message = error_of([&] { set_field(config, "fusion-layer", "3"); });
  EXPECT_NE(message.find("fusion-layers"), std::string::npos) << message;
  EXPECT_NE(error_of([&] { parse_model_config("widht = 64\n"); }).find("width"), std::string::npos);
}

TEST(ModelConfigText, RefusesValuesOutOfRangeAndNamesTheField) {
  const std::pair<const char*, const char*> bad[] = {
      {"width", "0"}, {"width", "64x"}, {"width", ""}, {"width", "99999999999999999999"}, {"heads", "-1"}, {"dropout", "1"}, {"dropout", "nan"},
      {"dropout", "-0.1"}, {"mode", "both"}, {"tasks", "energy"}, {"tasks", ""}, {"tasks", "band_gap,band_gap"}, {"objectives", "mask"}, {"objectives", "masked,masked"}, {"projection", "0"}, {"head-widths", "128,,64"},
      {"norm", "none"}, {"activation", "tanh"}, {"scaler", "linear"}, {"composition-skip", "maybe"}, {"xrd-encoder", "lstm"}, {"sine-squared", "2"}, {"gap-head", "both"}, {"patch", "0"}};
  for (const auto& [key, value] : bad) {
    ModelConfig config;
    const auto message = error_of([&] { set_field(config, key, value); });
    EXPECT_NE(message.find(key), std::string::npos) << key << " = " << value << ": " << message;
  }
}

TEST(ModelConfigText, ValidationFindsCombinationsThatCannotBeBuilt) {
  const auto broken = [](auto change) {
    auto config = preset("small");
    change(config);
    return error_of([&] { validate(config); });
  };
  EXPECT_EQ(broken([](ModelConfig&) {}), "");
  EXPECT_NE(broken([](ModelConfig& c) { c.patch = 60; }).find("patch"), std::string::npos);
  EXPECT_NE(broken([](ModelConfig& c) { c.heads = 5; }).find("heads"), std::string::npos);
  EXPECT_NE(broken([](ModelConfig& c) { c.width = 63; }).find("width"), std::string::npos);
  EXPECT_NE(broken([](ModelConfig& c) { c.tasks.clear(); }).find("tasks"), std::string::npos);
  EXPECT_EQ(broken([](ModelConfig& c) { c.tasks.clear(), c.objectives = {Objective::contrastive}; }), "");
  EXPECT_NE(broken([](ModelConfig& c) { c.objectives = {Objective::contrastive}, c.mode = Mode::xrd; }).find("objectives = contrastive"), std::string::npos);
  EXPECT_NE(broken([](ModelConfig& c) { c.objectives = {Objective::masked}, c.mode = Mode::composition; }).find("objectives = masked"), std::string::npos);
  EXPECT_NE(broken([](ModelConfig& c) { c.objectives = {Objective::masked}, c.patch = c.points / 32; }).find("at least 64 tokens"), std::string::npos);
  EXPECT_NE(broken([](ModelConfig& c) { c.head_widths.clear(); }).find("head-widths"), std::string::npos);
  EXPECT_NE(broken([](ModelConfig& c) { c.composition_skip = true, c.mode = Mode::xrd; }).find("composition-skip"), std::string::npos);
  EXPECT_NE(error_of([] { preset("large"); }).find("paper"), std::string::npos);
}

}  // namespace
}  // namespace xxact::model
