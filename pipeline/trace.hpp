// What a rank does when, for the first steps of a run, as a file that trace viewers show (ui.perfetto.dev, chrome://tracing): the
// "Trace Event Format" of Chromium, complete events, times in microseconds.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/comm/communicator.hpp"

namespace xxact::pipeline {

class Trace {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Lane { step = 0, communication = 1 };

  /// Notes the first `steps` steps; 0: nothing.
  Trace(std::int64_t steps, int rank) : steps_(steps), rank_(rank) {}

  /// Whether the step under way is noted.
  bool on() const { return noted_ < steps_; }
  void add(Lane lane, const std::string& name, Clock::time_point start, Clock::time_point end);
  void end_step() { ++noted_; }

  /// All ranks' events in one file, written by rank 0; clocks are set to each other at a barrier. Nothing when no step was to be noted.
  /// IoError when it cannot be written. Collective on comm.
  void write(const std::filesystem::path& file, const comm::Communicator& comm) const;

 private:
  std::int64_t steps_, noted_ = 0;
  int rank_;
  struct Event { Lane lane; std::string name; Clock::time_point start, end; };
  std::vector<Event> events_;
};

}  // namespace xxact::pipeline
