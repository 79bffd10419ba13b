// What ends a training early, with a checkpoint: a signal to any rank, the file STOP in the run folder, or the end of the
// batch job's allocation. Each rank votes, the votes are summed over ranks once a step, and so all stop at the same step.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace xxact::pipeline {

/// When the batch system ends this job: XXACT_JOB_END_TIME, which a job file may set, otherwise SLURM_JOB_END_TIME, both in
/// seconds since 1970; nothing outside of a job. ConfigError when the variable is no such number.
std::optional<std::chrono::sys_seconds> end_of_allocation();

class StopConditions {
 public:
  static constexpr std::size_t kSignal = 0, kFile = 1, kEnd = 2;
  using Votes = std::array<double, 3>;
  using Clock = std::chrono::system_clock;

  /// The root alone looks at `file` and at the clock, since files come into sight and clocks run differently elsewhere. It stops so
  /// early that the longest step so far, with its validation and checkpoint, would fit twice before `margin` seconds before the end.
  StopConditions(std::filesystem::path file, std::optional<std::chrono::sys_seconds> end, std::chrono::seconds margin, bool root)
      : file_(std::move(file)), end_(end), margin_(margin), root_(root) {}

  /// Once a step; looks at the file at most once a second.
  Votes vote(Clock::time_point now = Clock::now());
  /// Of the summed votes, why to stop, as text; empty: go on. The root removes the file that was obeyed, so that the run can go on.
  std::string reason(const Votes& sum) const;

 private:
  std::filesystem::path file_;
  std::optional<std::chrono::sys_seconds> end_;
  std::chrono::seconds margin_;
  bool root_;
  std::optional<Clock::time_point> last_, looked_;
  Clock::duration longest_{};
};

}  // namespace xxact::pipeline
