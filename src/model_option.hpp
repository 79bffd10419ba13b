// --model RUN...: one trained model, or an ensemble.
#pragma once

#include <vector>

#include "pipeline/batch_builder.hpp"
#include "pipeline/device.hpp"
#include "pipeline/model_file.hpp"
#include "src/command.hpp"

namespace xxact {

void describe_model_option(options::options_description& description);
/// Adds --show.
void describe_shown_option(options::options_description& description);
/// What models are shown of a row. ConfigError when a model has not both inputs and one is to be left out.
pipeline::Shown shown_option(const options::variables_map& values, const std::vector<pipeline::LoadedModel>& models);
/// Adds --test-artefacts.
void describe_test_artefacts_option(options::options_description& description);
/// Strength of the artefacts of evaluated patterns. ConfigError unless it is 0 to 1.
double test_artefacts_option(const options::variables_map& values);
/// Loads them on every rank. InputError naming the folder or file that cannot be used.
std::vector<pipeline::LoadedModel> load_models(const options::variables_map& values, const pipeline::Device& device);

}  // namespace xxact
