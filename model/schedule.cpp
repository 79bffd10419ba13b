#include "model/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::model {

double learning_rate(std::int64_t step, std::int64_t total_steps, std::int64_t warmup_steps, double peak) {
  if (total_steps < 1) throw ConfigError("a schedule needs at least one step, not {}", total_steps);
  if (warmup_steps < 0) throw ConfigError("warm-up of {} steps: expected 0 or more", warmup_steps);
  if (step >= total_steps) return 0.0;
  if (step < warmup_steps) return peak * std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(warmup_steps));
  const double progress = static_cast<double>(step - warmup_steps) / static_cast<double>(std::max<std::int64_t>(1, total_steps - warmup_steps));
  return 0.5 * peak * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace xxact::model
