// The configuration of training runs from options, and what it asks of a dataset: shared by the commands that train.
#pragma once

#include <string>
#include <vector>

#include "io/dataset_plan.hpp"
#include "pipeline/run_config.hpp"
#include "src/command.hpp"

namespace xxact {

/// Every field of the configuration but `except`, with the values that `defaults` has for the help.
void describe_config_fields(options::options_description& description, const pipeline::RunConfig& defaults, const std::vector<std::string>& except);

/// The preset, or where none is given the shape and patterns of the model that `model_option` names; `adapt` makes the command's defaults of it; options go over them.
pipeline::RunConfig effective_config(const options::variables_map& values, const char* model_option, pipeline::RunConfig (*adapt)(pipeline::RunConfig));

/// ConfigError where a label column of the tasks mixes values of different definitions.
void refuse_mixed_labels(const io::DatasetPlan& plan, const pipeline::RunConfig& config);
/// ConfigError where a dataset that is to be held whole leaves no memory for the rest.
void refuse_too_large(const io::DatasetPlan& plan, const pipeline::RunConfig& config, std::uint64_t memory);

}  // namespace xxact
