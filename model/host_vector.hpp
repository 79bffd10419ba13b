// Sixteen floats at a time in portable C++ (GCC and Clang vector types), compiled once for each x86 instruction set.
// Only for the kernels of this folder: everything is inlined into functions marked XXACT_CLONES.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

// One copy for each instruction set, chosen when the program starts. Not where the whole build is already for one that has
// vectors (-march=native): GCC 12 fails on clones below it.
#if defined(__x86_64__) && !defined(__AVX2__)
#define XXACT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define XXACT_CLONES
#endif
#define XXACT_INLINE inline __attribute__((always_inline))

namespace xxact::model {

inline constexpr int kLanes = 16;
using Vector = float __attribute__((vector_size(4 * kLanes)));
using IntVector = std::int32_t __attribute__((vector_size(4 * kLanes)));

XXACT_INLINE void load(Vector& v, const float* p) { std::memcpy(&v, p, sizeof v); }
XXACT_INLINE void store(float* p, const Vector& v) { std::memcpy(p, &v, sizeof v); }

/// a and b mixed by constant indices: 0 ... 15 are lanes of a, 16 ... 31 lanes of b.
template <int... Index>
XXACT_INLINE void shuffle(Vector& out, const Vector& a, const Vector& b, std::integer_sequence<int, Index...>) {
  out = __builtin_shufflevector(a, b, Index...);
}

/// Lane i of the result is lane i xor Step.
template <int Step, int... Lane>
constexpr auto partner_lanes(std::integer_sequence<int, Lane...>) {
  return std::integer_sequence<int, (Lane ^ Step)...>{};
}
using AllLanes = std::make_integer_sequence<int, kLanes>;

template <int Step>
XXACT_INLINE void add_partner(Vector& v) {
  Vector other;
  shuffle(other, v, v, partner_lanes<Step>(AllLanes{}));
  v += other;
}
XXACT_INLINE float sum_of(Vector v) {
  add_partner<8>(v);
  add_partner<4>(v);
  add_partner<2>(v);
  add_partner<1>(v);
  return v[0];
}

template <int Step>
XXACT_INLINE void max_partner(Vector& v) {
  Vector other;
  shuffle(other, v, v, partner_lanes<Step>(AllLanes{}));
  v = other > v ? other : v;
}
XXACT_INLINE float max_of(Vector v) {
  max_partner<8>(v);
  max_partner<4>(v);
  max_partner<2>(v);
  max_partner<1>(v);
  return v[0];
}

/// One stage of the transposition: bit Step of the row index and of the lane index change places.
template <int Step, int... Lane>
XXACT_INLINE void exchange_bits(Vector* rows, std::integer_sequence<int, Lane...>) {
  for (int row = 0; row < kLanes; ++row) {
    if ((row & Step) != 0) continue;
    Vector low, high;
    shuffle(low, rows[row], rows[row + Step], std::integer_sequence<int, ((Lane & Step) != 0 ? kLanes + Lane - Step : Lane)...>{});
    shuffle(high, rows[row], rows[row + Step], std::integer_sequence<int, ((Lane & Step) != 0 ? kLanes + Lane : Lane + Step)...>{});
    rows[row] = low;
    rows[row + Step] = high;
  }
}
/// Transposes 16 x 16 floats in place.
XXACT_INLINE void transpose_block(Vector* rows) {
  exchange_bits<8>(rows, AllLanes{});
  exchange_bits<4>(rows, AllLanes{});
  exchange_bits<2>(rows, AllLanes{});
  exchange_bits<1>(rows, AllLanes{});
}

/// exp of values in [-87, 0]: 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2] (Cephes expf), about 1e-7 relative.
XXACT_INLINE void exp_in_place(Vector& x) {
  x = x < -87.0F ? Vector{} - 87.0F : x;
  const IntVector n = __builtin_convertvector(x * 1.44269504F - 0.5F, IntVector);  // truncation of a negative number
  const Vector whole = __builtin_convertvector(n, Vector);
  const Vector r = x - whole * 0.693359375F + whole * 2.12194440e-4F;
  Vector y = r * 1.9875691500e-4F + 1.3981999507e-3F;
  y = y * r + 8.3334519073e-3F;
  y = y * r + 4.1665795894e-2F;
  y = y * r + 1.6666665459e-1F;
  y = y * r + 5.0000001201e-1F;
  y = y * r * r + r + 1.0F;
  const IntVector power = (n + 127) << 23;
  Vector scale;
  std::memcpy(&scale, &power, sizeof scale);
  x = y * scale;
}

}  // namespace xxact::model
