// How many patterns a second one core broadens, each shape, and what each artefact of a measurement takes. Items are patterns. The lines are
// spread as those of a crystal are, evenly in sin^2(theta), and the areas are of no importance to the time.
//   bench_peaks [--check] [Google Benchmark's options]      --check: every benchmark once, briefly, as a test
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "pipeline/xrd/lattice_strain.hpp"
#include "pipeline/xrd/measurement.hpp"
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

/// One iteration is one sample: its artefacts drawn, nothing applied.
void draw(benchmark::State& state) {
  std::uint64_t sample = 0;
  for (auto _ : state) benchmark::DoNotOptimize(draw_artefacts(ArtefactRanges{}, 1, 1, ++sample, 1));
  state.SetItemsProcessed(state.iterations());
}

/// A primitive body-centred tetragonal cell, whose axes must be searched.
void strain(benchmark::State& state) {
  const std::array<double, 9> lattice = {-2, 2, 4.7, 2, -2, 4.7, 2, 2, -4.7};
  for (auto _ : state) benchmark::DoNotOptimize(strained_lattice(lattice, 3, {0.01, 0, -0.01, 0, 0, 0}));
  state.SetItemsProcessed(state.iterations());
}

enum class Step { background, detector, counting, ends };

/// One step of the measurement of a pattern of 4,250 points, with a copy of the pattern in the time.
void measure(benchmark::State& state, Step step) {
  const Grid grid{5, 90, 4250};
  const Lines lines = crystal_lines(300);
  PeakProfile profile(grid, PeakShape{});
  profile.add(lines.two_theta_deg, std::span<const float>(lines.area));
  std::vector<float> clean(4250), pattern(4250);
  profile.write_scaled(false, clean);
  std::vector<std::uint8_t> measured(4250);
  std::vector<double> scratch;
  std::uint64_t sample = 0;
  for (auto _ : state) {
    const Artefacts artefacts = draw_artefacts(ArtefactRanges{}, 1, 1, ++sample, 1);
    pattern = clean;
    if (step == Step::background) add_background(artefacts, grid, pattern);
    if (step == Step::detector) resample_detector(artefacts, grid, pattern, scratch);
    if (step == Step::counting) count_photons(artefacts, pattern);
    if (step == Step::ends) hide_missing_ends(artefacts, grid, pattern, measured);
    benchmark::DoNotOptimize(pattern.data());
  }
  state.SetItemsProcessed(state.iterations());
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
BENCHMARK(draw);
BENCHMARK(strain);
BENCHMARK_CAPTURE(measure, background, Step::background);
BENCHMARK_CAPTURE(measure, detector, Step::detector);
BENCHMARK_CAPTURE(measure, counting, Step::counting);
BENCHMARK_CAPTURE(measure, ends, Step::ends);

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  char brief[] = "--benchmark_min_time=0.001";
  std::ranges::replace_if(arguments, [](const char* argument) { return std::string_view(argument) == "--check"; }, static_cast<char*>(brief));
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
