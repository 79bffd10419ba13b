// Where the time of a run goes: wall-clock seconds of each phase on this rank, and their least, mean and greatest value over
// ranks. Device work is asynchronous: its time is in the phase that waits for it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/comm/communicator.hpp"

namespace xxact::pipeline {

enum class Phase : std::size_t { data_wait, compute, communication_wait, ranks_wait, update, validation, checkpoint };
inline constexpr std::size_t kPhases = 7;

class PhaseTimes {
 public:
  /// Adds the time until it goes out of scope.
  class Scope {
   public:
    Scope(PhaseTimes& times, Phase phase) : times_(times), phase_(phase), start_(Clock::now()) {}
    ~Scope() { times_.add(phase_, std::chrono::duration<double>(Clock::now() - start_).count()); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    using Clock = std::chrono::steady_clock;
    PhaseTimes& times_;
    Phase phase_;
    Clock::time_point start_;
  };

  Scope measure(Phase phase) { return {*this, phase}; }
  void add(Phase phase, double seconds) { seconds_[static_cast<std::size_t>(phase)] += seconds; }
  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }

  struct Spread {
    double least = 0, mean = 0, most = 0;
  };
  using Spreads = std::array<Spread, kPhases>;
  /// Collective on comm.
  Spreads over_ranks(const comm::Communicator& comm) const;

 private:
  std::array<double, kPhases> seconds_{};
};

/// {"data_wait": {"min", "mean", "max"}, ...} in seconds.
nlohmann::json phases_json(const PhaseTimes::Spreads& spreads);
/// A table, one line a phase: its least, mean and greatest seconds, and the mean's share of `total` seconds; what is left is "other".
std::string phases_table(const PhaseTimes::Spreads& spreads, double total);

}  // namespace xxact::pipeline
