// A factorial design: arms (what is compared) x shares of the training rows x lengths x seeds, as runs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/study/study.hpp"

namespace xxact::study {

/// One of the things that are compared: settings that differ from the base, and a model to start from.
struct Arm {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings;  // key, value of config.ini
  std::string initial;                                        // run folder or model file; "{seed}" stands for the seed; empty: from scratch
};

/// "bimodal", "blurred mode=bimodal fwhm=2", "masked mode=bimodal init=runs/masked-{seed}": a name, then settings. ConfigError naming what is wrong.
Arm parse_arm(std::string_view text);

struct Design {
  pipeline::RunConfig base;
  std::vector<Arm> arms;
  std::vector<double> fractions = {1.0};  // of the training rows, rising; subsets of a seed are nested
  std::vector<double> lengths = {1.0};    // multiples of the base's epochs
  int seeds = 3;                          // base seed, base seed + 1, ...: of weights, order and subsets
  /// Samples that a run visits go with the fraction to this power: 0: all runs do the same steps; 1: the same epochs.
  double work_exponent = 0;
};

struct DesignedRun {
  Run run;
  std::size_t arm = 0, fraction = 0, length = 0;
  int seed = 0;
};

/// All runs, arms outermost. `rows` are training rows, `elements` their mean number of elements, for costs. ConfigError when a setting is unknown, a list is not rising and positive,
/// a name is used twice or not fit for a folder.
std::vector<DesignedRun> plan_runs(const Design& design, std::int64_t rows, double elements);

/// `count` numbers in equal ratios from 1 / factor to 1. ConfigError unless count >= 2 and factor > 1.
std::vector<double> geometric_fractions(int count, double factor);

/// What a run of a design gave, of one task.
struct Measurement {
  const DesignedRun* run = nullptr;
  double training_rows = 0, samples = 0, steps = 0, best_step = 0, seconds = 0, core_seconds = 0;
  double error = 0;  // mean absolute error, or 1 - accuracy
};
/// Of the runs that learn the task, are done and did not fail. InputError when a result lacks it.
std::vector<Measurement> read_measurements(const std::filesystem::path& output, const std::vector<DesignedRun>& runs, model::Task task);

/// "mean absolute error (eV/atom)", "share of wrong crystal systems"
std::string error_name(model::Task task);
/// Its place in the validation: "formation_energy_per_atom.mae".
std::string metric_of(model::Task task);

/// A table of all runs for spreadsheets: a line each, also for failed ones; errors of all tasks.
std::string runs_csv(const std::filesystem::path& output, const Design& design, const std::vector<DesignedRun>& runs);

}  // namespace xxact::study
