#include "pipeline/step_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr double kWeight = 0.02;           // of the newest norm in the mean: a memory of about 50 steps
constexpr std::int64_t kFewestNorms = 50;  // before a norm can be called a spike: the first ones change fast

}  // namespace

std::string StepGuard::judge(std::int64_t step, double loss, double gradient_norm) {
  std::string reason;
  const double limit = spike_factor_ * state_.usual_norm;
  if (!std::isfinite(loss)) reason = fmt::format("the loss is {}", loss);
  else if (!std::isfinite(gradient_norm)) reason = fmt::format("the gradient's norm is {}", gradient_norm);
  else if (spike_factor_ > 0 && state_.judged >= kFewestNorms && gradient_norm > limit)
    reason = fmt::format("the gradient's norm is {:.3g}, {:.1f} times the usual {:.3g}", gradient_norm, gradient_norm / state_.usual_norm, state_.usual_norm);
  if (std::isfinite(gradient_norm) && std::isfinite(loss)) {
    const double norm = reason.empty() ? gradient_norm : limit;
    ++state_.judged;
    // A plain mean at first, so that it does not remember its start.
    state_.usual_norm += std::max(kWeight, 1.0 / static_cast<double>(state_.judged)) * (norm - state_.usual_norm);
  }
  if (reason.empty()) {
    state_.in_a_row = 0;
    return reason;
  }
  ++state_.skipped;
  if (++state_.in_a_row > most_in_a_row_)
    throw NumericError("step {}: {}; {} updates in a row could not be made (skipped-in-a-row). The weights are those before them: continue from the last checkpoint with --resume, or train anew with a lower learning-rate or a longer warmup-fraction",
                       step, reason, state_.in_a_row);
  return reason;
}

}  // namespace xxact::pipeline
