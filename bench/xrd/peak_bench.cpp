// How many patterns a second one core broadens: 300 lines on a grid of 4,250 points, each shape. Items are patterns. The lines are
// spread as those of a crystal are, evenly in sin^2(theta), and the areas are of no importance to the time.
//   bench_peaks [--check] [Google Benchmark's options]      --check: every benchmark once, briefly, as a test
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "pipeline/xrd/peak_shape.hpp"

namespace {

using namespace xxact::xrd;

struct Lines {
  std::vector<double> two_theta_deg;
  std::vector<float> area;
};

Lines crystal_lines(int count) {
  Lines lines;
  for (int i = 0; i < count; ++i) {
    const double sine_squared = 0.006 + 0.49 * (i + 0.5) / count;
    lines.two_theta_deg.push_back(2 * std::asin(std::sqrt(sine_squared)) * 180 / std::numbers::pi);
    lines.area.push_back(1.0F + static_cast<float>(i * 37 % 101));
  }
  return lines;
}

/// One iteration is one pattern: clear, add, write.
void broaden(benchmark::State& state, const PeakShape& shape) {
  const Grid grid{5, 90, static_cast<int>(state.range(0))};
  const Lines lines = crystal_lines(static_cast<int>(state.range(1)));
  PeakProfile profile(grid, shape);
  std::vector<float> out(static_cast<std::size_t>(grid.points));
  for (auto _ : state) {
    profile.clear();
    profile.add(lines.two_theta_deg, std::span<const float>(lines.area));
    profile.write_scaled(true, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}

PeakShape fixed(PeakShape::Kind kind) {
  PeakShape shape;
  shape.kind = kind;
  return shape;
}

PeakShape sample(double size_nm, double axial, double neglected) {
  PeakShape shape;
  shape.crystallite_size_nm = size_nm, shape.microstrain = 0.001, shape.neglected_area = neglected;
  shape.axial_sample_ratio = shape.axial_detector_ratio = axial;
  return shape;
}

}  // namespace

#define XXACT_GRIDS ArgNames({"points", "lines"})->Args({4250, 300})->Args({1024, 300})
BENCHMARK_CAPTURE(broaden, gaussian, fixed(PeakShape::Kind::gaussian))->XXACT_GRIDS;
BENCHMARK_CAPTURE(broaden, pseudo_voigt, fixed(PeakShape::Kind::pseudo_voigt))->XXACT_GRIDS;
BENCHMARK_CAPTURE(broaden, tch_40nm, sample(40, 0, 1e-3))->XXACT_GRIDS;
BENCHMARK_CAPTURE(broaden, tch_5nm, sample(5, 0, 1e-3))->XXACT_GRIDS;
BENCHMARK_CAPTURE(broaden, tch_40nm_neglected_1e2, sample(40, 0, 1e-2))->XXACT_GRIDS;
BENCHMARK_CAPTURE(broaden, tch_40nm_neglected_1e5, sample(40, 0, 1e-5))->XXACT_GRIDS;
BENCHMARK_CAPTURE(broaden, tch_40nm_axial, sample(40, 0.03, 1e-3))->XXACT_GRIDS;

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  char brief[] = "--benchmark_min_time=0.001";
  std::ranges::replace_if(arguments, [](const char* argument) { return std::string_view(argument) == "--check"; }, static_cast<char*>(brief));
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
