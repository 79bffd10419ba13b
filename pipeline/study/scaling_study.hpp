// Errors over the number of training rows, arm by arm: fitted laws, what they foretell, what composition alone cannot know.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/scaling_law/statistics.hpp"
#include "pipeline/study/design.hpp"

namespace xxact::study {

struct ScalingOptions {
  std::vector<double> targets;  // errors to say the needed rows for
  scaling_law::StatisticsOptions statistics;
  int coverage_repetitions = 1000;
};

/// The study as JSON: of each task of the first arm, and each arm: runs (rows, seed, error), laws without and with a floor with their intervals, how often such intervals cover the truth in simulated studies of this size,
/// which form AICc prefers, rows for each target, the curve with its band; differences of exponents to the first arm's; published lines; the floor of composition alone. InputError where an arm has too few runs.
nlohmann::json sum_up_scaling(const std::filesystem::path& output, const Design& design, const std::vector<DesignedRun>& runs, const io::Dataset& dataset, const ScalingOptions& options);

/// What no model that sees the composition alone can know: mean absolute deviation of a label from its formula's median, over formulas of at least two rows, each formula's times sqrt(n / (n - 1)) for the deviations that a
/// small sample hides (exact for the mean absolute deviation of Gaussian values from their mean). Formulas of one row say nothing.
struct CompositionFloor {
  double deviation = 0;            // NaN without such formulas
  std::int64_t rows = 0, grouped_rows = 0, formulas = 0;  // rows with the label; those of formulas of at least two; such formulas
};
CompositionFloor composition_floor(const io::Dataset& dataset, model::Task task);

/// The same as tables for people.
std::string scaling_table(const nlohmann::json& scaling);
/// Laws for spreadsheets: a line for each task, arm and form.
std::string laws_csv(const nlohmann::json& scaling);
/// Runs and laws as one HDF5 file (docs/scaling-laws.md); one process writes it.
void write_scaling_file(const std::filesystem::path& path, const nlohmann::json& scaling);

}  // namespace xxact::study
