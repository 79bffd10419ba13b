// How well a model rebuilds the hidden tokens of patterns, beside predictors that know nothing: most of a clean pattern is zero, so an error
// alone says little.
#pragma once

#include <span>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/inference.hpp"

namespace xxact::pipeline {

/// Mean squared errors over the points of hidden tokens (model's patterns: strongest point 1, square root if configured).
struct ReconstructionErrors {
  double points = 0;  // that were rebuilt
  double model = 0;
  double zero = 0;    // of predicting nothing
  double mean = 0;    // of predicting the mean of these rows' patterns, point by point
};

struct ReconstructionMetrics {
  ReconstructionErrors all, peaks;  // of every hidden token, and of those that have a point of at least kPeakBearing
};
inline constexpr float kPeakBearing = 0.1F;  // of the strongest point; with the square root 1 % of its intensity

/// Hides tokens of `rows` as training does, keyed by the row; without artefacts. Rows that cannot be simulated count for nothing. Leaves the model in evaluation mode.
/// Collective on comm: each rank brings its own rows.
ReconstructionMetrics measure_reconstruction(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                             std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options, const comm::Communicator& comm);

}  // namespace xxact::pipeline
