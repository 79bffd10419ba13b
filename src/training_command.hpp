// What `xxact train` and `xxact pretrain` have in common: options, checks, the run.
#pragma once

#include "pipeline/run_config.hpp"
#include "src/command.hpp"

namespace xxact {

/// `defaults` of the preset small, for the help.
void describe_training(options::options_description& description, const pipeline::RunConfig& defaults);

/// `adapt` makes the command's defaults from those of a preset or of the model to start from; options go over them. Collective on the world.
ExitCode run_training(const options::variables_map& values, Runtime& runtime, pipeline::RunConfig (*adapt)(pipeline::RunConfig));

}  // namespace xxact
