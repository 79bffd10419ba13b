// Many training runs as one job: groups of ranks take one after the other, each is trained and evaluated in a folder of its own, restartable run by run. Which runs these are, and what follows from
// them, is said elsewhere (scaling_study.hpp, experiment.hpp).
#pragma once

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "pipeline/comm/communicator.hpp"
#include "pipeline/device.hpp"
#include "pipeline/execution.hpp"
#include "pipeline/labels.hpp"
#include "pipeline/run_config.hpp"

namespace xxact::study {

struct Run {
  std::string name;               // of its folder, below OUTPUT/runs
  pipeline::RunConfig config;
  std::filesystem::path initial;  // model to start from; empty: none
  double operations = 0;          // of the whole run, about: the longest is taken first
};

struct StudyOptions {
  std::filesystem::path output;
  int ranks_per_run = 1;
  pipeline::Subset subset = pipeline::Subset::test;             // that runs are evaluated on
  double test_artefacts = 0;                                    // strength of the artefacts of their patterns, and of those that runs are validated on
  std::optional<std::chrono::sys_seconds> end;                  // of the job's allocation
  std::chrono::seconds margin{60}, watchdog{100};               // as in training
  pipeline::ExecutionOptions execution;
  std::string program_version;
};

enum class StudyOutcome { finished, stopped };

/// Groups of `ranks_per_run` consecutive ranks; what is left over belongs to the last one. ConfigError unless 1 <= ranks_per_run <= ranks.
int groups_of(int ranks, int ranks_per_run);

/// Trains and evaluates what is not done yet. OUTPUT/runs/NAME/result.json is there when a run is done, its checkpoints are gone then. A run whose numbers
/// become unusable (NumericError) has the reason in it instead, and the others go on. ConfigError where a run of that name has another configuration. Collective on world.
StudyOutcome do_runs(const std::vector<Run>& runs, const io::Dataset& dataset, const StudyOptions& options, const pipeline::Device& device, const comm::Communicator& world);

/// What a run gave.
struct RunResult {
  std::string failure;              // why there are no metrics; empty: there are
  nlohmann::json metrics, summary;  // of the evaluation; of the training run (its summary.json)
};
/// Nothing where the run is not done. InputError when the file is damaged. Any rank.
std::optional<RunResult> read_result(const std::filesystem::path& output, const Run& run);

/// A run's course over its samples: (consumed samples, metric of the validation), from its metrics.jsonl.
std::vector<std::pair<double, double>> validation_course(const std::filesystem::path& output, const Run& run, const std::string& metric);

}  // namespace xxact::study
