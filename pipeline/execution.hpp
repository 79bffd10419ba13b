// How the ranks of a run do their shares of a batch: in micro-batches that fit their memory (docs/training.md, "Memory"). A property of
// machine and ranks, not of the run: results are the same within the order of sums.
#pragma once

#include <cstdint>
#include <filesystem>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/device.hpp"
#include "pipeline/micro_batch.hpp"
#include "pipeline/training_data.hpp"
#include "pipeline/training_state.hpp"

namespace xxact::pipeline {

/// Of the memory that a host has available when training begins. The rest is for reading data, validation, MPI and the file cache.
inline constexpr double kHostShare = 0.6;
/// Of a GPU's free memory. The rest is for validation, sums of gradients, workspaces, and gaps between blocks.
inline constexpr double kDeviceShare = 0.85;

struct ExecutionOptions {
  Recompute recompute = Recompute::automatic;
  double node_memory = 0;    // bytes of a node that may be used; 0: all that are available
  double device_memory = 0;  // bytes of a pretended device instead of this one's; 0: none
  bool recorded = false;     // passes may be recorded (training_step.hpp): a recording keeps its memory beside that of passes launched singly
};

struct Execution {
  MicroBatch batch;
  double available_bytes = 0;  // of a rank to passes; 0: not asked
  bool recorded = false;       // of an earlier part of the run
};

/// Measures what passes of the model take and chooses: the largest micro-batch that fits, or config's own. The same on all ranks. `ranks`
/// share the global batch; those of `comm` measure. ConfigError when not one sample fits. Collective on comm.
Execution choose_execution(TrainingState& state, const DatasetFacts& facts, const RunConfig& config, const Device& device, const ExecutionOptions& options, const comm::Communicator& comm, int ranks);

/// That of the run in `folder`, recorded in its execution.json by number of ranks and kind of device: what is free when a run is resumed must
/// not change its sums. Chosen if there is no such record, `resume` is false, or the options ask for something else. Collective on comm.
Execution execution_of_run(const std::filesystem::path& folder, bool resume, TrainingState& state, const DatasetFacts& facts, const RunConfig& config, const Device& device,
                           const ExecutionOptions& options, const comm::Communicator& comm);

}  // namespace xxact::pipeline
