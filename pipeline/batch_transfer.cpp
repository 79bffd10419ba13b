#include "pipeline/batch_transfer.hpp"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace xxact::pipeline {

struct BatchTransfer::Place {
  DeviceBatch batch;
  std::vector<torch::Tensor> memory;  // behind the batch's tensors, at least as large
  std::optional<c10::Event> copied, used;
};

std::vector<torch::Tensor> DeviceBatch::tensors() const {
  std::vector<torch::Tensor> all;
  const auto add = [&](const torch::Tensor& tensor) {
    if (tensor.defined()) all.push_back(tensor);
  };
  for (const auto& tensor : {input.element, input.fraction, input.pattern, input.sample_key, input.hidden}) add(tensor);
  for (const auto& tensor : targets.value) add(tensor);
  add(targets.hidden_points);
  add(factor);
  return all;
}

BatchTransfer::BatchTransfer(const Device& device, const comm::Communicator& comm, comm::Channel& channel) : device_(device), comm_(comm), channel_(channel) {
  for (auto& place : places_) place = std::make_unique<Place>();
  if (device.is_cuda()) stream_ = c10::impl::VirtualGuardImpl(torch::kCUDA).getStreamFromGlobalPool(device.torch(), /*isHighPriority=*/true);
}
BatchTransfer::~BatchTransfer() = default;

DeviceBatch BatchTransfer::copy(const Batch& batch, Place& place) const {
  std::size_t next = 0;
  const auto bring = [&](const torch::Tensor& host) {
    if (!host.defined()) return host;
    if (next == place.memory.size()) place.memory.emplace_back();
    auto& memory = place.memory[next++];
    if (!memory.defined() || memory.scalar_type() != host.scalar_type() || memory.numel() < host.numel()) {
      memory = torch::empty({host.numel()}, host.options().pinned_memory(false).device(device_.torch()));
      // The allocator may hand out memory that earlier work of the compute stream still uses.
      c10::Event now(torch::kCUDA);
      now.record(device_.compute_stream());
      now.block(*stream_);
    }
    auto there = memory.narrow(0, 0, host.numel()).view(host.sizes());
    const c10::StreamGuard guard(*stream_);
    there.copy_(host, /*non_blocking=*/true);
    return there;
  };
  const auto& [element, fraction, pattern, key, hidden] = batch.input;
  DeviceBatch there;
  there.input = {bring(element), bring(fraction), bring(pattern), bring(key), bring(hidden)};
  for (std::size_t t = 0; t < there.targets.value.size(); ++t) there.targets.value[t] = bring(batch.targets.value[t]);
  there.targets.hidden_points = bring(batch.targets.hidden_points);
  there.factor = bring(batch.loss_factor);
  return there;
}

const DeviceBatch& BatchTransfer::bring(const Batch& batch) {
  current_ = 1 - current_;
  auto& place = *places_[current_];
  if (!stream_) {
    place.batch = {batch.input, batch.targets, batch.loss_factor};
    return place.batch;
  }
  if (place.used) place.used->block(*stream_);
  place.batch = copy(batch, place);
  place.copied.emplace(torch::kCUDA);
  place.copied->record(*stream_);
  place.copied->block(device_.compute_stream());
  return place.batch;
}

void BatchTransfer::used() {
  if (!stream_) return;
  auto& place = *places_[current_];
  place.used.emplace(torch::kCUDA);
  place.used->record(device_.compute_stream());
}

void BatchTransfer::wait_until_read() {
  auto& place = *places_[current_];
  if (place.copied) wait_for(*place.copied, comm_, channel_, "a batch on its way to the device");
}

}  // namespace xxact::pipeline
