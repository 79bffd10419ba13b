#include "pipeline/sampling/shuffle.hpp"

#include <algorithm>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::sampling {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kFeistelRounds = 8;
// The second largest eigenvalue of a round, over all permutations, is 0.625 at worst (4 items; 0.5 of 2 and 3, 0.6 of 5): after
// 32 rounds the distance in total variation from a fair shuffle is 2e-7.
constexpr int kSwapRounds = 32;
constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

/// The highest bit depends on all of z: half of the work of mix is enough for one bit.
bool coin(std::uint64_t z) { return (z ^ z >> 32) * 0xBF58476D1CE4E5B9 >> 63 != 0; }

/// Uniform in [0, end) from 64 random bits.
std::uint64_t below(std::uint64_t end, std::uint64_t bits) { return static_cast<std::uint64_t>(Wide{bits} * end >> 64); }

std::uint64_t add(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) { return a + b >= modulus ? a + b - modulus : a + b; }
std::uint64_t subtract(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) { return a >= b ? a - b : a + modulus - b; }

std::uint64_t round_bits(const ShuffleKey& key, int round, std::uint64_t value) { return mix(value * kGolden + key.start + static_cast<std::uint64_t>(round) * key.step); }

/// Swaps value with its partner of this round, or not: both partners see the same coin, so the round is its own inverse.
std::uint64_t swap_or_not(const ShuffleKey& key, int round, std::uint64_t size, std::uint64_t value) {
  const std::uint64_t bits = mix(key.start + static_cast<std::uint64_t>(round) * key.step);
  const std::uint64_t partner = subtract(below(size, bits), value, size);
  return coin(bits + std::max(value, partner) * kGolden) ? partner : value;
}

}  // namespace

ShuffleKey shuffle_key(std::uint64_t seed, Purpose purpose, std::uint64_t epoch, std::uint64_t stream) {
  CounterRandom random(seed, purpose, epoch, stream);
  const std::uint64_t start = random.next_u64();
  return {start, random.next_u64() | 1};
}

Shuffle::Shuffle(std::int64_t size) : size_(size) {
  if (size < 1 || size > kLargest) throw ConfigError("an order of {} samples: give 1 to {}", size, kLargest);
  high_ = static_cast<std::uint64_t>(std::ceil(std::sqrt(static_cast<double>(size))));
  low_ = (static_cast<std::uint64_t>(size) + high_ - 1) / high_;
}

std::uint64_t Shuffle::forward(const ShuffleKey& key, std::uint64_t value) const {
  std::uint64_t high = value / low_, low = value % low_;
  for (int round = 0; round < kFeistelRounds; round += 2) {
    high = add(high, below(high_, round_bits(key, round, low)), high_);
    low = add(low, below(low_, round_bits(key, round + 1, high)), low_);
  }
  return high * low_ + low;
}

std::uint64_t Shuffle::backward(const ShuffleKey& key, std::uint64_t value) const {
  std::uint64_t high = value / low_, low = value % low_;
  for (int round = kFeistelRounds - 2; round >= 0; round -= 2) {
    low = subtract(low, below(low_, round_bits(key, round + 1, high)), low_);
    high = subtract(high, below(high_, round_bits(key, round, low)), high_);
  }
  return high * low_ + low;
}

std::int64_t Shuffle::item_at(const ShuffleKey& key, std::int64_t position) const {
  const auto size = static_cast<std::uint64_t>(size_);
  auto value = static_cast<std::uint64_t>(position);
  if (size_ < kSmallest) {
    for (int round = 0; round < kSwapRounds; ++round) value = swap_or_not(key, round, size, value);
  } else {
    // Cycle walking: again until it falls into the domain. Less than one value in 64 lies outside of it.
    do value = forward(key, value);
    while (value >= size);
  }
  return static_cast<std::int64_t>(value);
}

std::int64_t Shuffle::position_of(const ShuffleKey& key, std::int64_t item) const {
  const auto size = static_cast<std::uint64_t>(size_);
  auto value = static_cast<std::uint64_t>(item);
  if (size_ < kSmallest) {
    for (int round = kSwapRounds - 1; round >= 0; --round) value = swap_or_not(key, round, size, value);
  } else {
    do value = backward(key, value);
    while (value >= size);
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace xxact::sampling
