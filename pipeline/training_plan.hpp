// What a training run will do, known before it starts: its steps, and which samples each rank takes in each step.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "pipeline/batch_schedule.hpp"
#include "pipeline/comm/communicator.hpp"
#include "pipeline/training_data.hpp"

namespace xxact::pipeline {

class TrainingPlan {
 public:
  /// `micro_batch`: samples a forward pass at most. References must outlive it.
  TrainingPlan(TrainingData& data, const RunConfig& config, int rank, int ranks, std::int64_t micro_batch);

  std::int64_t total_steps() const { return schedule_.steps(); }
  // A run's course is told in samples, so that steps of a growing batch count as much as they hold.
  std::int64_t total_samples() const { return position(total_steps()); }
  std::int64_t warmup() const { return warmup_; }                      // samples
  std::int64_t validate_every() const { return validate_every_; }      // samples
  std::int64_t checkpoint_every() const { return checkpoint_every_; }  // samples
  /// Whether the step that ends behind sample position(step) is one to validate, or to save, after; so is the last.
  bool validates_after(std::int64_t step) const { return ends_a_period(step, validate_every_); }
  bool saves_after(std::int64_t step) const { return ends_a_period(step, checkpoint_every_); }
  /// Of step `step`, 0 to total_steps() - 1.
  double learning_rate(std::int64_t step) const;
  std::int64_t batch(std::int64_t step) const { return schedule_.batch(step); }
  /// Passes over the training rows that steps 0 .. step - 1 make.
  double epoch(std::int64_t step) const;
  /// Of the stream of samples: the first of this step.
  std::int64_t position(std::int64_t step) const { return schedule_.position(step); }

  /// Forward passes of this rank in step `step`; may be none when there are more ranks than samples in a batch.
  std::int64_t micro_batches(std::int64_t step) const { return shares_[schedule_.stage_of(step)].passes; }
  /// A forward pass of this rank: the micro-batch `micro` of step `step`.
  struct Pass { std::int64_t step, micro; };
  /// Passes of this rank before step `step`, and the pass that has so many before it.
  std::int64_t passes_before(std::int64_t step) const;
  Pass pass(std::int64_t number) const;
  /// Samples of a pass. Of several passes, the first one has the samples of the fewest elements, the last one those of the most, so that
  /// little of a batch is padding.
  std::vector<SampleRequest> samples(const Pass& pass) const;
  /// Of the whole global batch of `step`.
  model::Counts counts(std::int64_t step) const;

 private:
  /// This rank's part of the batches of a stage.
  struct StageShare {
    comm::Share samples;
    std::int64_t passes, first_pass;
  };

  bool ends_a_period(std::int64_t step, std::int64_t samples) const;

  TrainingData& data_;
  const RunConfig& config_;
  BatchSchedule schedule_;
  std::vector<StageShare> shares_;  // one a stage
  std::int64_t micro_size_, warmup_, validate_every_, checkpoint_every_;
};

}  // namespace xxact::pipeline
