// A small real training run for tests: the first perovskites, a narrow bimodal model, every random ingredient on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "pipeline/run_config.hpp"
#include "pipeline/trainer.hpp"

namespace xxact::pipeline {

/// data/NAME.csv.gz with the symmetry that it gives, in the test's folder. Collective on the world.
io::Dataset ingested(const std::string& name);

/// The perovskites, ingested once a test program. Collective on the world.
const io::Dataset& training_dataset();

inline constexpr std::uint64_t kMemory = std::uint64_t{1} << 30;  // of the node, for streamed runs

/// Width 32, 8 tokens, dropout, strain and jitter on, energy and band gap.
RunConfig training_case(std::int64_t global_batch, double epochs);

/// Trains into a fresh folder (or resumes) on `comm` and returns the losses in metrics.jsonl. Collective on comm.
std::vector<double> train_losses(const RunConfig& config, const std::filesystem::path& output, comm::Communicator& comm, bool resume = false, std::int64_t stop_after = 0,
                                 std::int64_t trace = 0, const ExecutionOptions& execution = {});

}  // namespace xxact::pipeline
