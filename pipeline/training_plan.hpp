// What a training run will do, known before it starts: its rows, steps, and which samples each rank takes in each step.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/batch_builder.hpp"
#include "pipeline/comm/communicator.hpp"
#include "pipeline/sampling/row_selection.hpp"
#include "pipeline/sampling/sample_order.hpp"

namespace xxact::pipeline {

struct TrainingRows {
  sampling::RowSelection train;
  std::vector<std::int64_t> validation;
  std::vector<std::string> unusable;  // "id: reason" of labelled rows that the model cannot take, on rank 0
};

/// Labelled rows of the training and validation split that can be given to the model; for models with patterns every structure
/// is asked, dealt to ranks and threads, whether it can be simulated, so that a bad one is known at the start. Collective on comm.
TrainingRows select_training_rows(const io::Dataset& dataset, const RunConfig& config, const Labels& labels, const comm::Communicator& comm, int threads);

class TrainingPlan {
 public:
  /// The dataset must outlive it.
  TrainingPlan(const io::Dataset& dataset, const RunConfig& config, sampling::RowSelection rows, int rank, int ranks);

  std::int64_t total_steps() const { return total_steps_; }
  std::int64_t warmup_steps() const { return warmup_steps_; }
  std::int64_t validate_every() const { return validate_every_; }      // steps
  std::int64_t checkpoint_every() const { return checkpoint_every_; }  // steps
  const sampling::SampleOrder& order() const { return order_; }

  /// Forward passes of this rank in each step; may be none when there are more ranks than samples in a batch.
  std::int64_t micro_batches() const { return micro_batches_; }
  /// Samples of this rank's micro-batch `micro` of step `step`. Of several, the first one has those of the fewest elements, the
  /// last one those of the most, so that little of a batch is padding.
  std::vector<SampleRequest> samples(std::int64_t step, std::int64_t micro) const;
  /// Valid labels by task in the whole global batch of `step`.
  std::array<double, 3> valid_count(std::int64_t step, const Labels& labels) const;

 private:
  SampleRequest request(std::int64_t position) const;

  const io::Dataset& dataset_;
  const RunConfig& config_;
  sampling::RowSelection rows_;
  sampling::SampleOrder order_;
  comm::Share share_;
  std::int64_t micro_size_, micro_batches_, total_steps_, warmup_steps_, validate_every_, checkpoint_every_;
};

}  // namespace xxact::pipeline
