#include "pipeline/xrd/peak_kernels.hpp"

#include <cmath>
#include <numbers>

#include "pipeline/xrd/vector_math.hpp"

namespace xxact::xrd::kernels {
namespace {

static_assert(kPeakBlock == kBlockLanes && kTailCell % kPeakBlock == 0);
using Floats = Block<float>;

constexpr Floats kLane = {0, 1, 2, 3, 4, 5, 6, 7};

XXACT_INLINE Floats absolute(const Floats& x) { return x < 0 ? -x : x; }

/// erfc(z) / 2 for z >= 0, relative error below 1e-6 for z <= 5: exp(-z^2) t P(t), t = 1 / (1 + z / 2), P of degree 8 a
/// Chebyshev fit on z in [0, 12].
XXACT_INLINE Floats half_erfc(const Floats& z) {
  const Floats t = 1.0F / (1.0F + 0.5F * z);
  Floats p = -0.06055896128323257F * t + 0.29165693193545805F;
  p = p * t - 0.5013931218839361F;
  p = p * t + 0.2936585916525024F;
  p = p * t - 0.03683884197693563F;
  p = p * t + 0.2067482716699413F;
  p = p * t + 0.24215193178524325F;
  p = p * t + 0.28249487517371474F;
  p = p * t + 0.28208027494911403F;
  return 0.5F * p * t * exp_nonpositive<float>(-z * z);
}

/// arctan(t) for t in [0, 1], relative error below 2e-7: t P(t^2), P of degree 7, a Chebyshev fit.
XXACT_INLINE Floats arctan_to_one(const Floats& t) {
  const Floats y = t * t;
  Floats p = -0.004559791986139317F * y + 0.02378051859662378F;
  p = p * y - 0.0588297531413815F;
  p = p * y + 0.09868865457940856F;
  p = p * y - 0.14003290184552686F;
  p = p * y + 0.19966961829568286F;
  p = p * y - 0.3333181265562583F;
  p = p * y + 0.9999998819964927F;
  return p * t;
}

}  // namespace

// The bin's integral is h f(z) (1 + h^2 / 24 f'' / f + h^4 / 1920 f'''' / f + ...) of the density f at its centre: for bins this
// narrow that is quicker than the distribution function, whose differences would have lost digits.
XXACT_CLONES void add_gaussian_wide(float* profile, int count, double first, double spacing, float area) {
  const double second = spacing * spacing / 24, fourth = spacing * spacing * spacing * spacing / 1920;
  const float c0 = static_cast<float>(1 - 2 * second + 12 * fourth), c1 = static_cast<float>(4 * second - 48 * fourth), c2 = static_cast<float>(16 * fourth);
  const float scale = area * static_cast<float>(spacing * std::numbers::inv_sqrtpi);
  const Floats step = Floats{} + static_cast<float>(spacing);
  for (int j = 0; j < count; j += kPeakBlock) {
    const Floats z = static_cast<float>(first + (j + 0.5) * spacing) + kLane * step, y = z * z;
    store<float>(profile + j, load(profile + j) + scale * (c0 + y * (c1 + y * c2)) * exp_nonpositive<float>(-y));
  }
}

XXACT_CLONES void add_gaussian(float* profile, int count, double first, double spacing, float area, float* scratch) {
  const Floats step = Floats{} + static_cast<float>(spacing);
  // Phi below the peak and Phi - 1 above it: both tails keep their relative precision, and the one bin with the peak in it
  // gets the missing 1.
  for (int j = 0; j <= count; j += kPeakBlock) {
    const Floats z = static_cast<float>(first + j * spacing) + kLane * step;
    // Not below 1e-30: the sign says on which side the edge lies, also where denormal numbers are flushed to zero.
    const Floats tail = half_erfc(absolute(z)), q = tail < 1e-30F ? Floats{} + 1e-30F : tail;
    store<float>(scratch + j, z < 0 ? q : -q);
  }
  for (int j = 0; j < count; j += kPeakBlock) {
    const Floats low = load(scratch + j), high = load(scratch + j + 1);
    const Floats one = ((low > 0) & (high <= 0)) ? Floats{} + 1.0F : Floats{};
    store<float>(profile + j, load(profile + j) + area * (high - low + one));
  }
}

XXACT_CLONES void add_lorentzian(float* profile, int count, double first, double spacing, float area) {
  const Floats h = Floats{} + static_cast<float>(spacing);
  const float scale = area * static_cast<float>(std::numbers::inv_pi);
  constexpr float half_turn = std::numbers::pi_v<float>;
  for (int j = 0; j < count; j += kPeakBlock) {
    const Floats low = static_cast<float>(first + j * spacing) + kLane * h;
    const Floats real = 1.0F + low * (low + h);
    const Floats size = absolute(real);
    const Floats angle = arctan_to_one((size < h ? size : h) / (size < h ? h : size));
    const Floats acute = size < h ? 0.5F * half_turn - angle : angle;
    store<float>(profile + j, load(profile + j) + scale * (real < 0 ? half_turn - acute : acute));
  }
}

XXACT_CLONES void add_lorentzian_tail(float* profile, int count, double first, double spacing, float area) {
  const Floats h = Floats{} + static_cast<float>(spacing);
  const float scale = area * static_cast<float>(std::numbers::inv_pi);
  for (int j = 0; j < count; j += kPeakBlock) {
    const Floats low = static_cast<float>(first + j * spacing) + kLane * h;
    const Floats t = h / (1.0F + low * (low + h));
    store<float>(profile + j, load(profile + j) + scale * (t - t * t * t * (1.0F / 3)));
  }
}

// A bin's integral at distance y + s h from the peak, h = spacing, is to first order (relative error t^2 / 3, t below 0.003 here)
// t = h / D, D = 1 - h^2 / 4 + (y + s h)^2. With q = 1 / D(s = 0), b = 2 y q h, r = q h^2: 1 / D = q / (1 + b s + r s^2).
XXACT_CLONES void add_lorentzian_cells(float* coefficients, std::size_t stride, int first_cell, int last_cell, double first, double spacing, float area) {
  const float h = static_cast<float>(spacing), cell = static_cast<float>(kTailCell * spacing);
  const float constant = static_cast<float>(1 - spacing * spacing / 4), scale = area * static_cast<float>(std::numbers::inv_pi * spacing);
  for (int c = first_cell / kPeakBlock * kPeakBlock; c < last_cell; c += kPeakBlock) {
    const Floats index = static_cast<float>(c) + kLane;
    const Floats y = static_cast<float>(first + c * kTailCell * spacing) + kLane * cell;
    const Floats q = 1.0F / (constant + y * y);
    const Floats b = 2 * h * y * q, r = h * h * q;
    const auto inside = (index >= static_cast<float>(first_cell)) & (index < static_cast<float>(last_cell));
    const Floats c0 = inside ? scale * q : Floats{};  // chosen, not multiplied: q of a cell with the peak in it may be infinite
    const Floats c1 = inside ? -c0 * b : Floats{}, c2 = inside ? c0 * (b * b - r) : Floats{}, c3 = inside ? -c0 * b * (b * b - 2 * r) : Floats{};
    float* at = coefficients + c;
    store<float>(at, load(at) + c0);
    store<float>(at + stride, load(at + stride) + c1);
    store<float>(at + 2 * stride, load(at + 2 * stride) + c2);
    store<float>(at + 3 * stride, load(at + 3 * stride) + c3);
  }
}

XXACT_CLONES void add_cells(const float* profile, const float* coefficients, std::size_t stride, int cells, float* out) {
  for (int c = 0; c < cells; ++c) {
    const float* at = coefficients + c;
    const float c0 = at[0], c1 = at[stride], c2 = at[2 * stride], c3 = at[3 * stride];
    for (int j = 0; j < kTailCell; j += kPeakBlock) {
      const Floats s = kLane + static_cast<float>(j) - 0.5F * (kTailCell - 1);
      const int i = c * kTailCell + j;
      store<float>(out + i, load(profile + i) + (c0 + s * (c1 + s * (c2 + s * c3))));
    }
  }
}

}  // namespace xxact::xrd::kernels
