#include "pipeline/xrd/kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "pipeline/xrd/vector_math.hpp"

namespace xxact::xrd::kernels {
namespace {

static_assert(kBlock == kBlockLanes);

/// Four chains of additions in place of two: the next atom does not wait for the last one.
template <class Real>
struct Products {
  Block<Real> rr{}, ii{}, ri{}, ir{};

  XXACT_INLINE void add(const PhaseTables<Real>& t, std::size_t atom, std::size_t column) {
    const Block<Real> w_re = load(t.w_re + atom * t.w_stride + column), w_im = load(t.w_im + atom * t.w_stride + column);
    rr += t.row_re[atom] * w_re;
    ii += t.row_im[atom] * w_im;
    ri += t.row_re[atom] * w_im;
    ir += t.row_im[atom] * w_re;
  }
};

template <class Real>
XXACT_INLINE void sum_row(const PhaseTables<Real>& t, const ReflectionRow& row, Real* sum_re, Real* sum_im, std::size_t stride) {
  constexpr std::size_t width = kBlock;
  for (std::size_t block = 0; block < static_cast<std::size_t>(row.count); block += width) {
    const std::size_t column = static_cast<std::size_t>(row.first + t.w_max) + block;
    std::size_t a = 0;
    for (std::size_t element = 0; element < t.elements; ++element) {
      Products<Real> sum;
      for (; a < t.element_end[element]; ++a) sum.add(t, a, column);
      store<Real>(sum_re + element * stride + block, sum.rr - sum.ii);
      store<Real>(sum_im + element * stride + block, sum.ri + sum.ir);
    }
  }
}

/// The same for a row on both sides of w = 0: the products of w serve -w too, whose phases are the conjugates.
template <class Real>
XXACT_INLINE void sum_row_both_ways(const PhaseTables<Real>& t, const ReflectionRow& row, int reach, Real* sum_re, Real* sum_im, std::size_t stride) {
  constexpr int width = static_cast<int>(kBlock);
  const int last = row.first + row.count - 1;
  for (int w = 0; w <= reach; w += width) {
    const std::size_t column = static_cast<std::size_t>(w + t.w_max);
    // Where -w - width + 1 .. -w belong; what lies before the row's first reflection is left out.
    const int backwards = -w - width + 1 - row.first;
    std::size_t a = 0;
    for (std::size_t element = 0; element < t.elements; ++element) {
      Products<Real> sum;
      for (; a < t.element_end[element]; ++a) sum.add(t, a, column);
      Real* const re = sum_re + element * stride;
      Real* const im = sum_im + element * stride;
      if (backwards + width > 0) {
        const Block<Real> minus_re = reversed<Real>(sum.rr + sum.ii), minus_im = reversed<Real>(sum.ir - sum.ri);
        if (backwards >= 0) {
          store<Real>(re + backwards, minus_re);
          store<Real>(im + backwards, minus_im);
        } else {
          for (int i = -backwards; i < width; ++i) re[backwards + i] = minus_re[i], im[backwards + i] = minus_im[i];
        }
      }
      if (w <= last) {
        store<Real>(re + w - row.first, sum.rr - sum.ii);
        store<Real>(im + w - row.first, sum.ri + sum.ir);
      }
    }
  }
}

template <class Real>
XXACT_INLINE void sum_phases_body(const PhaseTables<Real>& t, std::span<const ReflectionRow> rows, Real* sum_re, Real* sum_im, std::size_t stride) {
  constexpr std::size_t width = kBlock;
  std::size_t done = 0;
  for (const ReflectionRow& row : rows) {
    const std::size_t u = static_cast<std::size_t>(row.u) * t.atom_stride, v = static_cast<std::size_t>(row.v + t.v_max) * t.atom_stride;
    for (std::size_t a = 0; a < t.atom_stride; a += width) {
      const Block<Real> u_re = load(t.u_re + u + a), u_im = load(t.u_im + u + a), v_re = load(t.v_re + v + a), v_im = load(t.v_im + v + a);
      store<Real>(t.row_re + a, u_re * v_re - u_im * v_im);
      store<Real>(t.row_im + a, u_re * v_im + u_im * v_re);
    }
    const int last = row.first + row.count - 1;
    const int reach = std::max(-row.first, last);
    constexpr int lanes = static_cast<int>(width);
    if (row.first < 0 && reach / lanes < (row.count - 1) / lanes)
      sum_row_both_ways(t, row, reach, sum_re + done, sum_im + done, stride);
    else
      sum_row(t, row, sum_re + done, sum_im + done, stride);
    done += static_cast<std::size_t>(row.count);
  }
}

template <class Real>
XXACT_INLINE void polynomial_argument_body(const PolynomialArgument& argument, const double* __restrict g_squared, std::size_t n, Real* __restrict t) {
  for (std::size_t i = 0; i < n; ++i) t[i] = static_cast<Real>(argument.shift + argument.scale / (1 + argument.per_g_squared * g_squared[i]));
}

/// Clenshaw's recurrence, b_k = c_k + 2 t b_(k+1) - b_(k+2): in powers of t single precision would not do.
template <class Real, std::size_t blocks>
XXACT_INLINE void evaluate(const ChebyshevSeries<Real>& series, const Block<Real> (&t)[blocks], Block<Real> (&value)[blocks]) {
  const Real* const c = series.coefficient.data();
  for (std::size_t b = 0; b < blocks; ++b) value[b] = Block<Real>{} + c[series.degree];
  if (series.degree == 0) return;
  Block<Real> before[blocks]{};
  for (int k = series.degree - 1; k > 0; --k)
    for (std::size_t b = 0; b < blocks; ++b) {
      const Block<Real> next = (t[b] + t[b]) * value[b] + (c[k] - before[b]);
      before[b] = value[b];
      value[b] = next;
    }
  for (std::size_t b = 0; b < blocks; ++b) value[b] = t[b] * value[b] + (c[0] - before[b]);
}

template <class Real>
XXACT_INLINE void sum_elements_body(std::span<const ElementPolynomial<Real>* const> elements, const Real* t, const Real* sum_re, const Real* sum_im,
                                    std::size_t stride, std::size_t n, Real* f_squared) {
  constexpr std::size_t width = kBlock, blocks = kElementBlock<Real> / width;
  for (std::size_t i = 0; i < n; i += kElementBlock<Real>) {
    Block<Real> x[blocks], p_re[blocks]{}, p_im[blocks]{}, q_re[blocks]{}, q_im[blocks]{};
    for (std::size_t b = 0; b < blocks; ++b) x[b] = load(t + i + b * width);
    for (std::size_t e = 0; e < elements.size(); ++e) {
      Block<Real> real[blocks], imaginary[blocks];
      evaluate(elements[e]->real, x, real);
      evaluate(elements[e]->imaginary, x, imaginary);
      for (std::size_t b = 0; b < blocks; ++b) {
        const Block<Real> re = load(sum_re + e * stride + i + b * width), im = load(sum_im + e * stride + i + b * width);
        p_re[b] += real[b] * re;
        p_im[b] += real[b] * im;
        q_re[b] += imaginary[b] * re;
        q_im[b] += imaginary[b] * im;
      }
    }
    for (std::size_t b = 0; b < blocks; ++b)
      store<Real>(f_squared + i + b * width, Real(2) * (p_re[b] * p_re[b] + p_im[b] * p_im[b] + q_re[b] * q_re[b] + q_im[b] * q_im[b]));
  }
}

template <class Real>
XXACT_INLINE void apply_lorentz_polarisation_body(const LorentzPolarisation& factor, const double* __restrict g_squared, const Real* f_squared, std::size_t n,
                                                  Real* intensity) {
  const double quarter = factor.wavelength * factor.wavelength / 4;
  for (std::size_t i = 0; i < n; ++i) {
    const double sine_squared = quarter * g_squared[i];
    const double cosine_squared = std::max(1 - sine_squared, 1e-12);
    const double cos_two_theta = 1 - 2 * sine_squared;
    const double lorentz = factor.scale / (sine_squared * std::sqrt(cosine_squared));
    // Up to a rounding of the range's end.
    const double inside = sine_squared <= 1 + 1e-8 ? lorentz : 0.0;
    intensity[i] = f_squared[i] * static_cast<Real>((1 + factor.polarisation * cos_two_theta * cos_two_theta) * inside);
  }
}

template <class Real>
XXACT_INLINE void powers_body(const double* step_re, const double* step_im, const double* first, std::size_t atoms, std::size_t count, Real* re, Real* im) {
  for (std::size_t a = 0; a < atoms; a += kBlock) {
    const Block<double> c = load(step_re + a), s = load(step_im + a);
    Block<double> x = load(first + a), y{};
    for (std::size_t n = 0; n < count; ++n) {
      store<Real>(re + n * atoms + a, __builtin_convertvector(x, Block<Real>));
      store<Real>(im + n * atoms + a, __builtin_convertvector(y, Block<Real>));
      const Block<double> next = x * c - y * s;
      y = x * s + y * c;
      x = next;
    }
  }
}

template <class Real>
XXACT_INLINE void apply_multiplicity_body(const std::uint16_t* __restrict multiplicity, std::size_t n, Real* __restrict intensity) {
  for (std::size_t i = 0; i < n; ++i) intensity[i] *= static_cast<Real>(multiplicity[i]);
}

}  // namespace

XXACT_CLONES void sum_phases(const PhaseTables<float>& tables, std::span<const ReflectionRow> rows, float* sum_re, float* sum_im, std::size_t stride) {
  sum_phases_body(tables, rows, sum_re, sum_im, stride);
}
XXACT_CLONES void sum_phases(const PhaseTables<double>& tables, std::span<const ReflectionRow> rows, double* sum_re, double* sum_im, std::size_t stride) {
  sum_phases_body(tables, rows, sum_re, sum_im, stride);
}

XXACT_CLONES void polynomial_argument(const PolynomialArgument& argument, const double* g_squared, std::size_t n, float* t) {
  polynomial_argument_body(argument, g_squared, n, t);
}
XXACT_CLONES void polynomial_argument(const PolynomialArgument& argument, const double* g_squared, std::size_t n, double* t) {
  polynomial_argument_body(argument, g_squared, n, t);
}

XXACT_CLONES void sum_elements(std::span<const ElementPolynomial<float>* const> elements, const float* t, const float* sum_re, const float* sum_im,
                               std::size_t stride, std::size_t n, float* f_squared) {
  sum_elements_body(elements, t, sum_re, sum_im, stride, n, f_squared);
}
XXACT_CLONES void sum_elements(std::span<const ElementPolynomial<double>* const> elements, const double* t, const double* sum_re, const double* sum_im,
                               std::size_t stride, std::size_t n, double* f_squared) {
  sum_elements_body(elements, t, sum_re, sum_im, stride, n, f_squared);
}

XXACT_CLONES void apply_lorentz_polarisation(const LorentzPolarisation& factor, const double* g_squared, const float* f_squared, std::size_t n, float* intensity) {
  apply_lorentz_polarisation_body(factor, g_squared, f_squared, n, intensity);
}
XXACT_CLONES void apply_lorentz_polarisation(const LorentzPolarisation& factor, const double* g_squared, const double* f_squared, std::size_t n,
                                             double* intensity) {
  apply_lorentz_polarisation_body(factor, g_squared, f_squared, n, intensity);
}

XXACT_CLONES void label_orbits(std::span<const OrbitMap> maps, std::span<const ReflectionRow> rows, std::int64_t* hkl, std::uint16_t* multiplicity) {
  typedef std::int64_t Lanes __attribute__((vector_size(kBlock * sizeof(std::int64_t))));
  std::array<std::uint16_t, kMostRotations + 1> images{};  // by how many operations leave a reflection where it is
  for (std::size_t same = 1; same <= maps.size(); ++same) images[same] = static_cast<std::uint16_t>(maps.size() / same);
  for (const ReflectionRow& row : rows) {
    for (int block = 0; block < row.count; block += static_cast<int>(kBlock)) {
      const auto image = [&](const OrbitMap& map) {
        Lanes lanes;
        std::memcpy(&lanes, map.lanes.data(), sizeof lanes);
        lanes += map.step[0] * row.u + map.step[1] * row.v + map.step[2] * (row.first + block);
        return lanes < 0 ? -lanes : lanes;
      };
      const Lanes own = image(maps.front());
      Lanes largest = own, same{};
      for (const OrbitMap& map : maps) {
        const Lanes other = image(map);
        largest = other > largest ? other : largest;
        same -= other == own;  // minus one where it holds
      }
      std::memcpy(hkl, &largest, sizeof largest);
      for (std::size_t i = 0; i < kBlock; ++i) multiplicity[i] = images[static_cast<std::size_t>(same[i])];
      const int done = std::min<int>(static_cast<int>(kBlock), row.count - block);
      hkl += done;
      multiplicity += done;
    }
  }
}

XXACT_CLONES void powers(const double* step_re, const double* step_im, const double* first, std::size_t atoms, std::size_t count, float* re, float* im) {
  powers_body(step_re, step_im, first, atoms, count, re, im);
}
XXACT_CLONES void powers(const double* step_re, const double* step_im, const double* first, std::size_t atoms, std::size_t count, double* re, double* im) {
  powers_body(step_re, step_im, first, atoms, count, re, im);
}

XXACT_CLONES void squared_lengths(const ReciprocalMetric& m, std::span<const ReflectionRow> rows, double* g_squared) {
  Block<double> lane;
  for (std::size_t i = 0; i < kBlock; ++i) lane[i] = static_cast<double>(i);
  for (const ReflectionRow& row : rows) {
    const double u = row.u, v = row.v;
    const double fixed = m.uu * u * u + m.vv * v * v + 2 * m.uv * u * v, slope = 2 * (m.uw * u + m.vw * v);
    Block<double> w = lane + static_cast<double>(row.first);
    for (int block = 0; block < row.count; block += static_cast<int>(kBlock), w += static_cast<double>(kBlock))
      store<double>(g_squared + block, fixed + w * (slope + m.ww * w));
    g_squared += row.count;
  }
}

XXACT_CLONES void apply_multiplicity(const std::uint16_t* multiplicity, std::size_t n, float* intensity) { apply_multiplicity_body(multiplicity, n, intensity); }
XXACT_CLONES void apply_multiplicity(const std::uint16_t* multiplicity, std::size_t n, double* intensity) { apply_multiplicity_body(multiplicity, n, intensity); }

XXACT_CLONES void assign_buckets(double smallest, double largest, int buckets, const double* __restrict g_squared, std::size_t n,
                                 std::uint64_t* __restrict key, std::uint32_t* __restrict bucket) {
  const double first = smallest * std::sqrt(smallest), last = largest * std::sqrt(largest);
  const double scale = last > first ? buckets / (last - first) : 0.0;
  const double top = buckets - 1, unit = 0x1p40 / largest;
  for (std::size_t i = 0; i < n; ++i) {
    const double place = (g_squared[i] * std::sqrt(g_squared[i]) - first) * scale;
    bucket[i] = static_cast<std::uint32_t>(static_cast<std::int32_t>(std::min(std::max(place, 0.0), top)));
  }
  for (std::size_t i = 0; i < n; ++i) {
    // 2^52 added leaves the rounded number in the lowest bits.
    const double shifted = g_squared[i] * unit + 0x1p52;
    std::uint64_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    key[i] = (bits << kIndexBits) | i;
  }
}

XXACT_CLONES void unit_phases(const double* __restrict x, std::size_t n, double* __restrict re, double* __restrict im) {
  for (std::size_t i = 0; i < n; ++i) sine_and_cosine_of_turns(x[i], im[i], re[i]);
}

XXACT_CLONES void angles_and_keys(double wavelength, double tolerance, const double* __restrict g_squared, std::size_t n, double* __restrict two_theta,
                                  double* __restrict key) {
  constexpr double two_degrees = 2 * 57.295779513082320877;
  const double quarter = wavelength * wavelength / 4, keys_per_degree = 1 / tolerance;
  for (std::size_t i = 0; i < n; ++i) {
    const double sine_squared = std::min(quarter * g_squared[i], 1.0);
    const double angle = two_degrees * exact_angle_of(sine_squared, 1 - sine_squared);
    two_theta[i] = angle;
    // Half the sum of 2^52 and 2^51 rounds to the nearest whole number, half to even, as vector code can.
    key[i] = (angle * keys_per_degree + 0x1.8p52) - 0x1.8p52;
  }
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

XXACT_CLONES void locate_along_g(double per_g, double first_centre, double step, double sigma, const double* __restrict g_squared, std::size_t n,
                                 int* __restrict bin, float* __restrict offset) {
  const double steps_per_unit = 1 / step, step_in_sigma = step / sigma;
  for (std::size_t i = 0; i < n; ++i) {
    const double position = (per_g * std::sqrt(g_squared[i]) - first_centre) * steps_per_unit;
    const double nearest = (position + 0x1.8p52) - 0x1.8p52;
    bin[i] = static_cast<int>(nearest);
    offset[i] = static_cast<float>((nearest - position) * step_in_sigma);
  }
}

XXACT_CLONES void spread(std::size_t n, const int* bin, const float* offset, const float* intensity, float spacing, int reach, int window, int bins,
                         float* profile) {
  constexpr int width = static_cast<int>(kBlock);
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
