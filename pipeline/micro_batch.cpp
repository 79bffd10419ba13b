#include "pipeline/micro_batch.hpp"

#include <algorithm>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kLargestTrial = 64;  // samples
constexpr double kTrialBytes = 256 << 20;   // enough for activations to outweigh copies of weights, soon done on a CPU
constexpr std::int64_t kFreeSizes = 16;     // larger ones are multiples of kMultiple
constexpr std::int64_t kMultiple = 8;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

BatchMemory line_through(std::int64_t a, double bytes_a, std::int64_t b, double bytes_b) {
  BatchMemory line;
  line.sample_bytes = std::max(0.0, (bytes_b - bytes_a) / static_cast<double>(b - a));
  line.fixed_bytes = std::max(0.0, bytes_b - line.sample_bytes * static_cast<double>(b));
  return line;
}

std::int64_t balanced_size(const BatchMemory& memory, const MicroBatchRequest& request) {
  auto most = memory.fitting(request.available_bytes);
  if (most == 0)
    throw ConfigError("not one sample fits: a forward and backward pass takes {:.1f} MiB and {:.1f} MiB a sample, {:.1f} MiB are available to each rank; use a smaller model, or fewer ranks a node",
                      memory.fixed_bytes / 0x1p20, memory.sample_bytes / 0x1p20, request.available_bytes / 0x1p20);
  if (request.most > 0) most = std::min(most, request.most);
  if (most >= request.share) return std::max<std::int64_t>(request.share, 1);
  if (most > kFreeSizes) most -= most % kMultiple;
  const auto size = divide_up(request.share, divide_up(request.share, most));
  return size > kFreeSizes ? divide_up(size, kMultiple) * kMultiple : size;
}

}  // namespace

Recompute parse_recompute(const std::string& name) {
  if (name == "auto") return Recompute::automatic;
  if (name == "on") return Recompute::on;
  if (name == "off") return Recompute::off;
  throw ConfigError("--recompute '{}' is not one of auto, on, off", name);
}

std::int64_t BatchMemory::fitting(double available) const {
  if (bytes(1) > available) return 0;
  constexpr double kMany = 1 << 30;
  return static_cast<std::int64_t>(sample_bytes > 0 ? std::min(kMany, std::floor((available - fixed_bytes) / sample_bytes)) : kMany);
}

BatchMemory fit_batch_memory(const std::function<double(std::int64_t)>& peak_bytes, std::int64_t share, double available) {
  std::int64_t size = 4;
  double peak = peak_bytes(size);
  auto line = line_through(2, peak_bytes(2), size, peak);
  while (2 * size <= std::min(share, kLargestTrial) && line.bytes(2 * size) <= std::min(available, kTrialBytes)) {
    const double before = peak;
    peak = peak_bytes(2 * size);
    line = line_through(size, before, 2 * size, peak);
    size *= 2;
  }
  return line;
}

MicroBatch plan_micro_batch(const std::function<BatchMemory(bool)>& memory, const MicroBatchRequest& request) {
  MicroBatch plan;
  plan.recompute = request.recompute == Recompute::on;
  plan.memory = memory(plan.recompute);
  const auto wanted = std::min(request.given > 0 ? request.given : kFewestSamples, request.share);
  if (request.recompute == Recompute::automatic && plan.memory.fitting(request.available_bytes) < wanted) {
    plan.recompute = true;
    plan.memory = memory(true);
  }
  plan.samples = request.given > 0 ? request.given : balanced_size(plan.memory, request);
  return plan;
}

}  // namespace xxact::pipeline
