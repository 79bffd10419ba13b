#include "model/config.hpp"

#include <algorithm>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::model {

std::string_view task_name(Task task) {
  switch (task) {
    case Task::formation_energy_per_atom: return "formation_energy_per_atom";
    case Task::band_gap: return "band_gap";
    case Task::crystal_system: return "crystal_system";
    case Task::space_group: return "space_group";
    case Task::lattice_a: return "lattice_a";
    case Task::lattice_b: return "lattice_b";
    case Task::lattice_c: return "lattice_c";
    case Task::lattice_volume: return "lattice_volume";
  }
  throw ConfigError("task {} does not exist", static_cast<int>(task));
}

std::string_view objective_name(Objective objective) {
  switch (objective) {
    case Objective::masked: return "masked";
    case Objective::contrastive: return "contrastive";
  }
  throw ConfigError("objective {} does not exist", static_cast<int>(objective));
}

std::string_view part_name(Part part) {
  switch (part) {
    case Part::composition: return "composition";
    case Part::xrd: return "xrd";
    case Part::fusion: return "fusion";
  }
  throw ConfigError("part {} does not exist", static_cast<int>(part));
}

std::string_view mode_name(Mode mode) {
  switch (mode) {
    case Mode::composition: return "composition";
    case Mode::xrd: return "xrd";
    case Mode::bimodal: return "bimodal";
  }
  throw ConfigError("mode {} does not exist", static_cast<int>(mode));
}

int task_classes(Task task) {
  if (task == Task::crystal_system) return kCrystalSystems;
  return task == Task::space_group ? kSpaceGroups : 0;
}

namespace {

// The reference configuration of the PyTorch peer with 64-point patches: 16 tokens train in minutes on two cores.
ModelConfig small_preset() { return {}; }

ModelConfig paper_preset() {
  ModelConfig config;
  config.width = 512;
  config.composition_layers = 3;
  config.xrd_layers = 6;
  config.fusion_layers = 12;
  config.points = 2048;
  config.patch = 8;
  config.head_widths = {1024, 512, 256, 128};
  config.dropout = 0.1;
  return config;
}

// CrabNet as published (Wang et al. 2021, doi:10.1038/s41524-021-00545-1).
ModelConfig crabnet_preset() {
  ModelConfig config;
  config.mode = Mode::composition;
  config.width = 512;
  config.composition_layers = 3;
  config.head_widths = {1024, 512, 256, 128};
  config.dropout = 0.1;
  config.norm = NormPlacement::post;
  config.activation = Activation::relu;
  config.scaler = PositionScaler::crabnet;
  return config;
}

constexpr std::int64_t kFewestMaskedTokens = 64;

void validate_tokens(const ModelConfig& config) {
  if (config.points % config.patch != 0)
    throw ConfigError("points = {} is not a multiple of patch = {}: every token covers `patch` points", config.points, config.patch);
}

void validate_objectives(const ModelConfig& config) {
  if (config.learns(Objective::masked) && !config.uses_xrd()) throw ConfigError("objectives = masked hides parts of patterns: it needs mode = xrd or bimodal");
  if (config.learns(Objective::contrastive) && config.mode != Mode::bimodal) throw ConfigError("objectives = contrastive compares patterns with compositions: it needs mode = bimodal");
  // Of 16 tokens, 5 % would be none in most patterns, and the one that is hidden would be a sixteenth of everything.
  if (config.learns(Objective::masked) && config.tokens() < kFewestMaskedTokens)
    throw ConfigError("objectives = masked needs patterns of at least {} tokens; points = {} and patch = {} make {}", kFewestMaskedTokens, config.points, config.patch, config.tokens());
}

}  // namespace

ModelConfig preset(std::string_view name) {
  if (name == "small") return small_preset();
  if (name == "paper") return paper_preset();
  if (name == "crabnet") return crabnet_preset();
  throw ConfigError("no model preset is called \"{}\"; there are small, paper, crabnet", name);
}

void validate(const ModelConfig& config) {
  const auto require = [](bool good, std::string_view field, std::int64_t value, std::string_view allowed) {
    if (!good) throw ConfigError("{} = {} is out of range; allowed: {}", field, value, allowed);
  };
  if (config.tasks.empty() && config.objectives.empty())
    throw ConfigError("there is nothing to learn: tasks = none and objectives = none; name a task (such as formation_energy_per_atom, band_gap, crystal_system) or an objective (masked, contrastive)");
  require(config.projection >= 1 && config.projection <= 65536, "projection", config.projection, "1 to 65536");
  for (const Task task : kTasks)
    if (std::count(config.tasks.begin(), config.tasks.end(), task) > 1) throw ConfigError("tasks names {} twice", task_name(task));
  require(config.width >= 2 && config.width <= 16384 && config.width % 2 == 0, "width", config.width, "even numbers, 2 to 16384");
  require(config.heads >= 1 && config.heads <= config.width, "heads", config.heads, "1 to width");
  if (config.width % config.heads != 0) throw ConfigError("width = {} is not a multiple of heads = {}", config.width, config.heads);
  require(config.feed_forward >= 1 && config.feed_forward <= 64, "feed-forward", config.feed_forward, "1 to 64");
  require(config.composition_layers >= 1 && config.composition_layers <= 256, "composition-layers", config.composition_layers, "1 to 256");
  require(config.xrd_layers >= 1 && config.xrd_layers <= 256, "xrd-layers", config.xrd_layers, "1 to 256");
  require(config.fusion_layers >= 1 && config.fusion_layers <= 256, "fusion-layers", config.fusion_layers, "1 to 256");
  require(config.points >= 1 && config.points <= 1 << 20, "points", config.points, "1 to 1048576");
  require(config.patch >= 1 && config.patch <= config.points, "patch", config.patch, "1 to points");
  validate_tokens(config);
  if (config.head_widths.empty() || config.head_widths.size() > 32) throw ConfigError("head-widths needs 1 to 32 numbers, e.g. 128,64");
  for (const auto width : config.head_widths) require(width >= 1 && width <= 65536, "head-widths", width, "1 to 65536 each");
  if (!(config.dropout >= 0.0 && config.dropout < 1.0))
    throw ConfigError("dropout = {} is out of range; allowed: 0 <= dropout < 1, e.g. 0.1", config.dropout);
  if (config.composition_skip && config.mode != Mode::bimodal)
    throw ConfigError("composition-skip adds the composition's prediction to the fused one: it needs mode = bimodal");
  if (config.composition_skip && config.tasks.empty()) throw ConfigError("composition-skip adds to predictions, and without tasks there are none");
  validate_objectives(config);
}

}  // namespace xxact::model
