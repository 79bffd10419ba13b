// Which plots a run and an evaluation have, and the functions by which `train` and `evaluate` draw them.
//   runtime.after_finalize(report::draw_learning_curves, {run_folder});
//   runtime.after_finalize(report::draw_confusion, {evaluation_folder});
//   runtime.after_finalize(report::draw_parity, report::prepare_parity(evaluation_folder));
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/report/inputs.hpp"
#include "pipeline/report/plot.hpp"
#include "pipeline/report/scatter.hpp"

namespace xxact::report {

/// A mode's colour, the same in every figure and bar: bimodal 0, composition 1, xrd 2, anything else 3.
int colour_of_mode(const std::string& mode);

/// Training loss against consumed samples, one curve a run, averaged to at most 300 points. `names` go in the legend.
Plot loss_plot(const std::vector<const Run*>& runs, const std::vector<std::string>& names);
/// A validation metric ("formation_energy_per_atom.mae") against consumed samples; runs without it are left out.
Plot validation_plot(const std::vector<const Run*>& runs, const std::vector<std::string>& names, const std::string& metric);
/// Errors and accuracies that any of the runs was validated by.
std::vector<std::string> validation_metrics(const std::vector<const Run*>& runs);
/// `result` may be null: then no numbers are printed in the plot.
Plot parity_plot(const Scatter& scatter, const RegressionResult* result, const std::string& title);
HeatMap confusion_map(const ClassificationResult& result, const std::string& title);

/// Reads metrics.jsonl of the run folder; writes training_loss.svg and validation_<metric>.svg there. After MPI_Finalize.
void draw_learning_curves(const std::vector<std::string>& run_folder);
/// Reads predictions.h5 of an evaluation folder. Before MPI_Finalize, on one rank; what it returns is for draw_parity.
std::vector<std::string> prepare_parity(const std::filesystem::path& evaluation_folder);
/// Writes parity_<label>.svg for each label into the folder. After MPI_Finalize.
void draw_parity(const std::vector<std::string>& prepared);
/// Reads metrics.json of the evaluation folder; writes confusion_<label>.svg there. After MPI_Finalize.
void draw_confusion(const std::vector<std::string>& evaluation_folder);

}  // namespace xxact::report
