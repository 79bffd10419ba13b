// The order of training samples: a pure function of (seed, epoch, position), independent of ranks and micro-batches, with
// no permutation stored. The stream of positions crosses epoch ends and drops nothing; its state is one integer.
// docs/sampling.md has the contract and the statistics.
#pragma once

#include <cstdint>

#include "pipeline/sampling/shuffle.hpp"

namespace xxact::sampling {

/// Where a position of the endless stream falls.
struct StreamPosition {
  std::int64_t epoch = 0;
  std::int64_t sample = 0;  // index into the training rows, 0 .. samples - 1
};

class SampleOrder {
 public:
  /// `samples` >= 1, else ConfigError.
  SampleOrder(std::uint64_t seed, std::int64_t samples);
  std::int64_t samples() const { return shuffle_.size(); }
  /// The sample at a position >= 0 of the stream. Every epoch visits every sample once.
  StreamPosition at(std::int64_t position) const;
  /// Where the stream visits a sample in an epoch.
  std::int64_t position_of(const StreamPosition& visit) const;

 private:
  ShuffleKey key_of(std::int64_t epoch) const;

  std::uint64_t seed_;
  Shuffle shuffle_;
};

}  // namespace xxact::sampling
