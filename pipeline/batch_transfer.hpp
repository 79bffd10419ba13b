// Brings batches to the device. On a GPU on a stream of its own, from pinned memory into one of two places, so that a batch travels while
// the one before it is computed; on a CPU they are where they belong.
#pragma once

#include <array>
#include <memory>

#include "pipeline/batch_builder.hpp"
#include "pipeline/device.hpp"

namespace xxact::pipeline {

/// A batch as the model and its objective take it, on their device.
struct DeviceBatch {
  model::ModelInput input;
  model::Targets targets;
  torch::Tensor factor;  // [model::kFactors], see loss_factors()

  /// Its defined tensors, in one order.
  std::vector<torch::Tensor> tensors() const;
};

class BatchTransfer {
 public:
  /// References must outlive it.
  BatchTransfer(const Device& device, const comm::Communicator& comm, comm::Channel& channel);
  ~BatchTransfer();

  /// Begins to copy; what is enqueued on the compute stream from now on finds the batch complete. Valid until the call after the next one.
  const DeviceBatch& bring(const Batch& batch);
  /// All work that reads the batch brought last is enqueued.
  void used();
  /// Returns when the host's memory of the batch brought last may be written again.
  void wait_until_read();

 private:
  struct Place;
  DeviceBatch copy(const Batch& batch, Place& place) const;

  const Device& device_;
  const comm::Communicator& comm_;
  comm::Channel& channel_;
  std::array<std::unique_ptr<Place>, 2> places_;
  std::size_t current_ = 0;
  std::optional<c10::Stream> stream_;  // GPUs only
};

}  // namespace xxact::pipeline
