#include "tests/pipeline/training_case.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "io/ingest.hpp"
#include "pipeline/streamed_training_data.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {

io::Dataset ingested(const std::string& name) {
  io::IngestOptions options;
  options.inputs = {std::filesystem::path(XXACT_SOURCE_DIR) / ("data/" + name + ".csv.gz")};
  options.output = scratch(name + ".h5");
  options.symmetry = io::SymmetryPolicy::given;
  io::ingest(MPI_COMM_WORLD, options);
  return io::read_dataset(options.output);
}

const io::Dataset& training_dataset() {
  static const io::Dataset dataset = ingested("perovskites");
  return dataset;
}

RunConfig training_case(std::int64_t global_batch, double epochs) {
  RunConfig config = preset_run("small");
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"width", "32"}, {"patch", "128"}, {"head-widths", "32"}, {"composition-layers", "1"}, {"xrd-layers", "1"}, {"fusion-layers", "1"},
           {"tasks", "formation_energy_per_atom,band_gap"}, {"dropout", "0.1"}, {"strain", "0.01"}, {"learning-rate", "0.002"}, {"seed", "3"}})
    set_field(config, key, value);
  config.training.global_batch = global_batch;
  config.training.epochs = epochs;
  return parse_run_config(to_ini(config), "test");
}

std::vector<double> train_losses(const RunConfig& config, const std::filesystem::path& output, comm::Communicator& comm, bool resume, std::int64_t stop_after,
                                 std::int64_t trace, const ExecutionOptions& execution) {
  if (!resume && comm.root()) std::filesystem::remove_all(output);
  comm.barrier("emptying the run folder");
  TrainingOptions options;
  options.output = output;
  options.resume = resume;
  options.stop_after = stop_after;
  options.trace = trace;
  options.execution = execution;
  options.program_version = "test";
  const Device device(DeviceChoice::cpu, comm, 0, {});
  const auto& dataset = training_dataset();
  std::unique_ptr<TrainingData> data;
  if (config.training.window_rows > 0) data = std::make_unique<StreamedTrainingData>(io::plan_dataset(comm.handle(), dataset.path()), config, comm, 2, kMemory);
  else data = std::make_unique<ResidentTrainingData>(dataset, config, comm, 2);
  train(*data, config, options, device, comm);
  std::vector<double> losses;
  std::ifstream metrics(output / "metrics.jsonl");
  for (std::string line; std::getline(metrics, line);) losses.push_back(nlohmann::json::parse(line).at("loss"));
  return losses;
}

}  // namespace xxact::pipeline
