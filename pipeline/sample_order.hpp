// The order of training samples: a pure function of (seed, epoch, position), independent of ranks and micro-batches, with
// no permutation stored. The stream of positions crosses epoch ends and drops nothing; its state is one integer.
#pragma once

#include <cstdint>

namespace xxact::pipeline {

/// Where a position of the endless stream falls.
struct StreamPosition {
  std::int64_t epoch = 0;
  std::int64_t sample = 0;  // index into the training rows, 0 .. samples - 1
};

class SampleOrder {
 public:
  /// `samples` >= 1, else ConfigError.
  SampleOrder(std::uint64_t seed, std::int64_t samples);
  std::int64_t samples() const { return samples_; }
  /// The sample at a position >= 0 of the stream. Every epoch visits every sample once.
  StreamPosition at(std::int64_t position) const;

 private:
  std::uint64_t seed_;
  std::int64_t samples_;
  int half_bits_;  // the Feistel network permutes numbers of 2 * half_bits_ bits
};

}  // namespace xxact::pipeline
