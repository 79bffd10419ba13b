// What one core takes to find the sample of a position, or the row of a sample. Items are positions or rows; the argument is the
// number of samples or rows.
//   bench_sampling [--check] [Google Benchmark's options]      --check: every benchmark once, briefly, on few rows, as a test
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "pipeline/sampling/row_selection.hpp"
#include "pipeline/sampling/sample_order.hpp"
#include "pipeline/sampling/stratified_order.hpp"
#include "pipeline/sampling/subset.hpp"
#include "pipeline/sampling/windowed_order.hpp"

namespace {

using namespace xxact::sampling;

bool check = false;
constexpr std::int64_t kCheckedRows = 100'000;

std::int64_t rows_of(const benchmark::State& state) { return check ? std::min(state.range(0), kCheckedRows) : state.range(0); }

/// Nine of ten rows.
RowSelection most_rows(std::int64_t rows) {
  return RowSelection::where(rows, [](std::int64_t row) { return row % 10 != 3; });
}

/// One iteration is one position of the stream, from the second epoch on.
template <class Find>
void find_each(benchmark::State& state, std::int64_t first, std::int64_t count, const Find& find) {
  std::int64_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(find(first + i));
    i = i + 1 < count ? i + 1 : 0;
  }
  state.SetItemsProcessed(state.iterations());
}

void sample_of_position(benchmark::State& state) {
  const SampleOrder order(1, state.range(0));
  find_each(state, state.range(0), state.range(0), [&](std::int64_t position) { return order.at(position); });
}

void position_of_sample(benchmark::State& state) {
  const SampleOrder order(1, state.range(0));
  find_each(state, 0, state.range(0), [&](std::int64_t sample) { return order.position_of({1, sample}); });
}

void stratified_sample(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const std::vector<std::int64_t> sizes = {n - n / 2 - n / 10 - 3 * (n / 100), n / 2, n / 10, n / 100, n / 100, n / 100};
  const StratifiedOrder order(1, sizes);
  find_each(state, n, n, [&](std::int64_t position) { return order.at(position); });
}

void windowed_sample(benchmark::State& state) {
  const auto rows = most_rows(rows_of(state));
  const WindowedOrder order(1, rows, {});
  const auto epoch = order.epoch(1);
  find_each(state, 0, order.samples(), [&](std::int64_t position) { return epoch.visit_at(position).sample; });
}

/// Items are blocks.
void windowed_epoch(benchmark::State& state) {
  const auto rows = most_rows(rows_of(state));
  const WindowedOrder order(1, rows, {});
  std::int64_t epoch = 0;
  for (auto _ : state) benchmark::DoNotOptimize(order.epoch(++epoch));
  state.SetItemsProcessed(state.iterations() * (rows.rows() / order.shape().block_rows));
}

void select_in_order(benchmark::State& state) {
  const auto rows = most_rows(rows_of(state));
  find_each(state, 0, rows.size(), [&](std::int64_t k) { return rows.row(k); });
}

/// As training does: the sample of a position, then its row, anywhere in the bitmap.
void row_of_position(benchmark::State& state) {
  const auto rows = most_rows(rows_of(state));
  const SampleOrder order(1, rows.size());
  find_each(state, 0, rows.size(), [&](std::int64_t position) { return rows.row(order.at(position).sample); });
  state.counters["bits_a_row"] = 8.0 * static_cast<double>(rows.memory_bytes()) / static_cast<double>(rows.rows());
}

void build_selection(benchmark::State& state) {
  const auto rows = rows_of(state);
  for (auto _ : state) benchmark::DoNotOptimize(most_rows(rows));
  state.SetItemsProcessed(state.iterations() * rows);
}

/// A tenth of the rows in 32 strata, with identities such as databases give.
void take_subset(benchmark::State& state) {
  const auto rows = RowSelection::all(rows_of(state));
  const SubsetRules rules{[](std::int64_t row) {
                            std::array<char, 16> id = {'m', 'p', '-'};
                            for (std::size_t i = 3; i < 11; ++i, row /= 10) id[i] = static_cast<char>('0' + row % 10);
                            return record_key(1, {id.data(), 11});
                          },
                          [](std::int64_t row) { return static_cast<int>(row % 97 % 32); }, 32};
  for (auto _ : state) benchmark::DoNotOptimize(subset(rows, rows.size() / 10, rules));
  state.SetItemsProcessed(state.iterations() * rows.size());
}

}  // namespace

BENCHMARK(sample_of_position)->Arg(5)->Arg(4000)->Arg(5'000'000)->Arg((1 << 20) + 1)->Arg(1'000'000'000);
BENCHMARK(position_of_sample)->Arg(4000)->Arg(5'000'000)->Arg(1'000'000'000);
BENCHMARK(stratified_sample)->Arg(5'000'000)->Arg(1'000'000'000);
BENCHMARK(windowed_sample)->Arg(5'000'000)->Arg(100'000'000);
BENCHMARK(windowed_epoch)->Arg(5'000'000)->Arg(100'000'000);
BENCHMARK(select_in_order)->Arg(5'000'000)->Arg(1'000'000'000);
BENCHMARK(row_of_position)->Arg(5'000'000)->Arg(1'000'000'000);
BENCHMARK(build_selection)->Arg(5'000'000);
BENCHMARK(take_subset)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  char brief[] = "--benchmark_min_time=0.001";
  for (char*& argument : arguments)
    if (std::string_view(argument) == "--check") check = true, argument = brief;
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
