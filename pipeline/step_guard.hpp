// Keeps one bad step from ruining a run: an update whose loss or gradient is not finite, or whose gradient is far larger than
// usual, is left out. Its samples are passed over, as PaLM's training did by hand (arXiv 2204.02311, section 5.1).
#pragma once

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

  /// `spike_factor`: a norm above this many times the usual one is a spike; 0: only what is not finite is skipped. As many as
  /// `most_in_a_row` steps may be skipped one behind the other. A plain norm enters the mean as it is, a spike with what is allowed,
  /// so that the mean follows when large norms are there to stay.
  StepGuard(double spike_factor, std::int64_t most_in_a_row) : spike_factor_(spike_factor), most_in_a_row_(most_in_a_row) {}

  /// Why the update of step `step` must be skipped; empty: it is sound. The same on every rank that gives the same numbers.
  /// NumericError when too many were skipped.
  std::string judge(std::int64_t step, double loss, double gradient_norm);

  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  double spike_factor_;
  std::int64_t most_in_a_row_;
  State state_;
};

}  // namespace xxact::pipeline
