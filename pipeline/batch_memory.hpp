// What a forward and backward pass takes in memory, measured on the device with the model itself.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "model/flat_parameters.hpp"
#include "model/xxact_model.hpp"
#include "pipeline/micro_batch.hpp"
#include "pipeline/run_config.hpp"

namespace xxact::pipeline {

/// Measures passes of a model on made-up samples. Weights and the state of random numbers are left as they are.
class BatchMemoryProbe {
 public:
  /// `elements` of each sample; the flat buffers are the net's. References must outlive it.
  BatchMemoryProbe(model::XxactModel& net, model::FlatParameters& flat, const RunConfig& config, const torch::Device& device, std::int64_t elements);

  /// The most that tensors took during a pass of `samples`, its input on the device among them. The gradient is zero afterwards.
  double peak_bytes(std::int64_t samples, bool recompute);

 private:
  void pass(std::int64_t samples);

  model::XxactModel& net_;
  model::FlatParameters& flat_;
  const RunConfig& config_;
  torch::Device device_;
  std::int64_t elements_;
};

}  // namespace xxact::pipeline
