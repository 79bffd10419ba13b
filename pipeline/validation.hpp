// Validation: a model over rows dealt to all ranks, metrics the same on every rank.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "pipeline/calibration.hpp"
#include "pipeline/comm/communicator.hpp"
#include "pipeline/inference.hpp"

namespace xxact::pipeline {

/// Predictions of all rows on every rank, in the order of the rows (failure texts only say whether there was one).
/// Collective on comm.
Predictions gather_predictions(const Predictions& local, const comm::Communicator& comm);

/// What the config's objectives reach on rows, the same on every rank: "masked.mse", "contrastive.pattern_top1", ... (docs/pretraining.md). Collective on comm.
std::map<std::string, double> measure_objectives(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                                 std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& options, const comm::Communicator& comm);

struct ValidationResult {
  nlohmann::json metrics;   // flat: "formation_energy_per_atom.mae": 0.05, ...
  double score = 0;         // smaller is better: sum of weight * MAE / scale, weight * (1 - accuracy), masked.to_mean, 1 - top 1
  Calibration calibration;  // fitted on these rows
};

/// `rows` are all validation rows, the same on every rank. Collective on comm.
ValidationResult validate_model(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                const Labels& labels, std::span<const std::int64_t> rows, const torch::Device& device,
                                const InferenceOptions& options, const comm::Communicator& comm);

}  // namespace xxact::pipeline
