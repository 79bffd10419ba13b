#include "src/model_option.hpp"

namespace xxact {

void describe_model_option(options::options_description& description) {
  description.add_options()
      ("model", options::value<std::vector<std::string>>()->multitoken()->required(), "run folder (its best.h5) or model file; several are an ensemble");
}

std::vector<pipeline::LoadedModel> load_models(const options::variables_map& values, const pipeline::Device& device) {
  std::vector<pipeline::LoadedModel> models;
  for (const auto& run : values["model"].as<std::vector<std::string>>()) models.push_back(pipeline::load_model(run, device.torch()));
  return models;
}

}  // namespace xxact
