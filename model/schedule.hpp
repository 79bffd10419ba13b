// The learning rate as a pure function of the step. No Torch.
#pragma once

#include <cstdint>

namespace xxact::model {

/// Learning rate of step `step` = 0, 1, ..., total_steps - 1: linear from peak / warmup_steps to peak over the first
/// warmup_steps steps, then half a cosine to zero at total_steps. Zero from total_steps on.
/// ConfigError if total_steps < 1 or warmup_steps < 0.
double learning_rate(std::int64_t step, std::int64_t total_steps, std::int64_t warmup_steps, double peak);

}  // namespace xxact::model
