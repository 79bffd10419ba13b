// What a training will take, before it is begun: `xxact train --dry-run`.
#pragma once

#include <optional>
#include <string>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/device.hpp"
#include "pipeline/execution.hpp"
#include "pipeline/run_config.hpp"
#include "pipeline/step_time.hpp"
#include "pipeline/training_data.hpp"

namespace xxact::pipeline {

/// Ranks that this process pretends to be one of.
struct PretendedRanks {
  int ranks = 1;
  Machine machine;  // without operations_per_s: as fast as this device, measured on a micro-batch; without memory_bytes: what is free here
  bool sharded = false;  // they share the optimiser's state
};

/// The budget in words: rows, steps, parameters, memory, sizes of batches as they would be chosen. With pretended ranks also the messages of a step, as the gradient
/// reducer would send them, and the modelled time of a step and of the run. Collective on comm.
std::string describe_training(TrainingData& data, const RunConfig& config, const Device& device, const ExecutionOptions& options, const comm::Communicator& comm,
                              const std::optional<PretendedRanks>& pretended);

/// Forward and backward of one sample here, measured on a micro-batch; without update and communication.
double measure_seconds_a_sample(TrainingData& data, const RunConfig& config, const Device& device, const ExecutionOptions& options);

}  // namespace xxact::pipeline
