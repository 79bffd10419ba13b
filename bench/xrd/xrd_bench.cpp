// How many patterns and line lists a second one core simulates, on structures of data/mp20.csv.gz (inorganic crystals of
// the Materials Project, at most 20 atoms a cell). Items are structures.
//   bench_xrd [--check] [--stride=N] [Google Benchmark's options]
//     --check: every benchmark once, briefly, as a test      --stride=N: every N-th row of the file, of all its rows
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "io/ingest.hpp"
#include "io/record_checks.hpp"
#include "io/source.hpp"
#include "io/space_group.hpp"
#include "pipeline/xrd/batch_simulator.hpp"
#include "pipeline/xrd/laue_group.hpp"
#include "pipeline/xrd/structure_factors.hpp"
#include "pipeline/xrd/simulator.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BENCH_CLONES [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define BENCH_CLONES
#endif

namespace {

using namespace xxact;

constexpr std::size_t kStructures = 2000;

std::size_t stride = 0;  // 0: the first kStructures rows

/// The chosen structures of the file, with what ingest would find of their symmetry or without.
StructureArrays read_chosen(bool with_symmetry) {
  const io::RecordLimits limits;
  const auto reader = io::open_records(std::string(XXACT_SOURCE_DIR) + "/data/mp20.csv.gz", limits);
  StructureArrays arrays;
  io::StructureRecord record;
  for (std::size_t row = 0; reader->next() && (stride > 0 || row < kStructures); ++row) {
    if (row % std::max<std::size_t>(stride, 1) != 0) continue;
    reader->parse(record);
    io::check_record(record, limits);
    const std::vector<float> frac(record.frac_coords.begin(), record.frac_coords.end());
    arrays.push_back({record.lattice, record.atomic_number, frac, {}, with_symmetry ? io::find_symmetry(record, io::IngestOptions().symprec).laue_code : kNoLaueCode});
  }
  return arrays;
}

/// Kept over all benchmarks.
const StructureArrays& structures() {
  static const StructureArrays all = read_chosen(false);
  return all;
}

const StructureArrays& symmetric_structures() {
  static const StructureArrays all = read_chosen(true);
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
void time_patterns(benchmark::State& state, const StructureArrays& all) {
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

void patterns(benchmark::State& state) { time_patterns(state, structures()); }

void patterns_with_symmetry(benchmark::State& state) { time_patterns(state, symmetric_structures()); }

/// Whether a structure can be simulated, without simulating it.
void time_refusals(benchmark::State& state, const StructureArrays& all) {
  xrd::Simulator simulator(xrd::PatternOptions{});
  std::size_t row = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(simulator.refusal(all[row]));
    row = (row + 1) % all.size();
  }
  state.SetItemsProcessed(state.iterations());
}

void refusals(benchmark::State& state) { time_refusals(state, structures()); }

void refusals_with_symmetry(benchmark::State& state) { time_refusals(state, symmetric_structures()); }

/// All structures in one call, on several threads; one iteration is a batch.
void batch(benchmark::State& state) {
  const StructureArrays& all = structures();
  std::vector<StructureView> views;
  for (std::size_t copy = 0; copy < 10; ++copy)
    for (std::size_t row = 0; row < all.size(); ++row) views.push_back(all[row]);
  xrd::BatchSimulator simulator(xrd::PatternOptions{}, static_cast<int>(state.range(0)));
  std::vector<float> out(views.size() * static_cast<std::size_t>(simulator.options().grid.points));
  for (auto _ : state)
    if (!simulator.patterns(views, out).empty()) state.SkipWithError("a structure failed");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(views.size()));
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

/// As pymatgen computes them: its form factors, no dispersion. With several threads, all of them on the same structures.
void time_lines_as_pymatgen(benchmark::State& state, const StructureArrays& all) {
  xrd::PatternOptions options;
  options.simulation.form_factors = xrd::FormFactors::pymatgen;
  options.simulation.dispersion = false;
  xrd::Simulator simulator(options);
  std::vector<xrd::Line> found;
  std::size_t row = 0;
  for (auto _ : state) {
    simulator.lines(all[row], found);
    benchmark::DoNotOptimize(found.data());
    row = (row + 1) % all.size();
  }
  state.SetItemsProcessed(state.iterations());
}

void lines_as_pymatgen(benchmark::State& state) { time_lines_as_pymatgen(state, structures()); }

/// The same with the symmetry known, as it is in datasets whose symmetry was computed.
void lines_with_symmetry(benchmark::State& state) { time_lines_as_pymatgen(state, symmetric_structures()); }

/// A cubic cell of `atoms` atoms of three elements at random places, 15 cubic angstrom an atom.
struct RandomCell {
  std::array<double, 9> lattice{};
  std::vector<std::uint8_t> atomic_number;
  std::vector<float> frac_coords;

  explicit RandomCell(std::int64_t atoms) {
    const double edge = std::cbrt(15.0 * static_cast<double>(atoms));
    lattice[0] = lattice[4] = lattice[8] = edge;
    for (std::int64_t a = 0; a < atoms; ++a) {
      atomic_number.push_back(a % 5 < 3 ? 8 : a % 5 == 3 ? 22 : 38);
      for (int axis = 0; axis < 3; ++axis) frac_coords.push_back(static_cast<float>(std::fmod(0.7548776662466927 * static_cast<double>(3 * a + axis + 1) * (axis + 1), 1.0)));
    }
  }
  StructureView view() const { return {lattice, atomic_number, frac_coords, {}}; }
};

/// Cost against atoms a cell; the number of reflections grows with the volume.
void cells(benchmark::State& state) {
  const RandomCell cell(state.range(0));
  xrd::Simulator simulator(xrd::PatternOptions{});
  std::vector<float> pattern(1024);
  for (auto _ : state) {
    simulator.pattern(cell.view(), 0, pattern);
    benchmark::DoNotOptimize(pattern.data());
  }
  state.SetItemsProcessed(state.iterations());
}

/// The structure-factor kernels alone, in single precision as patterns use them: phase sums, form factors and
/// |F|^2. Counted: 8 operations an atom and reflection for the phases, 6 for every row and atom, 2 a
/// term of each form factor, 8 for each element's share of F, 8 for |F|^2.
void structure_factors(benchmark::State& state) {
  const RandomCell cell(state.range(0));
  const double g_max = 2 * std::sin(45 * 3.14159265358979 / 180) / 1.54184;
  const auto metric = xrd::ReciprocalMetric::of(cell.lattice, 0);
  const xrd::ScatteringTable table(xrd::FormFactors::it92, true, 1.54184);
  const xrd::FormFactorPolynomials polynomials(table, g_max * g_max * 1.001);
  xrd::StructureFactorCalculator<float> calculator;
  std::vector<xrd::ReflectionBatch> batches;
  xrd::ReflectionEnumerator enumerator(metric, xrd::LaueGroup::none().unit(metric), 0.05, g_max);
  calculator.begin(cell.view(), polynomials, metric, enumerator);
  for (xrd::ReflectionBatch batch; enumerator.next(batch, 1024);) batches.push_back(batch);
  double operations = 0, reflections = 0;
  for (const auto& batch : batches) {
    const auto n = static_cast<double>(batch.reflections), atoms = static_cast<double>(state.range(0));
    double terms = 0;
    for (const int z : {8, 22, 38}) terms += polynomials.of<float>(z).real.degree;
    operations += n * (8 * atoms + 2 * terms + 3 * 8 + 8) + 6 * atoms * static_cast<double>(batch.rows.size());
    reflections += n;
  }
  for (auto _ : state)
    for (const auto& batch : batches) benchmark::DoNotOptimize(calculator.of(batch).data());
  state.counters["reflections"] = reflections;
  state.counters["flop/s"] = benchmark::Counter(operations, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

typedef float Lanes __attribute__((vector_size(32)));

BENCH_CLONES float multiply_and_add(float factor, float term, int times) {
  const Lanes x = Lanes{} + factor, y = Lanes{} + term;
  Lanes sum[12];
  for (int i = 0; i < 12; ++i) sum[i] = x + static_cast<float>(i);
  for (int t = 0; t < times; ++t)
    for (int i = 0; i < 12; ++i) sum[i] = sum[i] * x + y;
  for (int i = 1; i < 12; ++i) sum[0] += sum[i];
  return sum[0][0] + sum[0][7];
}

/// What one core can do at most in single precision: independent multiplications and additions, nothing from memory.
void arithmetic_peak(benchmark::State& state) {
  float factor = 0.999F;
  for (auto _ : state) {
    benchmark::DoNotOptimize(factor);
    benchmark::DoNotOptimize(multiply_and_add(factor, 1e-3F, 1000));
  }
  state.counters["flop/s"] = benchmark::Counter(1000.0 * 12 * 8 * 2, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

void construction(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(xrd::Simulator(xrd::PatternOptions{}).options());
}

}  // namespace

BENCHMARK(patterns)->ArgNames({"points", "dispersion", "molybdenum"})->Args({1024, 1, 0})->Args({1024, 0, 0})->Args({2048, 1, 0})->Args({4250, 1, 0})->Args({1024, 1, 1});
BENCHMARK(patterns_with_symmetry)->ArgNames({"points", "dispersion", "molybdenum"})->Args({1024, 1, 0})->Args({4250, 1, 0});
BENCHMARK(refusals);
BENCHMARK(refusals_with_symmetry);
BENCHMARK(lines)->ArgNames({"points", "dispersion", "molybdenum"})->Args({1024, 1, 0})->Args({1024, 0, 0})->Args({1024, 1, 1});
BENCHMARK(lines_as_pymatgen)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(batch)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(lines_with_symmetry);
BENCHMARK(cells)->ArgName("atoms")->RangeMultiplier(2)->Range(4, 1024);
BENCHMARK(structure_factors)->ArgName("atoms")->Arg(10)->Arg(20)->Arg(50)->Arg(100)->Arg(200)->Arg(1000);
BENCHMARK(arithmetic_peak);
BENCHMARK(construction);

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  constexpr std::string_view stride_option = "--stride=";
  std::erase_if(arguments, [&](std::string_view argument) {
    if (!argument.starts_with(stride_option)) return false;
    stride = std::stoul(std::string(argument.substr(stride_option.size())));
    return true;
  });
  char brief[] = "--benchmark_min_time=0.001";
  std::ranges::replace_if(arguments, [](const char* argument) { return std::string_view(argument) == "--check"; }, static_cast<char*>(brief));
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
