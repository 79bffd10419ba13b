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

/// The line that peak memory follows towards `share` samples: through the last two of batches of 2, 4, 8, ... samples that `peak_bytes`
/// measures. In small batches what depends on weights alone may be the peak, so trials go up to 64 samples or 256 MiB, whichever comes
/// first; larger ones than the share or `available` bytes allow are not tried, but two always are.
BatchMemory fit_batch_memory(const std::function<double(std::int64_t)>& peak_bytes, std::int64_t share, double available);

/// More samples at once gain nothing on a CPU.
inline constexpr std::int64_t kMostSamplesOnHost = 1024;
/// Fewer samples at once than these leave a device idle for longer than it takes to compute activations twice.
inline constexpr std::int64_t kFewestSamples = 32;

struct MicroBatchRequest {
  double available_bytes = 0;  // of a rank
  std::int64_t share = 1;      // of the global batch, the largest of a rank
  std::int64_t most = 0;       // samples at once, whatever memory there is; 0: any number
  std::int64_t given = 0;      // samples at once that the user wants; 0: none
  Recompute recompute = Recompute::automatic;
};

struct MicroBatch {
  std::int64_t samples = 1;
  bool recompute = false;
  BatchMemory memory;  // of its passes
};

/// The share in the fewest passes that fit, of equal size; sizes above 16 that are not the whole share are multiples of 8. A given size is
/// taken as it is. Automatic recomputation is chosen when the given size, or else kFewestSamples or the share, do not fit without.
/// `memory` tells what passes with (true) and without recomputation take; it is asked no more than it must be. ConfigError with the
/// figures when not one sample fits.
MicroBatch plan_micro_batch(const std::function<BatchMemory(bool)>& memory, const MicroBatchRequest& request);

}  // namespace xxact::pipeline
