// Everything that changes during training: weights, optimiser, averaged weights, position in the sample stream, best result.
// It saves and restores itself; a restored run continues exactly.
#pragma once

#include <nlohmann/json.hpp>

#include <limits>
#include <memory>
#include <string>

#include "model/optimizer.hpp"
#include "pipeline/model_file.hpp"

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
  model::AdamW& optimizer() { return *optimizer_; }
  std::int64_t step = 0;  // updates done
  BestResult best;

  /// Clips, updates weights and averages; returns the gradient norm before clipping. NumericError when it is not finite.
  double update(double learning_rate);
  /// Exchanges weights and averaged weights; does nothing without averaging.
  void swap_average();

  /// Training checkpoint: all of the state.
  void save(const std::filesystem::path& file, const ModelDescription& description);
  /// The model alone, with the weights as they are now (swap first to store the averaged ones).
  void save_model(const std::filesystem::path& file, const ModelDescription& description) const;
  /// Restores a checkpoint written by save(); InputError when it does not fit.
  void restore(const io::Checkpoint& file);
  /// Takes over weights of the same name and shape from another model; returns how many parameters were taken.
  std::int64_t initialise_from(const io::Checkpoint& file);

 private:
  const RunConfig& config_;
  model::XxactModel net_;
  std::unique_ptr<model::FlatParameters> flat_;
  std::unique_ptr<model::AdamW> optimizer_;
  std::unique_ptr<model::AveragedWeights> average_;  // null: off
};

}  // namespace xxact::pipeline
