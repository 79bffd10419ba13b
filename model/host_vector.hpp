// Sixteen floats at a time in portable C++ (GCC and Clang vector types), compiled once for each x86 instruction set.
// Only for the kernels of this folder: everything is inlined into functions marked XXACT_CLONES.
#pragma once

#include <cstdint>
#include <cstring>

// One copy for each instruction set, chosen when the program starts.
#if defined(__x86_64__)
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

XXACT_INLINE float sum_of(const Vector& v) {
  float sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += v[i];
  return sum;
}

XXACT_INLINE float max_of(const Vector& v) {
  float most = v[0];
  for (int i = 1; i < kLanes; ++i) most = v[i] > most ? v[i] : most;
  return most;
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
