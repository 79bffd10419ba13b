// A progress bar on a terminal, one plain line per interval otherwise. Rank 0 only; other ranks pass enabled = false.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace xxact {

class Progress {
 public:
  /// `total` 0 means unknown. `unit` is what is counted: "structures", "samples". What was `done_before` by an earlier process does not count for the speed.
  Progress(std::string title, std::string unit, std::int64_t total, bool enabled, std::int64_t done_before = 0,
           std::chrono::seconds plain_interval = std::chrono::seconds(10));
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` so far; `note` follows the numbers (a loss, a file name).
  void update(std::int64_t done, const std::string& note = {});

 private:
  using Clock = std::chrono::steady_clock;
  void draw(const std::string& note);

  std::string title_, unit_;
  std::int64_t total_, done_before_, done_;
  bool enabled_, terminal_, drawn_ = false;
  std::chrono::seconds plain_interval_;
  Clock::time_point start_, last_;
};

}  // namespace xxact
