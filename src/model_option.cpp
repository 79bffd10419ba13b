#include "src/model_option.hpp"

#include <algorithm>
#include <array>

namespace xxact {

void describe_model_option(options::options_description& description) {
  description.add_options()
      ("model", options::value<std::vector<std::string>>()->multitoken()->required(), "run folder (its best.h5) or model file; several are an ensemble");
}

void describe_shown_option(options::options_description& description) {
  description.add_options()
      ("show", options::value<std::string>()->default_value("all"), "what models are shown of a row: all; composition or pattern alone, for models that were trained with drop-pattern and drop-composition");
}

pipeline::Shown shown_option(const options::variables_map& values, const std::vector<pipeline::LoadedModel>& models) {
  const auto& name = values["show"].as<std::string>();
  constexpr std::array kChoices = {pipeline::Shown::all, pipeline::Shown::composition, pipeline::Shown::pattern};
  const auto shown = std::ranges::find(kChoices, name, pipeline::shown_name);
  if (shown == kChoices.end()) throw ConfigError("--show '{}' is not one of all, composition, pattern", name);
  if (*shown == pipeline::Shown::all) return *shown;
  for (const auto& loaded : models)
    if (loaded.description.config.model.mode != model::Mode::bimodal)
      throw ConfigError("--show {}: {} has mode = {}, so it has not both inputs", name, loaded.path.string(), model::mode_name(loaded.description.config.model.mode));
  return *shown;
}

void describe_test_artefacts_option(options::options_description& description) {
  description.add_options()
      ("test-artefacts", options::value<double>()->default_value(0, "0"), "strength, 0 to 1, of a measurement's artefacts in the patterns that are evaluated (docs/physics.md); the same for all models");
}

double test_artefacts_option(const options::variables_map& values) {
  const auto strength = values["test-artefacts"].as<double>();
  if (!(strength >= 0 && strength <= 1)) throw ConfigError("--test-artefacts {}: must be 0 to 1", strength);
  return strength;
}

std::vector<pipeline::LoadedModel> load_models(const options::variables_map& values, const pipeline::Device& device) {
  std::vector<pipeline::LoadedModel> models;
  for (const auto& run : values["model"].as<std::vector<std::string>>()) models.push_back(pipeline::load_model(run, device.torch()));
  return models;
}

}  // namespace xxact
