// Supervised training on any number of ranks: the same samples, losses and weights whatever their number, within the
// order of floating-point sums. Resumable at every checkpoint.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/device.hpp"
#include "pipeline/execution.hpp"
#include "pipeline/run_config.hpp"
#include "pipeline/training_data.hpp"
#include "pipeline/training_step.hpp"

namespace xxact::pipeline {

struct TrainingOptions {
  std::filesystem::path output;      // the run folder
  std::filesystem::path initial;     // model to take weights from; empty: none
  bool resume = false;
  std::int64_t trace = 0;            // steps that trace.json shows
  std::int64_t stop_after = 0;       // stop with a checkpoint after this many steps in all; 0: not
  std::optional<std::chrono::sys_seconds> end;  // of the job's allocation, at which it is over; see stop_conditions.hpp
  std::chrono::seconds margin{60};              // to be left before it
  std::chrono::seconds watchdog{100};           // longest wait for other ranks once the first step is done
  OptimizerState optimizer_state = OptimizerState::replicated;
  Graphs graphs = Graphs::automatic;
  double peak_operations = 0;  // of a rank's device, operations a second, that rates are held against; 0: as the device is known to have
  ExecutionOptions execution;
  double validation_artefacts = 0;  // strength of the artefacts of validation patterns
  bool show_progress = true;
  std::string program_version;
};

enum class TrainingOutcome { finished, stopped };

/// Trains and fills the run folder. Errors: ConfigError, InputError, NumericError naming the step. Collective on comm.
TrainingOutcome train(TrainingData& data, const RunConfig& config, const TrainingOptions& options, const Device& device, comm::Communicator& comm);

}  // namespace xxact::pipeline
