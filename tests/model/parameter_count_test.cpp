// Numbers of trainable parameters: the published CrabNet's, and those of the PyTorch peer without the ones it never trains.
#include <gtest/gtest.h>

#include "model/xxact_model.hpp"

namespace xxact::model {
namespace {

std::int64_t count(const ModelConfig& config, const std::string& prefix = "") {
  XxactModel model(config, torch::zeros({119, 200}), 1);
  std::int64_t total = 0;
  for (const auto& item : model->named_parameters())
    if (item.key().starts_with(prefix)) total += item.value().numel();
  return total;
}

TEST(ParameterCount, CrabNetHasThePublishedNumber) {
  EXPECT_EQ(count(preset("crabnet")), 11'987'206);
  EXPECT_EQ(count(preset("crabnet"), "composition_head."), 2'427'139);
  EXPECT_EQ(count(preset("crabnet"), "composition.layer"), 9'457'152);
  EXPECT_EQ(count(preset("crabnet"), "composition.projection"), 102'912);
  EXPECT_EQ(count(preset("crabnet"), "composition.scale"), 3);
}

TEST(ParameterCount, SmallIsThePeersWithoutItsPretrainingParts) {
  auto config = preset("small");
  EXPECT_EQ(count(config), 397'638 - 12'545);
  config.composition_skip = true;
  config.tasks = {Task::formation_energy_per_atom, Task::band_gap, Task::crystal_system};
  EXPECT_EQ(count(config), 432'613 - 12'545);
  config = preset("small");
  config.mode = Mode::composition;
  EXPECT_EQ(count(config), 146'183);
  config.mode = Mode::xrd;
  EXPECT_EQ(count(config), 138'562 - 64);
}

TEST(ParameterCount, PaperIsThePeersWithoutItsPretrainingParts) { EXPECT_EQ(count(preset("paper")), 82'019'470 - 529'929); }

}  // namespace
}  // namespace xxact::model
