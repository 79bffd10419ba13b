#include "model/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::model {

double learning_rate(std::int64_t first, std::int64_t last, std::int64_t total, std::int64_t warmup, double peak) {
  if (total < 1) throw ConfigError("a schedule needs at least one sample, not {}", total);
  if (warmup < 0) throw ConfigError("warm-up of {} samples: expected 0 or more", warmup);
  if (first >= total) return 0.0;
  if (first < warmup) return peak * std::min(1.0, static_cast<double>(last) / static_cast<double>(warmup));
  const double progress = static_cast<double>(first - warmup) / static_cast<double>(std::max<std::int64_t>(1, total - warmup));
  return 0.5 * peak * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace xxact::model
