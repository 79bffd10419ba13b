// xxact pretrain: learning from patterns and compositions without labels.
#include "src/training_command.hpp"

namespace xxact {
namespace {

void describe(options::options_description& description) { describe_training(description, pipeline::for_pretraining(pipeline::preset_run("small"))); }

ExitCode run(const options::variables_map& values, Runtime& runtime) { return run_training(values, runtime, pipeline::for_pretraining); }

}  // namespace

const Command kPretrainCommand = {
    "pretrain", "train a model without labels, to start others from",
    "xxact pretrain --data alexandria.h5 --output runs/pretrained --objectives masked --epochs 20\n"
    "xxact pretrain --data campaign.h5 --output runs/pretrained --objectives masked --tasks crystal_system\n"
    "xxact pretrain --data mp20.h5 --output runs/robust --objectives masked --artefacts 1 --mask-ratio 0.15\n"
    "xxact train --data mp20.h5 --output runs/tuned --init runs/pretrained --tasks formation_energy_per_atom",
    describe, {}, run, true};

}  // namespace xxact
