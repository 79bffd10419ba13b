// What several arms of one experiment come to, seed by seed, and how much sooner a model that starts from another reaches an error: courses of validation over samples.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/study/design.hpp"

namespace xxact::study {

/// Where a course (samples, error), in the order of samples, first comes down to the threshold, on straight lines between validations; nothing if it never does.
std::optional<double> samples_to(std::span<const std::pair<double, double>> course, double threshold);

/// Mean and t-interval of values; the interval is not finite with fewer than two.
struct Mean {
  double value = 0, low = 0, high = 0;
};
Mean mean_with_interval(std::span<const double> values, double level);

enum class ExperimentKind { pretraining, ablation };

struct ExperimentOptions {
  ExperimentKind kind = ExperimentKind::pretraining;  // ablations are compared by their errors alone
  std::vector<double> thresholds;  // of the validation error; empty: the least one that every seed of the first arm comes to, at the first length that is 1, or the longest
  double level = 0.95;             // of intervals
};

/// The experiment as JSON: of each task that an arm has, thresholds, and of each arm that has it and length: the test errors and their mean, the difference to those of the first of these arms (paired by seed), courses of validation; of each threshold
/// the samples and steps to it by seed, and the speed-up over the first arm as geometric mean of the ratios by seed, of the seeds with which both come there; how many do not is said. InputError when runs are missing: all must be done.
nlohmann::json sum_up_experiment(const std::filesystem::path& output, const Design& design, const std::vector<DesignedRun>& runs, const ExperimentOptions& options);

/// The same as tables for people.
std::string experiment_table(const nlohmann::json& experiment);

}  // namespace xxact::study
