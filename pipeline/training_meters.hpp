// How fast a training runs and what it takes of the machine, since this process began to train.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/device.hpp"
#include "pipeline/training_plan.hpp"

namespace xxact::pipeline {

class TrainingMeters {
 public:
  /// Time counts from here. `operations` to train with a sample; `peak_operations` of a rank's device a second, 0: not known. References must
  /// outlive it.
  TrainingMeters(const TrainingPlan& plan, const Device& device, const comm::Communicator& comm, double operations, double peak_operations);

  /// The steps before this one were made by an earlier process.
  void begin_at(std::int64_t step) { first_step_ = step; }
  std::int64_t first_step() const { return first_step_; }
  double seconds() const;
  /// Processor time of all ranks. Collective on comm.
  double core_seconds() const;
  /// "samples_per_s", "tflop_per_s" and, where the peak is known, "mfu" up to `step`.
  nlohmann::json rates(std::int64_t step) const;
  /// "memory_bytes" and, on GPUs, "device_memory_bytes": the greatest of the ranks. Collective on comm.
  nlohmann::json memory() const;
  /// Of all ranks, a second; 0: not known.
  double peak_operations() const { return peak_operations_ * comm_.size(); }

 private:
  const TrainingPlan& plan_;
  const Device& device_;
  const comm::Communicator& comm_;
  double operations_, peak_operations_;
  std::int64_t first_step_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double processor_start_;
};

}  // namespace xxact::pipeline
