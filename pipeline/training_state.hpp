// Everything that changes during training: weights, optimiser, averaged weights, position in the sample stream, best result.
// It saves and restores itself; a restored run continues exactly.
#pragma once

#include <nlohmann/json.hpp>

#include <limits>
#include <memory>
#include <string>

#include "model/optimizer.hpp"
#include "pipeline/checkpoint_writer.hpp"
#include "pipeline/step_guard.hpp"

namespace xxact::pipeline {

struct BestResult {
  double score = std::numeric_limits<double>::infinity();
  std::int64_t step = 0;
  nlohmann::json validation;
};

class TrainingState {
 public:
  TrainingState(const RunConfig& config, const torch::Device& device);

  model::XxactModel& net() { return net_; }
  model::FlatParameters& flat() { return *flat_; }
  model::Optimizer& optimizer() { return *optimizer_; }
  std::int64_t step = 0;  // done, those that the guard skipped among them
  BestResult best;

  struct Update {
    double gradient_norm = 0;  // before clipping
    std::string skipped;       // why the weights were left as they are; empty: they changed
  };
  /// Ends a step whose global loss is `loss`: clips, asks the guard, updates weights and averages. NumericError from the guard.
  Update update(double loss, double learning_rate);
  std::int64_t skipped_steps() const { return guard_.state().skipped; }
  /// Exchanges weights and averaged weights; does nothing without averaging.
  void swap_average();

  /// Training checkpoint: all of the state.
  CheckpointSnapshot snapshot(const ModelDescription& description, Snapshot kind) const;
  /// The model alone, a copy of the weights as they are now (swap first to store the averaged ones).
  CheckpointSnapshot model_snapshot(const ModelDescription& description, Snapshot kind = Snapshot::copy) const;
  /// Restores what snapshot() made; InputError when it does not fit.
  void restore(const io::Checkpoint& file);
  /// Takes over weights of the same name and shape from another model; returns how many parameters were taken.
  std::int64_t initialise_from(const io::Checkpoint& file);

 private:
  const RunConfig& config_;
  model::XxactModel net_;
  std::unique_ptr<model::FlatParameters> flat_;
  std::unique_ptr<model::Optimizer> optimizer_;
  std::unique_ptr<model::AveragedWeights> average_;  // null: off
  StepGuard guard_;
};

}  // namespace xxact::pipeline
