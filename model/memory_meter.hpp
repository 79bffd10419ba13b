// What tensors take in a scope, as the allocators of CPU and GPU report it to LibTorch's memory profiling: without a link to CUDA.
#pragma once

#include <c10/core/Device.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <memory>

namespace xxact::model {

/// Bytes of tensors on one kind of device while this exists, counted from what there was at its beginning, in this thread and in those that
/// backward runs on for it. Blocks of the CPU that are older than the meter and freed in its time are not noticed. Not here: what libraries
/// take by themselves, and what the allocators hold without using it. Made and destroyed in one thread, meters one within the other.
class MemoryMeter {
 public:
  explicit MemoryMeter(c10::DeviceType device);
  ~MemoryMeter();
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;

  std::int64_t bytes() const;  // now; below 0 if more was freed than taken
  std::int64_t peak_bytes() const;

 private:
  class Reports;
  std::shared_ptr<Reports> reports_;
  c10::DebugInfoGuard installed_;
};

}  // namespace xxact::model
