// Permutations of 0 .. size - 1 that are computed, not stored: item of a position and position of an item, each from a key.
// From kSmallest items on a Feistel network over Z_a x Z_b with a b just above the size, and cycle walking (Black and Rogaway,
// CT-RSA 2002, doi:10.1007/3-540-45760-7_9); below, where few random numbers would not make a shuffle of it, the swap-or-not
// shuffle (Hoang, Morris and Rogaway, CRYPTO 2012, doi:10.1007/978-3-642-32009-5_1), which holds for any size.
// The round function is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, doi:10.1145/2660193.2660195).
// Not cryptography: whoever sees enough of an order may find its key.
#pragma once

#include <cstdint>

#include "src/base/counter_random.hpp"

namespace xxact::sampling {

/// What one permutation is drawn by; equal numbers give the same key everywhere.
struct ShuffleKey {
  std::uint64_t start = 0, step = 1;
};
ShuffleKey shuffle_key(std::uint64_t seed, Purpose purpose, std::uint64_t epoch, std::uint64_t stream);

class Shuffle {
 public:
  static constexpr std::int64_t kSmallest = 4096;
  static constexpr std::int64_t kLargest = std::int64_t{1} << 60;

  /// 1 <= size <= kLargest, else ConfigError.
  explicit Shuffle(std::int64_t size);
  std::int64_t size() const { return size_; }

  /// Both for 0 <= argument < size, which is not checked.
  std::int64_t item_at(const ShuffleKey& key, std::int64_t position) const;
  std::int64_t position_of(const ShuffleKey& key, std::int64_t item) const;

 private:
  std::uint64_t forward(const ShuffleKey& key, std::uint64_t value) const;
  std::uint64_t backward(const ShuffleKey& key, std::uint64_t value) const;

  std::int64_t size_;
  std::uint64_t high_, low_;  // the network works on value = high part * low_ + low part, high part < high_
};

}  // namespace xxact::sampling
