// Many structures at once on several threads: the simulator for those who call it from a program of their own.
//
//   xxact::xrd::BatchSimulator simulator({.grid = {.points = 4250}, .square_root = false}, 8);
//   std::vector<float> patterns(structures.size() * 4250);
//   for (const auto& failure : simulator.patterns(structures, patterns)) std::cerr << failure.structure << ": " << failure.reason << '\n';
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

/// Results do not depend on the number of threads. One caller at a time.
class BatchSimulator {
 public:
  /// `threads` at least 1, the caller's among them; the others are started for each call, so batches of a hundred and more
  /// use them well. Throws ConfigError for options out of range.
  BatchSimulator(const PatternOptions& options, int threads);

  /// A structure that cannot be simulated; the others are.
  struct Failure {
    std::size_t structure;
    std::string reason;
  };

  /// out: [structures, points] row-major, as Simulator::pattern; zero where a structure failed. Failures by rising number.
  std::vector<Failure> patterns(std::span<const StructureView> structures, std::span<float> out);

  /// out: [structures], each as Simulator::lines; empty where a structure failed. `out` keeps the room of its lists.
  std::vector<Failure> lines(std::span<const StructureView> structures, std::vector<std::vector<Line>>& out);

  const PatternOptions& options() const { return simulators_.front().options(); }

 private:
  /// work(simulator, number) for each structure; what it throws but InputError ends the call.
  std::vector<Failure> for_each(std::size_t structures, const std::function<void(Simulator&, std::size_t)>& work);

  std::vector<Simulator> simulators_;  // one a thread
};

}  // namespace xxact::xrd
