#include "pipeline/xrd/kernels.hpp"

#include <algorithm>
#include <cmath>

#include "pipeline/xrd/vector_math.hpp"

// Sanitizers instrument the function that picks the clone, which runs before their own start.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define XXACT_CLONES [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#else
#define XXACT_CLONES
#endif

namespace xxact::xrd::kernels {
namespace {

static_assert(kBlock<float> * sizeof(float) == kBlockBytes && kBlock<double> * sizeof(double) == kBlockBytes);

template <class Real>
XXACT_INLINE void sum_phases_body(const PhaseTables<Real>& t, std::span<const ReflectionRow> rows, Real* sum_re, Real* sum_im, std::size_t stride) {
  constexpr std::size_t width = kBlock<Real>;
  std::size_t done = 0;
  for (const ReflectionRow& row : rows) {
    const Real* __restrict u_re = t.u_re + static_cast<std::size_t>(row.u) * t.atoms;
    const Real* __restrict u_im = t.u_im + static_cast<std::size_t>(row.u) * t.atoms;
    const Real* __restrict v_re = t.v_re + static_cast<std::size_t>(row.v + t.v_max) * t.atoms;
    const Real* __restrict v_im = t.v_im + static_cast<std::size_t>(row.v + t.v_max) * t.atoms;
    Real* __restrict row_re = t.row_re;
    Real* __restrict row_im = t.row_im;
    for (std::size_t a = 0; a < t.atoms; ++a) {
      row_re[a] = u_re[a] * v_re[a] - u_im[a] * v_im[a];
      row_im[a] = u_re[a] * v_im[a] + u_im[a] * v_re[a];
    }
    const std::size_t count = static_cast<std::size_t>(row.count);
    for (std::size_t block = 0; block < count; block += width) {
      const std::size_t column = static_cast<std::size_t>(row.first + t.w_max) + block;
      std::size_t a = 0;
      for (std::size_t element = 0; element < t.elements; ++element) {
        // Four chains of additions in place of two: the next atom does not wait for the last one.
        Block<Real> rr{}, ii{}, ri{}, ir{};
        for (; a < t.element_end[element]; ++a) {
          const Block<Real> w_re = load(t.w_re + a * t.w_stride + column), w_im = load(t.w_im + a * t.w_stride + column);
          rr += row_re[a] * w_re;
          ii += row_im[a] * w_im;
          ri += row_re[a] * w_im;
          ir += row_im[a] * w_re;
        }
        store<Real>(sum_re + element * stride + done + block, rr - ii);
        store<Real>(sum_im + element * stride + done + block, ri + ir);
      }
    }
    done += count;
  }
}

/// to = factor * s, added to what is there unless `fresh`.
template <class Real>
XXACT_INLINE void put(Real* to, bool fresh, const Block<Real>& factor, const Real* s) {
  const Block<Real> product = factor * load(s);
  store<Real>(to, fresh ? product : load(to) + product);
}

template <class Real>
XXACT_INLINE void add_element_body(const ElementScattering& element, bool first, const Real* g_squared, const Real* s_re, const Real* s_im,
                                   std::size_t n, const StructureFactorParts<Real>& parts) {
  Real a[4], b[4];
  for (std::size_t i = 0; i < 4; ++i) {
    a[i] = static_cast<Real>(element.a[i]);
    b[i] = static_cast<Real>(-element.b[i] / 4);  // s = |g| / 2
  }
  const Real constant = static_cast<Real>(element.constant + element.f_prime), scale = static_cast<Real>(element.scale);
  const Real slope = static_cast<Real>(element.slope / 4);
  const Block<Real> f_double_prime = Block<Real>{} + static_cast<Real>(element.f_double_prime);
  const bool absorbs = first || element.f_double_prime != 0;
  for (std::size_t i = 0; i < n; i += kBlock<Real>) {
    const Block<Real> g2 = load(g_squared + i);
    const Block<Real> sum = a[0] * exp_nonpositive<Real>(b[0] * g2) + a[1] * exp_nonpositive<Real>(b[1] * g2) + a[2] * exp_nonpositive<Real>(b[2] * g2) +
                            a[3] * exp_nonpositive<Real>(b[3] * g2);
    const Block<Real> f = constant + (scale + slope * g2) * sum;
    put(parts.p_re + i, first, f, s_re + i);
    put(parts.p_im + i, first, f, s_im + i);
    if (!absorbs) continue;
    put(parts.q_re + i, first, f_double_prime, s_re + i);
    put(parts.q_im + i, first, f_double_prime, s_im + i);
  }
}

template <class Real>
XXACT_INLINE void finish_intensities_body(double wavelength, const double* __restrict g_squared, std::size_t n, const StructureFactorParts<Real>& parts,
                                          Real* __restrict intensity) {
  const double quarter = wavelength * wavelength / 4;
  for (std::size_t i = 0; i < n; ++i) {
    const double sine_squared = quarter * g_squared[i];
    const double cosine_squared = std::max(1 - sine_squared, 1e-12);
    const double cos_two_theta = 1 - 2 * sine_squared;
    const Real lorentz_polarisation = static_cast<Real>((1 + cos_two_theta * cos_two_theta) / (sine_squared * std::sqrt(cosine_squared)));
    const Real p2 = parts.p_re[i] * parts.p_re[i] + parts.p_im[i] * parts.p_im[i];
    const Real q2 = parts.q_re[i] * parts.q_re[i] + parts.q_im[i] * parts.q_im[i];
    intensity[i] = 2 * (p2 + q2) * lorentz_polarisation;
  }
}

}  // namespace

XXACT_CLONES void sum_phases(const PhaseTables<float>& tables, std::span<const ReflectionRow> rows, float* sum_re, float* sum_im, std::size_t stride) {
  sum_phases_body(tables, rows, sum_re, sum_im, stride);
}
XXACT_CLONES void sum_phases(const PhaseTables<double>& tables, std::span<const ReflectionRow> rows, double* sum_re, double* sum_im, std::size_t stride) {
  sum_phases_body(tables, rows, sum_re, sum_im, stride);
}

XXACT_CLONES void add_element(const ElementScattering& element, bool first, const float* g_squared, const float* s_re, const float* s_im,
                              std::size_t n, const StructureFactorParts<float>& parts) {
  add_element_body(element, first, g_squared, s_re, s_im, n, parts);
}
XXACT_CLONES void add_element(const ElementScattering& element, bool first, const double* g_squared, const double* s_re, const double* s_im,
                              std::size_t n, const StructureFactorParts<double>& parts) {
  add_element_body(element, first, g_squared, s_re, s_im, n, parts);
}

XXACT_CLONES void finish_intensities(double wavelength, const double* g_squared, std::size_t n, const StructureFactorParts<float>& parts, float* intensity) {
  finish_intensities_body(wavelength, g_squared, n, parts, intensity);
}
XXACT_CLONES void finish_intensities(double wavelength, const double* g_squared, std::size_t n, const StructureFactorParts<double>& parts, double* intensity) {
  finish_intensities_body(wavelength, g_squared, n, parts, intensity);
}

XXACT_CLONES void locate(double wavelength, double first_centre, double step, double sigma, const double* __restrict g_squared, std::size_t n,
                         int* __restrict bin, float* __restrict offset) {
  constexpr double two_degrees = 2 * 57.295779513082320877;
  const double quarter = wavelength * wavelength / 4, steps_per_degree = 1 / step, step_in_sigma = step / sigma;
  for (std::size_t i = 0; i < n; ++i) {
    const double sine_squared = quarter * g_squared[i];
    const double two_theta = two_degrees * angle_of(std::sqrt(sine_squared), std::sqrt(std::max(1 - sine_squared, 0.0)));
    const double position = (two_theta - first_centre) * steps_per_degree;
    // Half the sum of 2^52 and 2^51 rounds to the nearest whole number, as vector code can.
    const double nearest = (position + 0x1.8p52) - 0x1.8p52;
    bin[i] = static_cast<int>(nearest);
    offset[i] = static_cast<float>((nearest - position) * step_in_sigma);
  }
}

XXACT_CLONES void spread(std::size_t n, const int* bin, const float* offset, const float* intensity, float spacing, int reach, int window, int bins,
                         float* profile) {
  constexpr int width = static_cast<int>(kBlock<float>);
  Block<float> lane{};
  for (int j = 0; j < width; ++j) lane[j] = static_cast<float>(j - reach) * spacing;
  for (std::size_t i = 0; i < n; ++i) {
    const int first = bin[i] - reach;
    if (first + window <= 0 || first >= bins) continue;
    Block<float> distance = lane + offset[i];
    for (int j = 0; j < window; j += width) {
      store<float>(profile + first + j, load(profile + first + j) + intensity[i] * exp_nonpositive<float>(-0.5F * distance * distance));
      distance += static_cast<float>(width) * spacing;
    }
  }
}

XXACT_CLONES void normalise(const float* __restrict profile, std::size_t n, float floor, bool square_root, float* __restrict out) {
  float largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = largest < profile[i] ? profile[i] : largest;
  const float scale = largest > 0 ? 1 / largest : 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float value = profile[i] * scale;
    out[i] = value < floor ? 0 : value;
  }
  if (!square_root) return;
  for (std::size_t i = 0; i < n; ++i) out[i] = std::sqrt(out[i]);
}

}  // namespace xxact::xrd::kernels
