#include "model/memory_meter.hpp"

#include <c10/core/Allocator.h>

#include <algorithm>
#include <mutex>

namespace xxact::model {

class MemoryMeter::Reports : public c10::MemoryReportingInfoBase {
 public:
  explicit Reports(c10::DeviceType device) : device_(device) {}

  void reportMemoryUsage(void*, std::int64_t size, std::size_t, std::size_t, c10::Device device) override {
    if (device.type() != device_) return;
    const std::lock_guard lock(mutex_);
    bytes_ += size;
    peak_ = std::max(peak_, bytes_);
  }
  bool memoryProfilingEnabled() const override { return true; }

  std::int64_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  std::int64_t peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
  }

 private:
  c10::DeviceType device_;
  mutable std::mutex mutex_;
  std::int64_t bytes_ = 0, peak_ = 0;
};

MemoryMeter::MemoryMeter(c10::DeviceType device) : reports_(std::make_shared<Reports>(device)), installed_(c10::DebugInfoKind::PROFILER_STATE, reports_) {}

MemoryMeter::~MemoryMeter() = default;

std::int64_t MemoryMeter::bytes() const { return reports_->bytes(); }

std::int64_t MemoryMeter::peak_bytes() const { return reports_->peak(); }

}  // namespace xxact::model
