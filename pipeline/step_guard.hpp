// Keeps one bad step from ruining a run: an update whose loss or gradient is not finite, or whose gradient is far larger than
// usual, is left out. Its samples are passed over, as PaLM's training did by hand (arXiv 2204.02311, section 5.1). The decision is
// made on the device; the host learns of it when it looks at the verdict, which may be while the next step is computed.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

namespace xxact::pipeline {

class StepGuard {
 public:
  /// What a checkpoint keeps of it, so that a resumed run judges alike.
  struct State {
    double usual_norm = 0;           // exponential mean of gradient norms
    std::int64_t judged = 0;         // norms in it
    std::int64_t skipped = 0;        // steps in all
    std::int64_t in_a_row = 0;       // of these, up to now
  };
  /// Of one step, as the host reads it.
  struct Verdict {
    double loss = 0, gradient_norm = 0;
    double usual_norm = 0;  // before this step
    bool skip = false;
    std::int64_t in_a_row = 0, skipped = 0;  // with this step
  };
  static constexpr std::int64_t kVerdictSize = 6;  // float64

  /// `spike_factor`: a norm above this many times the usual one is a spike; 0: only what is not finite is skipped. As many as
  /// `most_in_a_row` steps may be skipped one behind the other. A plain norm enters the mean as it is, a spike with what is allowed,
  /// so that the mean follows when large norms are there to stay.
  StepGuard(double spike_factor, std::int64_t most_in_a_row, const torch::Device& device);

  /// `loss` and `gradient_norm`, []; returns [] float32 on the device: 1 if the update must be skipped, 0 if it is sound. Writes the verdict into
  /// `verdict`, [kVerdictSize] float64. The same on every rank that gives the same numbers. Waits for nothing.
  torch::Tensor judge(const torch::Tensor& loss, const torch::Tensor& gradient_norm, const torch::Tensor& verdict);

  /// `verdict` in host memory.
  static Verdict read(const torch::Tensor& verdict);
  /// Why step `step` was skipped; empty: it was not. NumericError when too many were skipped.
  std::string reason(std::int64_t step, const Verdict& verdict) const;

  /// Waits for the device.
  State state() const;
  void restore(const State& state);

 private:
  double spike_factor_;
  std::int64_t most_in_a_row_;
  torch::Tensor state_;  // [4] float64, in the order of State
};

}  // namespace xxact::pipeline
