// How many patterns and line lists a second one core simulates, on structures of data/mp20.csv.gz (inorganic crystals of
// the Materials Project, at most 20 atoms a cell). Items are structures.
//   bench_xrd [--check] [Google Benchmark's options]      --check: every benchmark once, briefly, as a test
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "io/read_structures.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace {

using namespace xxact;

constexpr std::size_t kStructures = 2000;

/// The first structures of the file, kept over all benchmarks.
const StructureArrays& structures() {
  static const StructureArrays all = [] {
    StructureArrays arrays;
    for (const auto& named : io::read_structures(std::string(XXACT_SOURCE_DIR) + "/data/mp20.csv.gz")) {
      if (arrays.size() == kStructures) break;
      arrays.push_back(named.structure[0]);
    }
    return arrays;
  }();
  return all;
}

xrd::PatternOptions options_of(const benchmark::State& state) {
  xrd::PatternOptions options;
  options.grid.points = static_cast<int>(state.range(0));
  options.simulation.dispersion = state.range(1) != 0;
  if (state.range(2) != 0) options.simulation.wavelength_angstrom = 0.71073;
  return options;
}

/// One iteration is one structure, in turn.
void patterns(benchmark::State& state) {
  const StructureArrays& all = structures();
  xrd::Simulator simulator(options_of(state));
  std::vector<float> pattern(static_cast<std::size_t>(state.range(0)));
  std::size_t row = 0;
  for (auto _ : state) {
    simulator.pattern(all[row], 0.001, pattern);
    benchmark::DoNotOptimize(pattern.data());
    row = (row + 1) % all.size();
  }
  state.SetItemsProcessed(state.iterations());
}

void lines(benchmark::State& state) {
  const StructureArrays& all = structures();
  xrd::Simulator simulator(options_of(state));
  std::vector<xrd::Line> found;
  std::size_t row = 0, reflections = 0;
  for (auto _ : state) {
    simulator.lines(all[row], found);
    reflections += found.size();
    row = (row + 1) % all.size();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["lines_each"] = benchmark::Counter(static_cast<double>(reflections), benchmark::Counter::kAvgIterations);
}

void construction(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(xrd::Simulator(xrd::PatternOptions{}).options());
}

}  // namespace

BENCHMARK(patterns)->ArgNames({"points", "dispersion", "molybdenum"})->Args({1024, 1, 0})->Args({1024, 0, 0})->Args({2048, 1, 0})->Args({4250, 1, 0})->Args({1024, 1, 1});
BENCHMARK(lines)->ArgNames({"points", "dispersion", "molybdenum"})->Args({1024, 1, 0})->Args({1024, 0, 0})->Args({1024, 1, 1});
BENCHMARK(construction);

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  char brief[] = "--benchmark_min_time=0.001";
  std::ranges::replace_if(arguments, [](const char* argument) { return std::string_view(argument) == "--check"; }, static_cast<char*>(brief));
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
