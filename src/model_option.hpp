// --model RUN...: one trained model, or an ensemble.
#pragma once

#include <vector>

#include "pipeline/device.hpp"
#include "pipeline/model_file.hpp"
#include "src/command.hpp"

namespace xxact {

void describe_model_option(options::options_description& description);
/// Loads them on every rank. InputError naming the folder or file that cannot be used.
std::vector<pipeline::LoadedModel> load_models(const options::variables_map& values, const pipeline::Device& device);

}  // namespace xxact
