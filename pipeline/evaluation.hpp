// A trained model against known labels: metrics.json and predictions.h5.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/prediction.hpp"

namespace xxact::pipeline {

struct EvaluationOptions {
  Subset subset = Subset::test;
  std::filesystem::path output;
  InferenceOptions inference;
  std::string program_version;
};

/// Predicts the rows of the subset on all ranks, writes `output`/predictions.h5 collectively, and returns the metrics (the same on every rank); of a single
/// model that learnt without labels, also what its objectives reach, and nothing else of one without tasks. InputError when the subset is empty. Collective on comm.
nlohmann::json evaluate(std::vector<LoadedModel>& models, const io::Dataset& dataset, const EvaluationOptions& options, const torch::Device& device, const comm::Communicator& comm);

/// The metrics as a table for people.
std::string metrics_table(const nlohmann::json& metrics);

}  // namespace xxact::pipeline
