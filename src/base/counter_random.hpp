// Counter-based random numbers (Philox 4x32-10, Salmon et al., SC 2011, doi:10.1145/2063384.2063405):
// a value is a pure function of (seed, epoch, sample, purpose, index), so neither ranks, threads nor restarts change it.
#pragma once

#include <Random123/philox.h>

#include <cstdint>

namespace xxact {

/// What a stream of random numbers is for; different purposes never share values.
/// The simulated artefacts of a measurement have one each, first_artefact + index (pipeline/xrd/artefacts.hpp).
enum class Purpose : std::uint32_t { sample_order = 1, strain = 2, fraction_jitter = 3, dropout = 4, mask = 5, weights = 6, bootstrap = 7, subset = 8, block_order = 9, merge_phase = 10, synthesis = 11, absent_input = 12, partner = 13, first_artefact = 64 };

class CounterRandom {
 public:
  CounterRandom(std::uint64_t seed, Purpose purpose, std::uint64_t epoch, std::uint64_t sample)
      : key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32) ^ (static_cast<std::uint32_t>(purpose) * 0x9E3779B9U)}},
        counter_{{0, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(sample >> 32)}} {}

  std::uint32_t next_u32() {
    if (used_ == 4) {
      block_ = r123::Philox4x32()(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }
  std::uint64_t next_u64() {
    const std::uint64_t high = next_u32();
    return high << 32 | next_u32();
  }
  /// Uniform in [0, 1), 24 bits.
  float uniform() { return static_cast<float>(next_u32() >> 8) * 0x1p-24F; }
  /// Standard normal (Box-Muller).
  float normal();

 private:
  r123::Philox4x32::key_type key_;
  r123::Philox4x32::ctr_type counter_;
  r123::Philox4x32::ctr_type block_{};
  unsigned used_ = 4;
};

}  // namespace xxact
