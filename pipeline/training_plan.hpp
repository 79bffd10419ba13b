// What a training run will do, known before it starts: its steps, and which samples each rank takes in each step.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/training_data.hpp"

namespace xxact::pipeline {

class TrainingPlan {
 public:
  /// References must outlive it.
  TrainingPlan(TrainingData& data, const RunConfig& config, int rank, int ranks);

  std::int64_t total_steps() const { return total_steps_; }
  std::int64_t warmup_steps() const { return warmup_steps_; }
  std::int64_t validate_every() const { return validate_every_; }      // steps
  std::int64_t checkpoint_every() const { return checkpoint_every_; }  // steps
  /// Passes over the training rows that steps 0 .. step - 1 make.
  double epoch(std::int64_t step) const;
  /// Of the stream of samples: the first of this step.
  std::int64_t position(std::int64_t step) const;

  /// Forward passes of this rank in each step; may be none when there are more ranks than samples in a batch.
  std::int64_t micro_batches() const { return micro_batches_; }
  /// Samples of this rank's micro-batch `micro` of step `step`. Of several, the first one has those of the fewest elements, the
  /// last one those of the most, so that little of a batch is padding.
  std::vector<SampleRequest> samples(std::int64_t step, std::int64_t micro) const;
  /// Valid labels by task in the whole global batch of `step`.
  std::array<double, 3> valid_count(std::int64_t step) const;

 private:
  TrainingData& data_;
  const RunConfig& config_;
  comm::Share share_;
  std::int64_t micro_size_, micro_batches_, total_steps_, warmup_steps_, validate_every_, checkpoint_every_;
};

}  // namespace xxact::pipeline
