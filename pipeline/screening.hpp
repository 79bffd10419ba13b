// A model over whole datasets: a result row for every input, and a ranking.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/prediction.hpp"
#include "pipeline/streaming/row_source.hpp"

namespace xxact::pipeline {

/// COLUMN or COLUMN:asc or COLUMN:desc, where COLUMN is a label, label_std, label_lo90, label_hi90 or probability_<crystal system>.
struct RankBy {
  std::string column;
  bool descending = false;
};
RankBy parse_rank_by(const std::string& text);

struct ScreeningOptions {
  RankBy rank_by;
  std::int64_t top = 0;  // rows of ranking.csv; 0: all
  std::filesystem::path output;
  InferenceOptions inference;
  bool progress = true;
  std::string program_version;
};

/// Writes predictions.h5 (a row for every row of every dataset and for every record that ingest rejected), ranking.csv and
/// summary.json into `output`; returns the summary. Predictions are written in rounds: the same call after an interruption goes
/// on behind the last one. ConfigError when the models do not have the column to rank by.
/// Collective on comm.
nlohmann::json screen(std::vector<LoadedModel>& models, std::vector<streaming::RowSource>& data, const ScreeningOptions& options, const torch::Device& device, const comm::Communicator& comm);

}  // namespace xxact::pipeline
