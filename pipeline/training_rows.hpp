// Which rows of a dataset a training run learns from and is validated on.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "io/dataset.hpp"
#include "pipeline/comm/communicator.hpp"
#include "pipeline/labels.hpp"
#include "pipeline/run_config.hpp"
#include "pipeline/sampling/strata.hpp"
#include "pipeline/sampling/subset.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::pipeline {

/// Judges rows for a model. One a thread.
class RowJudge {
 public:
  explicit RowJudge(const RunConfig& config);
  /// Why the row cannot be given to the model, empty if it can: what is missing, or why it cannot be simulated.
  std::string refusal(const io::Dataset& dataset, std::int64_t row) const;

 private:
  const RunConfig& config_;
  std::unique_ptr<xrd::Simulator> simulator_;  // null for models without patterns
};

struct TrainingRows {
  sampling::RowSelection train;
  std::vector<std::int64_t> validation;
  std::vector<std::string> unusable;  // "id: reason" of labelled rows that the model cannot take, on rank 0
};

/// Rows of the training and validation split that can be given to the model, only labelled ones unless it has objectives beside its tasks; for models with patterns every structure
/// is asked, dealt to ranks and threads, whether it can be simulated, so that a bad one is known at the start. Of both the
/// configured subsets. Collective on comm.
TrainingRows select_training_rows(const io::Dataset& dataset, const RunConfig& config, const Labels& labels, const comm::Communicator& comm, int threads);

/// The kinds of rows that a subset holds in proportion: which labels of the tasks are known, and the crystal system.
sampling::RowStrata strata_of(const io::Dataset& dataset, const std::vector<model::Task>& tasks);

/// The subset of this share of the rows; all of them where it is 1.
sampling::RowSelection subset_of_fraction(const sampling::RowSelection& rows, double fraction, const sampling::SubsetRules& rules, int threads);

}  // namespace xxact::pipeline
