// Pictures of studies, from the JSON files that they leave.
//   runtime.after_finalize(report::draw_experiment, {folder});
#pragma once

#include <string>
#include <vector>

namespace xxact::report {

/// Reads experiment.json of the folder; writes learning_<task>.svg (errors over samples, mean and range of the seeds), and where runs have several lengths
/// length_<task>.svg (test errors over the lengths). After MPI_Finalize.
void draw_experiment(const std::vector<std::string>& folder);

/// Reads scaling.json of the folder; writes scaling_<task>.svg: errors over training rows, fitted laws with bands, published lines. After MPI_Finalize.
void draw_scaling(const std::vector<std::string>& folder);

/// Reads embed.json of the folder; writes embedding_<name>.svg: rows in the plane of the first two principal components, coloured by crystal system. After MPI_Finalize.
void draw_embedding(const std::vector<std::string>& folder);

}  // namespace xxact::report
