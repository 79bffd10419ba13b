// Blocks of numbers that the compiler keeps in vector registers, and elementary functions on them without branches or
// tables. Only kernels.cpp, damped_phases.cpp and peak_kernels.cpp include this.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace xxact::xrd {

// Functions of the kernels are compiled for several instruction sets and one is chosen when the program starts.
// Sanitizers instrument the function that picks the clone, which runs before their own start.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define XXACT_CLONES [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define XXACT_CLONES
#endif

#define XXACT_INLINE [[gnu::always_inline]] inline

inline constexpr std::size_t kBlockLanes = 8;

template <class Real>
struct BlockOf;
template <>
struct BlockOf<float> {
  typedef float type __attribute__((vector_size(kBlockLanes * 4)));
  typedef std::uint32_t bits __attribute__((vector_size(kBlockLanes * 4)));
};
template <>
struct BlockOf<double> {
  typedef double type __attribute__((vector_size(kBlockLanes * 8)));
  typedef std::uint64_t bits __attribute__((vector_size(kBlockLanes * 8)));
};
template <class Real>
using Block = typename BlockOf<Real>::type;

template <class Real>
XXACT_INLINE Block<Real> load(const Real* from) {
  Block<Real> block;
  std::memcpy(&block, from, sizeof block);
  return block;
}

template <class Real>
XXACT_INLINE void store(Real* to, const Block<Real>& block) {
  std::memcpy(to, &block, sizeof block);
}

template <class Real>
XXACT_INLINE Block<Real> reversed(const Block<Real>& block) {
  return __builtin_shufflevector(block, block, 7, 6, 5, 4, 3, 2, 1, 0);
}

/// exp(x) for x <= 0; below -87 (float) or -700 (double) it is exp of that. Relative error below 3e-7 and 2e-15:
/// x = n ln 2 + r, |r| <= ln 2 / 2, Taylor's series of exp(r). Adding 1.5 * 2^mantissa bits leaves n in the lowest bits.
template <class Real>
XXACT_INLINE Block<Real> exp_nonpositive(Block<Real> x) {
  constexpr bool single = sizeof(Real) == 4;
  using Bits = typename BlockOf<Real>::bits;
  constexpr int mantissa = single ? 23 : 52;
  constexpr unsigned bias = single ? 127 : 1023;
  constexpr Real magic = single ? Real(0x1.8p23) : Real(0x1.8p52);
  constexpr Real ln2_high = single ? Real(0x1.62e4p-1) : Real(0x1.62e42fefa38p-1);
  constexpr Real ln2_low = single ? Real(0x1.7f7d1cp-20) : Real(0x1.ef35793c7673p-45);
  constexpr Real lowest = single ? Real(-87) : Real(-700);
  x = x < lowest ? Block<Real>{} + lowest : x;
  const Block<Real> shifted = x * Real(1.44269504088896340736) + magic;
  const Block<Real> n = shifted - magic;
  const Block<Real> r = (x - n * ln2_high) - n * ln2_low;
  Block<Real> p;
  if constexpr (single) {
    p = Block<Real>{} + Real(1.0 / 5040);
  } else {
    p = r * Real(1.0 / 6227020800) + Real(1.0 / 479001600);
    p = p * r + Real(1.0 / 39916800);
    p = p * r + Real(1.0 / 3628800);
    p = p * r + Real(1.0 / 362880);
    p = p * r + Real(1.0 / 40320);
    p = p * r + Real(1.0 / 5040);
  }
  p = p * r + Real(1.0 / 720);
  p = p * r + Real(1.0 / 120);
  p = p * r + Real(1.0 / 24);
  p = p * r + Real(1.0 / 6);
  p = p * r + Real(0.5);
  p = p * r + Real(1);
  p = p * r + Real(1);
  const Bits power = ((Bits)shifted + bias) << mantissa;
  return p * (Block<Real>)power;
}

/// The angle in [0, pi/2] whose sine and cosine these are, error below 1e-10: arcsin(x) = x P(x^2) of the smaller one,
/// P of degree 10, a Chebyshev fit on x^2 in [0, 0.5].
XXACT_INLINE double angle_of(double sine, double cosine) {
  const bool flat = sine <= cosine;
  const double x = flat ? sine : cosine;
  const double y = x * x;
  double p = 0.17220665216445918;
  p = p * y - 0.2841540502384304;
  p = p * y + 0.2547123380121774;
  p = p * y - 0.10158687507209825;
  p = p * y + 0.051250622476095464;
  p = p * y + 0.01613461170792333;
  p = p * y + 0.031086632557958894;
  p = p * y + 0.044596901475122755;
  p = p * y + 0.07500152529968905;
  p = p * y + 0.16666664703427003;
  p = p * y + 1.0000000000415854;
  const double angle = x * p;
  return flat ? angle : 1.57079632679489661923 - angle;
}

/// The same from the squares, error below 1e-15: arcsin(x) = x P(x^2), P of degree 20.
XXACT_INLINE double exact_angle_of(double sine_squared, double cosine_squared) {
  const bool flat = sine_squared <= cosine_squared;
  const double y = flat ? sine_squared : cosine_squared;
  double p = 1.4326072705765098;
  p = p * y - 6.008042872156452;
  p = p * y + 11.99054929620933;
  p = p * y - 14.884387574231052;
  p = p * y + 12.830658050319302;
  p = p * y - 8.097162378402428;
  p = p * y + 3.878312067627145;
  p = p * y - 1.4218180318389972;
  p = p * y + 0.41616195625122965;
  p = p * y - 0.08458119964926274;
  p = p * y + 0.02446902457333711;
  p = p * y + 0.00758177172566054;
  p = p * y + 0.011778012699157943;
  p = p * y + 0.01394720494599378;
  p = p * y + 0.017353770558111315;
  p = p * y + 0.022372118687437575;
  p = p * y + 0.03038194552436468;
  p = p * y + 0.04464285712523146;
  p = p * y + 0.075000000000152;
  p = p * y + 0.16666666666666616;
  p = p * y + 1.0;
  const double angle = std::sqrt(y) * p;
  return flat ? angle : 1.57079632679489661923 - angle;
}

/// sin and cos of 2 pi x, error below 1e-15. Whole and quarter turns drop out exactly: x = n / 4 + r, |r| <= 1/8, Taylor's
/// series of both in 2 pi r, exchanged and signed by n.
XXACT_INLINE void sine_and_cosine_of_turns(double x, double& sine, double& cosine) {
  const double shifted = 4 * x + 0x1.8p52;
  const double quarters = shifted - 0x1.8p52;
  const double a = 6.28318530717958647692 * (x - 0.25 * quarters), a2 = a * a;
  double s = -1.0 / 1307674368000;
  s = s * a2 + 1.0 / 6227020800;
  s = s * a2 - 1.0 / 39916800;
  s = s * a2 + 1.0 / 362880;
  s = s * a2 - 1.0 / 5040;
  s = s * a2 + 1.0 / 120;
  s = s * a2 - 1.0 / 6;
  s = a + a * (a2 * s);
  double c = 1.0 / 20922789888000;
  c = c * a2 - 1.0 / 87178291200;
  c = c * a2 + 1.0 / 479001600;
  c = c * a2 - 1.0 / 3628800;
  c = c * a2 + 1.0 / 40320;
  c = c * a2 - 1.0 / 720;
  c = c * a2 + 1.0 / 24;
  c = 1 - 0.5 * a2 + a2 * (a2 * c);
  std::int64_t n;
  std::memcpy(&n, &shifted, sizeof n);
  const bool odd = (n & 1) != 0;
  const double first = odd ? c : s, second = odd ? s : c;
  sine = (n & 2) != 0 ? -first : first;
  cosine = ((n + 1) & 2) != 0 ? -second : second;
}

}  // namespace xxact::xrd
