// Every field survives being written and read back; mistakes are named.
#include <gtest/gtest.h>

#include "pipeline/run_config.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(RunConfig, WritesAndReadsBackEveryField) {
  auto config = preset_run("small");
  set_field(config, "learning-rate", "0.00123");
  set_field(config, "tasks", "formation_energy_per_atom,crystal_system");
  set_field(config, "wavelength", "MoKa");
  set_field(config, "regression-loss", "robust_l1");
  set_field(config, "dispersion", "off");
  const auto text = to_ini(config);
  EXPECT_EQ(to_ini(parse_run_config(text, "test")), text);
  EXPECT_NE(text.find("wavelength = 0.71073"), std::string::npos) << text;
}

TEST(RunConfig, EveryFieldCanBeSetToItsOwnDefault) {
  auto config = preset_run("small");
  const auto before = to_ini(config);
  for (const auto& field : config_fields(preset_run("small"))) set_field(config, field.key, field.value);
  EXPECT_EQ(to_ini(config), before);
}

TEST(RunConfig, NamesKeyValueAndRange) {
  auto config = preset_run("small");
  const auto typo = message_of([&] { set_field(config, "learning-rat", "1"); });
  EXPECT_NE(typo.find("did you mean 'learning-rate'"), std::string::npos) << typo;
  const auto range = message_of([&] { set_field(config, "global-batch", "0"); });
  EXPECT_NE(range.find("global-batch"), std::string::npos) << range;
  EXPECT_NE(range.find("1"), std::string::npos) << range;
  EXPECT_NE(message_of([&] { set_field(config, "learning-rate", "3e-3x"); }), "no error");
  EXPECT_NE(message_of([&] { set_field(config, "learning-rate", "nan"); }), "no error");
}

TEST(RunConfig, ChecksWhatFieldsCannotSeeAlone) {
  auto config = preset_run("small");
  set_field(config, "two-theta-min", "90");
  set_field(config, "two-theta-max", "20");
  EXPECT_THROW(validate(config), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
