#include "pipeline/micro_batch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kLargestTrial = 64;   // samples
constexpr double kStraight = 0.02;           // relative difference of two slopes
constexpr std::int64_t kFreeSizes = 16;      // larger ones are multiples of kMultiple
constexpr std::int64_t kMultiple = 8;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

BatchMemory line_through(std::int64_t a, double bytes_a, std::int64_t b, double bytes_b) {
  BatchMemory line;
  line.sample_bytes = std::max(0.0, (bytes_b - bytes_a) / static_cast<double>(b - a));
  line.fixed_bytes = std::max(0.0, bytes_b - line.sample_bytes * static_cast<double>(b));
  return line;
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
  while (2 * size <= std::min(share, kLargestTrial) && line.bytes(2 * size) <= available) {
    const double before = peak, slope = line.sample_bytes;
    peak = peak_bytes(2 * size);
    line = line_through(size, before, 2 * size, peak);
    size *= 2;
    if (std::abs(line.sample_bytes - slope) <= kStraight * line.sample_bytes) break;
  }
  return line;
}

bool needs_recompute(const BatchMemory& kept, const MicroBatchLimits& limits) { return kept.fitting(limits.available_bytes) < std::min(kFewestSamples, limits.share); }

std::int64_t balanced_micro_batch(const BatchMemory& memory, const MicroBatchLimits& limits) {
  auto most = memory.fitting(limits.available_bytes);
  if (most == 0)
    throw ConfigError("not one sample fits: a forward and backward pass takes {:.1f} MiB and {:.1f} MiB a sample, {:.1f} MiB are available to each rank; use a smaller model, or fewer ranks a node",
                      memory.fixed_bytes / 0x1p20, memory.sample_bytes / 0x1p20, limits.available_bytes / 0x1p20);
  if (limits.most > 0) most = std::min(most, limits.most);
  if (most >= limits.share) return std::max<std::int64_t>(limits.share, 1);
  if (most > kFreeSizes) most -= most % kMultiple;
  const auto size = divide_up(limits.share, divide_up(limits.share, most));
  return size > kFreeSizes ? divide_up(size, kMultiple) * kMultiple : size;
}

}  // namespace xxact::pipeline
