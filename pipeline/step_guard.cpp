#include "pipeline/step_guard.hpp"

#include <fmt/format.h>

#include <cmath>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr double kWeight = 0.02;           // of the newest norm in the mean: a memory of about 50 steps
constexpr std::int64_t kFewestNorms = 50;  // before a norm can be called a spike: the first ones change fast

}  // namespace

StepGuard::StepGuard(double spike_factor, std::int64_t most_in_a_row, const torch::Device& device)
    : spike_factor_(spike_factor), most_in_a_row_(most_in_a_row), state_(torch::zeros({4}, torch::dtype(torch::kFloat64).device(device))) {}

torch::Tensor StepGuard::judge(const torch::Tensor& loss, const torch::Tensor& gradient_norm, const torch::Tensor& verdict) {
  const torch::NoGradGuard guard;
  auto usual = state_[0], judged = state_[1], skipped = state_[2], in_a_row = state_[3];
  const auto norm = gradient_norm.to(torch::kFloat64), limit = spike_factor_ * usual;
  const auto finite = loss.isfinite().logical_and(norm.isfinite());
  auto spike = norm.gt(limit).logical_and(judged.ge(kFewestNorms));
  if (spike_factor_ <= 0) spike = torch::zeros_like(spike);
  const auto skip = finite.logical_not().logical_or(spike);
  in_a_row.copy_((in_a_row + 1.0) * skip);
  skipped.add_(skip);
  verdict.copy_(torch::stack({loss.to(torch::kFloat64), norm, usual, skip.to(torch::kFloat64), in_a_row, skipped}));
  judged.add_(finite);
  // A plain mean at first, so that it does not remember its start.
  const auto weight = judged.reciprocal().clamp_min_(kWeight);
  usual.add_(torch::where(finite, weight * (torch::where(spike, limit, norm) - usual), torch::zeros_like(usual)));
  return skip.to(torch::kFloat32);
}

StepGuard::Verdict StepGuard::read(const torch::Tensor& verdict) {
  const auto* v = verdict.const_data_ptr<double>();
  return {v[0], v[1], v[2], v[3] != 0, std::llround(v[4]), std::llround(v[5])};
}

std::string StepGuard::reason(std::int64_t step, const Verdict& verdict) const {
  if (!verdict.skip) return {};
  const double norm = verdict.gradient_norm;
  const auto reason = !std::isfinite(verdict.loss) ? fmt::format("the loss is {}", verdict.loss)
                      : !std::isfinite(norm)       ? fmt::format("the gradient's norm is {}", norm)
                                                   : fmt::format("the gradient's norm is {:.3g}, {:.1f} times the usual {:.3g}", norm, norm / verdict.usual_norm, verdict.usual_norm);
  if (verdict.in_a_row > most_in_a_row_)
    throw NumericError("step {}: {}; {} updates in a row could not be made (skipped-in-a-row). The weights are those before them: continue from the last checkpoint with --resume, or train anew with a lower learning-rate or a longer warmup-fraction",
                       step, reason, verdict.in_a_row);
  return reason;
}

StepGuard::State StepGuard::state() const {
  const auto host = state_.cpu();
  const auto* s = host.const_data_ptr<double>();
  return {s[0], std::llround(s[1]), std::llround(s[2]), std::llround(s[3])};
}

void StepGuard::restore(const State& state) {
  state_.copy_(torch::tensor({state.usual_norm, static_cast<double>(state.judged), static_cast<double>(state.skipped), static_cast<double>(state.in_a_row)}, torch::kFloat64));
}

}  // namespace xxact::pipeline
