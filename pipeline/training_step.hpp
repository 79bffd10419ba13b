// One optimiser step after the other, as work for the device: forward, backward, sums over ranks, update. The host enqueues a step without
// waiting for anything in it, and reads its verdict later; on a CPU the work is done when a call returns.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <tuple>

#include "pipeline/batch_transfer.hpp"
#include "pipeline/gradient_reducer.hpp"
#include "pipeline/trace.hpp"
#include "pipeline/training_state.hpp"

namespace xxact::pipeline {

/// Whether the kernels of a step are recorded and launched together (CUDA graphs): automatic falls back to single launches with a warning.
enum class Graphs { automatic, off, on };
/// "auto", "off" or "on"; ConfigError otherwise.
Graphs parse_graphs(const std::string& name);

class TrainingStep {
 public:
  /// References must outlive it. ConfigError for graphs = on without a GPU.
  TrainingStep(TrainingState& state, GradientReducer& reducer, comm::Channel& channel, const comm::Communicator& comm, const RunConfig& config, const Device& device,
               Graphs graphs, Trace& trace);
  ~TrainingStep();

  /// Gradients and loss to zero.
  void begin();
  /// Forward and backward of a micro-batch; behind the last one of this rank, sums over ranks. The batch may be built anew afterwards.
  void add(const Batch& batch, bool last);
  /// For a rank without samples in this step, in place of add(): takes part in the sums.
  void add_nothing();
  /// Ends the step: clips, asks the guard, updates weights and averages, on all ranks alike.
  void end(double learning_rate);

  /// Steps that were ended and whose verdicts were not taken.
  std::int64_t pending() const { return std::ssize(pending_); }
  /// Of the oldest such step; waits until it is computed.
  StepGuard::Verdict take_verdict();

 private:
  struct Captured;
  void compute(const DeviceBatch& batch, bool last);
  void backward(const torch::Tensor& total, bool last);
  void hold(const DeviceBatch& batch, const std::vector<std::int64_t>& formula, bool last);
  void compute_held();
  void compute_recorded(const DeviceBatch& batch, bool last);
  void update();
  void replay_or_run(Captured& captured, const std::function<void()>& work);

  TrainingState& state_;
  GradientReducer& reducer_;
  comm::Channel& channel_;
  const comm::Communicator& comm_;
  const RunConfig& config_;
  const Device& device_;
  Graphs graphs_;
  Trace& trace_;
  model::Precision precision_;
  BatchTransfer transfer_;
  torch::Tensor loss_, learning_rate_;  // [] float32
  torch::Tensor verdict_;               // [StepGuard::kVerdictSize] float64
  // Micro-batches of the step so far, and their formulas: pairs are compared over the whole batch, so nothing is done before the last one is there.
  std::vector<DeviceBatch> held_;
  std::vector<std::int64_t> held_formula_;
  using Key = std::tuple<std::vector<std::vector<std::int64_t>>, bool>;  // shapes of the batch, and whether it is the last of a step
  std::map<Key, std::unique_ptr<Captured>> passes_;
  std::unique_ptr<Captured> update_;
  struct Pending {
    torch::Tensor host;                  // the verdict, pinned where it comes from a GPU
    std::shared_ptr<c10::Event> copied;  // null on CPUs
  };
  std::deque<Pending> pending_;
  std::vector<torch::Tensor> spare_;     // host memory of verdicts that were taken
};

}  // namespace xxact::pipeline
