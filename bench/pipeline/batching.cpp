// From a dataset file to batches: the time until the first batch of a training is there, random access and batching a second and
// core without diffraction, padding, and the memory of the node.
//   mpirun -n RANKS bench_batching FILE.h5     one JSON object on standard output
//   mpirun -n RANKS bench_batching FILE.h5 ROWS   the same data streamed in windows of so many rows, an epoch of it
//   bench_batching --check                     the same with a small set, for the test suite
#include <fmt/format.h>
#include <hdf5.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "io/dataset_shared.hpp"
#include "io/ingest.hpp"
#include "pipeline/loader.hpp"
#include "pipeline/streamed_training_data.hpp"
#include "pipeline/training_plan.hpp"
#include "src/base/error.hpp"

namespace {

using namespace xxact;
using namespace xxact::pipeline;

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Memory of all ranks, shared pages counted once.
double proportional_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  double kib = 0, sum = 0;
  for (std::string word; rollup >> word;)
    if (word == "Pss:") rollup >> kib;
  MPI_Allreduce(&kib, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return sum * 1024;
}

/// A run whose labels every structure has: the crystal system by its space group.
RunConfig config_of(const char* mode, std::int64_t micro_batch) {
  RunConfig config = preset_run("small");
  set_field(config, "mode", mode);
  set_field(config, "tasks", "crystal_system");
  config.training.global_batch = 1024;
  config.training.micro_batch = micro_batch;
  return parse_run_config(to_ini(config), "bench");
}

struct Rate {
  double samples_per_core_s = 0, padding = 0;
};

/// Builds batches of compositions and labels in this thread, in the order of a training.
Rate batching_rate(TrainingData& data, std::int64_t micro_batch, std::int64_t samples) {
  const auto config = config_of("composition", micro_batch);
  const TrainingPlan plan(data, config, 0, 1, micro_batch > 0 ? micro_batch : config.training.global_batch);
  BatchBuilder builder(config, data.standardisation(), Augmentation::on);
  Batch batch;
  double built = 0, tokens = 0, slots = 0;
  const double began = processor_seconds();
  for (std::int64_t step = 0; built < static_cast<double>(samples); ++step)
    for (std::int64_t micro = 0; micro < plan.micro_batches(step); ++micro) {
      builder.build(plan.samples({step, micro}), batch);
      built += static_cast<double>(batch.samples.size());
      slots += static_cast<double>(batch.input.element.numel());
      for (const auto& sample : batch.samples) tokens += static_cast<double>(sample.dataset->composition(sample.row).atomic_number.size());
    }
  return {built / (processor_seconds() - began), 1 - tokens / slots};
}

void measure(const std::string& path, std::int64_t samples) {
  const comm::Communicator comm(MPI_COMM_WORLD);
  const double before = proportional_bytes(), began = MPI_Wtime();
  const auto dataset = io::read_dataset_shared(MPI_COMM_WORLD, path);
  const double loaded = MPI_Wtime() - began;
  const auto config = config_of("bimodal", 0);
  ResidentTrainingData data(dataset, config, comm, 1);
  const TrainingPlan plan(data, config, comm.rank(), comm.size(), comm::share_of(config.training.global_batch, comm.size() - 1, comm.size()).count());
  std::vector<BatchBuilder> builders;
  builders.emplace_back(config, data.standardisation(), Augmentation::on);
  const double selected = MPI_Wtime() - began;
  {
    Loader loader(std::move(builders), 1, {}, [&](BatchBuilder& builder, std::int64_t step, Batch& batch) { builder.build(plan.samples({step, 0}), batch); });
    loader.next();
  }
  std::array<double, 3> seconds = {loaded, selected, MPI_Wtime() - began};
  comm.max(seconds, "gathering times");
  const double memory = proportional_bytes();
  if (!comm.root()) return;
  const Rate whole = batching_rate(data, 0, samples), bucketed = batching_rate(data, 128, samples);
  fmt::print("{{\"ranks\": {}, \"rows\": {}, \"training_rows\": {}, \"array_bytes\": {}, \"loaded_s\": {:.2f}, \"rows_selected_s\": {:.2f}, \"first_batch_s\": {:.2f}, "
             "\"pss_bytes\": {:.0f}, \"growth_over_arrays\": {:.4f}, \"batching_per_core_s\": {:.0f}, \"padding\": {:.3f}, "
             "\"bucketed_batching_per_core_s\": {:.0f}, \"bucketed_padding\": {:.3f}}}\n",
             comm.size(), dataset.size(), data.samples(), dataset.bytes(), seconds[0], seconds[1], seconds[2], memory, (memory - before) / static_cast<double>(dataset.bytes()),
             whole.samples_per_core_s, whole.padding, bucketed.samples_per_core_s, bucketed.padding);
}

/// The samples of one epoch of a streamed dataset, built into batches of compositions by every rank for its share.
void measure_streamed(const std::string& path, std::int64_t window_rows) {
  const comm::Communicator comm(MPI_COMM_WORLD);
  const double before = proportional_bytes(), began = MPI_Wtime();
  auto config = config_of("composition", 0);
  config.training.window_rows = window_rows;
  config.training.window_block = std::min(config.training.window_block, window_rows);
  StreamedTrainingData data(io::plan_dataset(MPI_COMM_WORLD, path), config, comm, 1, io::memory_of_this_machine());
  const double selected = MPI_Wtime() - began;
  const TrainingPlan plan(data, config, comm.rank(), comm.size(), comm::share_of(config.training.global_batch, comm.size() - 1, comm.size()).count());
  const auto steps = data.samples() / config.training.global_batch;
  data.begin(0, plan.position(steps));
  BatchBuilder builder(config, data.standardisation(), Augmentation::on);
  Batch batch;
  const double started = MPI_Wtime(), processor = processor_seconds();
  double first = 0, memory = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    data.used_before(plan.position(step));
    builder.build(plan.samples({step, 0}), batch);
    if (step == 0) first = MPI_Wtime() - began;
    if (step == steps / 2) memory = proportional_bytes();
  }
  std::array<double, 3> seconds = {selected, first, MPI_Wtime() - started};
  std::array<double, 1> core = {processor_seconds() - processor};
  comm.max(seconds, "gathering times");
  comm.sum(core, "gathering processor time");
  data.end();
  if (!comm.root()) return;
  const auto samples = static_cast<double>(plan.position(steps));
  fmt::print("{{\"ranks\": {}, \"training_rows\": {}, \"window_rows\": {}, \"data\": \"{}\", \"rows_selected_s\": {:.2f}, \"first_batch_s\": {:.2f}, \"epoch_s\": {:.2f}, "
             "\"growth_bytes\": {:.0f}, \"samples_per_s\": {:.0f}, \"samples_per_core_s\": {:.0f}}}\n",
             comm.size(), data.samples(), window_rows, data.describe(), seconds[0], seconds[1], seconds[2], memory - before, samples / seconds[2], samples / core[0]);
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided);
  int code = 0;
  try {
    if (argc < 2 || argc > 3) throw ConfigError("usage: bench_batching FILE.h5 [WINDOW_ROWS], or bench_batching --check");
    if (argc == 3) {
      measure_streamed(argv[1], std::stoll(argv[2]));
    } else if (std::string(argv[1]) == "--check") {
      io::IngestOptions ingest;
      ingest.inputs = {std::filesystem::path(XXACT_SOURCE_DIR) / "data/perovskites.csv.gz"};
      ingest.output = "check.h5";
      ingest.symmetry = io::SymmetryPolicy::given;
      io::ingest(MPI_COMM_WORLD, ingest);
      measure("check.h5", 10000);
      measure_streamed("check.h5", 2048);
    } else {
      measure(argv[1], 2'000'000);
    }
    H5close();
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_batching: {}\n", error.what());
    code = 1;
  }
  if (code != 0) MPI_Abort(MPI_COMM_WORLD, code);
  MPI_Finalize();
  return code;
}
