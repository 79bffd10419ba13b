// How many samples each step takes: the global batch, or a ramp towards it, which lets a large batch learn as fast in its first
// epochs as a small one (Smith et al., arXiv 1711.00489; GPT-3 was trained so, arXiv 2005.14165). A pure function of the step.
#pragma once

#include <cstdint>
#include <vector>

namespace xxact::pipeline {

class BatchSchedule {
 public:
  /// `samples` in all, at least one batch; `ramp` of them, in equal shares, with batches of start, 2 start, 4 start, ... below `batch`. A
  /// share that is no whole number of batches, and the end, are rounded to the nearest.
  BatchSchedule(std::int64_t samples, std::int64_t batch, std::int64_t start, double ramp);

  /// Steps first_step .. last_step - 1, of `batch` samples each.
  struct Stage { std::int64_t first_step, last_step, first_position, batch; };
  /// In order, without gaps.
  const std::vector<Stage>& stages() const { return stages_; }
  /// The place in stages() of the one that holds `step`, 0 to steps(); steps() itself counts to the last.
  std::size_t stage_of(std::int64_t step) const;

  std::int64_t steps() const { return stages_.back().last_step; }
  /// Samples of all steps before `step`.
  std::int64_t position(std::int64_t step) const;
  /// Samples of step `step`, 0 to steps() - 1.
  std::int64_t batch(std::int64_t step) const { return stages_[stage_of(step)].batch; }

 private:
  std::vector<Stage> stages_;
};

}  // namespace xxact::pipeline
