// What commands that do many training runs as one job have in common: options, the design, its budget, doing it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "pipeline/study/design.hpp"
#include "src/command.hpp"
#include "src/compute_options.hpp"

namespace xxact {

/// Adds --data, --output, --preset, --like, --arm, --seeds, ... and every field of the configuration but those of the design and `except`.
void describe_study(options::options_description& description, std::vector<std::string> except);

/// Base, arms and seeds of the design; the command adds the rest. `arms` where the user names none.
study::Design design_of(const options::variables_map& values, const std::vector<std::string>& arms);
/// "0.25,0.5,1". ConfigError naming the option and what is no number.
std::vector<double> numbers_of(const options::variables_map& values, const char* option);
/// Of intervals. ConfigError unless it lies between 0.5 and 1.
double level_of(const options::variables_map& values);

struct Study {
  Compute compute;
  study::Design design;
  study::StudyOptions options;
  io::Dataset dataset;
  std::vector<study::DesignedRun> runs;
};

/// Collective on the world.
Study open_study(const options::variables_map& values, Runtime& runtime, study::Design design);

/// Does what is left to do, writes OUTPUT/runs.csv and warns of failed runs; with `dry_run` it prints runs, samples, and the time of it, from one micro-batch of each arm measured here, instead.
/// How the command ends, if it does: after a dry run, or stopped, and then the same command goes on. Collective on the world.
std::optional<ExitCode> do_study(const Study& study, bool dry_run);

/// Rank 0 sums up; the others wait, however long it takes. Collective on the world.
void sum_up(const Study& study, const std::function<void()>& work);

}  // namespace xxact
