#include "pipeline/batch_schedule.hpp"

#include <algorithm>
#include <cmath>

namespace xxact::pipeline {

BatchSchedule::BatchSchedule(std::int64_t samples, std::int64_t batch, std::int64_t start, double ramp) {
  std::vector<std::int64_t> batches;
  for (auto size = start; ramp > 0 && size < batch; size *= 2) batches.push_back(size);
  const double share = batches.empty() ? 0 : ramp * static_cast<double>(samples) / static_cast<double>(batches.size());
  std::int64_t step = 0, position = 0;
  for (const auto size : batches) {
    const auto count = std::llround(share / static_cast<double>(size));
    if (count == 0) continue;
    stages_.push_back({step, step + count, position, size});
    step += count;
    position += count * size;
  }
  const auto count = std::max<std::int64_t>(stages_.empty() ? 1 : 0, std::llround(static_cast<double>(samples - position) / static_cast<double>(batch)));
  stages_.push_back({step, step + count, position, batch});
}

std::size_t BatchSchedule::stage_of(std::int64_t step) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(stages_, step, {}, &Stage::first_step) - stages_.begin()) - 1;
}

std::int64_t BatchSchedule::position(std::int64_t step) const {
  const auto& stage = stages_[stage_of(step)];
  return stage.first_position + (step - stage.first_step) * stage.batch;
}

}  // namespace xxact::pipeline
