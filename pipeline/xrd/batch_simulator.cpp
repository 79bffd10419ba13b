#include "pipeline/xrd/batch_simulator.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr std::size_t kTaken = 16;  // structures that a thread takes at a time

}  // namespace

BatchSimulator::BatchSimulator(const PatternOptions& options, int threads) {
  if (threads < 1) throw ConfigError("{} threads: give at least 1", threads);
  for (int i = 0; i < threads; ++i) simulators_.emplace_back(options);
}

std::vector<BatchSimulator::Failure> BatchSimulator::for_each(std::size_t structures, const std::function<void(Simulator&, std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::vector<Failure>> failures(simulators_.size());
  std::vector<std::exception_ptr> errors(simulators_.size());
  const auto run = [&](std::size_t thread) {
    try {
      for (std::size_t first = next.fetch_add(kTaken); first < structures; first = next.fetch_add(kTaken))
        for (std::size_t i = first; i < std::min(first + kTaken, structures); ++i) {
          try {
            work(simulators_[thread], i);
          } catch (const InputError& error) {
            failures[thread].push_back({i, error.what()});
          }
        }
    } catch (...) {
      errors[thread] = std::current_exception();
      next = structures;
    }
  };
  {
    std::vector<std::jthread> threads;
    const std::size_t useful = std::min(simulators_.size(), (structures + kTaken - 1) / kTaken);
    for (std::size_t thread = 1; thread < useful; ++thread) threads.emplace_back(run, thread);
    run(0);
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
  std::vector<Failure> all;
  for (auto& some : failures) all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  std::ranges::sort(all, {}, &Failure::structure);
  return all;
}

std::vector<BatchSimulator::Failure> BatchSimulator::patterns(std::span<const StructureView> structures, std::span<float> out) {
  const auto points = static_cast<std::size_t>(options().grid.points);
  if (out.size() != structures.size() * points)
    throw ConfigError("{} patterns of {} points were asked into room for {} numbers", structures.size(), points, out.size());
  std::ranges::fill(out, 0.0F);
  return for_each(structures.size(), [&](Simulator& simulator, std::size_t i) { simulator.pattern(structures[i], 0, out.subspan(i * points, points)); });
}

std::vector<BatchSimulator::Failure> BatchSimulator::lines(std::span<const StructureView> structures, std::vector<std::vector<Line>>& out) {
  out.resize(structures.size());
  return for_each(structures.size(), [&](Simulator& simulator, std::size_t i) {
    out[i].clear();
    simulator.lines(structures[i], out[i]);
  });
}

}  // namespace xxact::xrd
