// The learning rate as a pure function of the samples that were taken. No Torch.
#pragma once

#include <cstdint>

namespace xxact::model {

/// Learning rate of the step that takes samples first .. last - 1 of `total`: rises linearly, to peak where `last` is `warmup`, then half a
/// cosine to zero at total. Zero from total on. Of batches of one size that is the usual function of the step.
/// ConfigError if total < 1 or warmup < 0.
double learning_rate(std::int64_t first, std::int64_t last, std::int64_t total, std::int64_t warmup, double peak);

}  // namespace xxact::model
