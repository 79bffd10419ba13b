// xxact train: supervised training of a model on a dataset.
#include "src/training_command.hpp"

namespace xxact {
namespace {

void describe(options::options_description& description) { describe_training(description, pipeline::preset_run("small")); }

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  return run_training(values, runtime, [](pipeline::RunConfig config) { return config; });
}

}  // namespace

const Command kTrainCommand = {
    "train", "train a model on a dataset, on any number of ranks",
    "xxact train --data perovskites.h5 --output runs/bimodal --config configs/demo/perovskites-bimodal.ini\n"
    "mpirun -n 8 xxact train --data alexandria.h5 --output runs/paper --preset paper --global-batch 32768 --learning-rate 5e-4\n"
    "xxact train --data perovskites.h5 --output runs/bimodal --config configs/demo/perovskites-bimodal.ini --resume\n"
    "xxact train --data alexandria.h5 --output runs/tenth --train-fraction 0.1 --stratify labels\n"
    "xxact train --data alexandria.h5 --output none --preset paper --global-batch 32768 --dry-run --pretend-ranks 1024 --machine tflops=400\n"
    "mpirun -n 8 xxact train --data larger-than-memory.h5 --output runs/streamed --preset paper --window-rows 20000000",
    describe, {}, run, true};

}  // namespace xxact
