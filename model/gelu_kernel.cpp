#include "model/gelu_kernel.hpp"

#include <algorithm>

#include "model/host_vector.hpp"

namespace xxact::model {
namespace {

/// erf by Abramowitz and Stegun 7.1.26: erf(z) = 1 - (a1 t + ... + a5 t^5) exp(-z^2), t = 1 / (1 + p z), z >= 0.
XXACT_INLINE void gelu_vector(const Vector& x, Vector& value, Vector& slope) {
  constexpr float kInverseRootTwo = 0.70710678F, kInverseRootTwoPi = 0.39894228F;
  const Vector z = (x < 0.0F ? -x : x) * kInverseRootTwo;
  const Vector t = 1.0F / (z * 0.3275911F + 1.0F);
  const Vector exponent = -z * z;
  Vector decay = exponent;
  exp_in_place(decay);  // exp(-x^2 / 2)
  decay = exponent < -87.0F ? Vector{} : decay;
  Vector tail = t * 1.061405429F - 1.453152027F;
  tail = tail * t + 1.421413741F;
  tail = tail * t - 0.284496736F;
  tail = (tail * t + 0.254829592F) * t * decay * 0.5F;  // 1 - Phi(|x|)
  const Vector phi = x < 0.0F ? tail : 1.0F - tail;
  value = x * phi;
  slope = phi + x * decay * kInverseRootTwoPi;
}

}  // namespace

XXACT_CLONES void gelu_forward(const float* x, float* value, float* slope, std::int64_t count) {
  Vector in, out, derivative;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    load(in, x + i);
    gelu_vector(in, out, derivative);
    store(value + i, out);
    if (slope != nullptr) store(slope + i, derivative);
  }
  if (i == count) return;
  alignas(64) float rest[kLanes] = {};
  std::copy(x + i, x + count, rest);
  load(in, rest);
  gelu_vector(in, out, derivative);
  store(rest, out);
  std::copy(rest, rest + (count - i), value + i);
  if (slope == nullptr) return;
  store(rest, derivative);
  std::copy(rest, rest + (count - i), slope + i);
}

}  // namespace xxact::model
