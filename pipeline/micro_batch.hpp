// How many samples a forward pass takes: as many as memory holds. Pure functions of what was measured (pipeline/batch_memory.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace xxact::pipeline {

/// Whether transformer layers compute their activations again in backward instead of keeping them. The results are the same.
enum class Recompute { automatic, on, off };
/// "auto", "on" or "off"; ConfigError otherwise.
Recompute parse_recompute(const std::string& name);

/// Of a forward and backward pass, beside weights, gradients and optimiser.
struct BatchMemory {
  double fixed_bytes = 0, sample_bytes = 0;

  double bytes(std::int64_t samples) const { return fixed_bytes + sample_bytes * static_cast<double>(samples); }
  /// The largest batch that `available` bytes hold; 0 if not one sample fits.
  std::int64_t fitting(double available) const;
};

/// The line that peak memory follows towards `share` samples. `peak_bytes` measures a batch; it is asked for 2, 4, 8, ... samples until the
/// line is straight: in small batches what depends on weights alone may be the peak. Larger ones than the share or `available` bytes
/// allow are not tried, but two always are.
BatchMemory fit_batch_memory(const std::function<double(std::int64_t)>& peak_bytes, std::int64_t share, double available);

/// More samples at once gain nothing on a CPU.
inline constexpr std::int64_t kMostSamplesOnHost = 1024;
/// Fewer samples at once than these leave a device idle for longer than it takes to compute activations twice.
inline constexpr std::int64_t kFewestSamples = 32;

struct MicroBatchLimits {
  double available_bytes = 0;  // of a rank
  std::int64_t share = 1;      // of the global batch, the largest of a rank
  std::int64_t most = 0;       // samples at once, whatever memory there is; 0: any number
};

struct MicroBatch {
  std::int64_t samples = 1;
  bool recompute = false;
};

/// Whether `automatic` recomputes: fewer than kFewestSamples, and less than the share, fit without.
bool needs_recompute(const BatchMemory& kept, const MicroBatchLimits& limits);

/// The share in the fewest passes that fit, of equal size; sizes above 16 that are not the whole share are multiples of 8. `memory` is that
/// of passes with or without recomputation, as they will be. ConfigError with the figures when not one sample fits.
std::int64_t balanced_micro_batch(const BatchMemory& memory, const MicroBatchLimits& limits);

}  // namespace xxact::pipeline
