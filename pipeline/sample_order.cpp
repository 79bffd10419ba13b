#include "pipeline/sample_order.hpp"

#include <bit>

#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr int kRounds = 8;

/// One pass of a balanced Feistel network with Philox as its round function: a permutation of [0, 4^half_bits).
std::uint64_t feistel(std::uint64_t value, std::uint64_t seed, std::int64_t epoch, int half_bits) {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
  std::uint64_t left = value >> half_bits, right = value & mask;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t block = static_cast<std::uint64_t>(round) << 40 | right;
    CounterRandom random(seed, Purpose::sample_order, static_cast<std::uint64_t>(epoch), block);
    const std::uint64_t next = left ^ (random.next_u64() & mask);
    left = right;
    right = next;
  }
  return left << half_bits | right;
}

}  // namespace

SampleOrder::SampleOrder(std::uint64_t seed, std::int64_t samples) : seed_(seed), samples_(samples) {
  if (samples < 1) throw ConfigError("there are no training samples: no row of the training split has the labels and inputs that the model needs");
  const int bits = std::bit_width(static_cast<std::uint64_t>(samples - 1));
  half_bits_ = std::max(1, (bits + 1) / 2);
}

StreamPosition SampleOrder::at(std::int64_t position) const {
  const std::int64_t epoch = position / samples_;
  auto value = static_cast<std::uint64_t>(position % samples_);
  // Cycle walking: apply the permutation until it falls into the domain; at most 4 times on average.
  do {
    value = feistel(value, seed_, epoch, half_bits_);
  } while (value >= static_cast<std::uint64_t>(samples_));
  return {epoch, static_cast<std::int64_t>(value)};
}

}  // namespace xxact::pipeline
