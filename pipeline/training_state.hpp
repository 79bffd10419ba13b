// Everything that changes during training: weights, optimiser, averaged weights, position in the sample stream, best result.
// It saves and restores itself; a restored run continues exactly.
#pragma once

#include <nlohmann/json.hpp>

#include <limits>
#include <memory>
#include <string>

#include "model/optimizer.hpp"
#include "pipeline/checkpoint_writer.hpp"
#include "pipeline/gradient_reducer.hpp"
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
  /// Makes the optimiser, for what `reducer` says that this rank updates. Before all that follows; `reducer` must outlive the object.
  void share_with(GradientReducer& reducer);

  std::int64_t step = 0;  // enqueued, those that the guard skipped among them
  BestResult best;

  /// Ends a step with the global `loss`, [] float32: clips, asks the guard, updates weights and averages; `verdict` as in StepGuard::judge. Waits for
  /// no device. Collective on the reducer's ranks.
  void update(const torch::Tensor& loss, const torch::Tensor& learning_rate, const torch::Tensor& verdict);
  const StepGuard& guard() const { return guard_; }
  /// Exchanges weights and averaged weights; does nothing without averaging.
  void swap_average();

  /// Training checkpoint: all of the state. With sharded optimiser state collective on the reducer's ranks.
  CheckpointSnapshot snapshot(const ModelDescription& description, Snapshot kind) const;
  /// The model alone, a copy of the weights as they are now (swap first to store the averaged ones).
  CheckpointSnapshot model_snapshot(const ModelDescription& description, Snapshot kind = Snapshot::copy) const;
  /// Restores what snapshot() made; InputError when it does not fit.
  void restore(const io::Checkpoint& file);
  /// Takes over weights of the same name and shape from another model; returns how many parameters were taken.
  std::int64_t initialise_from(const io::Checkpoint& file);

 private:
  /// A moment of all parameters, [N], from the ranks' slices.
  torch::Tensor gathered(const torch::Tensor& own) const;
  void take_own(const io::Checkpoint& file, const std::string& prefix, const torch::Tensor& own);

  const RunConfig& config_;
  model::XxactModel net_;
  std::unique_ptr<model::FlatParameters> flat_;
  GradientReducer* reducer_ = nullptr;
  std::unique_ptr<model::Optimizer> optimizer_;
  std::unique_ptr<model::AveragedWeights> average_;  // null: off
  StepGuard guard_;
};

}  // namespace xxact::pipeline
