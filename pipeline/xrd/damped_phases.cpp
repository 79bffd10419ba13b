#include "pipeline/xrd/damped_phases.hpp"

#include "pipeline/xrd/vector_math.hpp"

namespace xxact::xrd::kernels {
namespace {

static_assert(kBlock == kBlockLanes);

/// What does not change along a row: the atoms' phases of u and v, and constant and slope of their exponents in w.
template <class Real>
XXACT_INLINE void begin_row(const PhaseTables<Real>& t, const DampingTables<Real>& damping, const ReflectionRow& row) {
  const Real* __restrict u_re = t.u_re + static_cast<std::size_t>(row.u) * t.atom_stride;
  const Real* __restrict u_im = t.u_im + static_cast<std::size_t>(row.u) * t.atom_stride;
  const Real* __restrict v_re = t.v_re + static_cast<std::size_t>(row.v + t.v_max) * t.atom_stride;
  const Real* __restrict v_im = t.v_im + static_cast<std::size_t>(row.v + t.v_max) * t.atom_stride;
  const auto [uu, vv, uv, uw, vw] = damping.outer;
  const double u = row.u, v = row.v;
  for (std::size_t a = 0; a < t.atoms; ++a) {
    t.row_re[a] = u_re[a] * v_re[a] - u_im[a] * v_im[a];
    t.row_im[a] = u_re[a] * v_im[a] + u_im[a] * v_re[a];
    damping.row_constant[a] = static_cast<Real>(uu[a] * u * u + vv[a] * v * v + uv[a] * u * v);
    damping.row_slope[a] = static_cast<Real>(uw[a] * u + vw[a] * v);
  }
}

template <class Real>
XXACT_INLINE void sum_damped_phases_body(const PhaseTables<Real>& t, const DampingTables<Real>& damping, std::span<const ReflectionRow> rows, Real* sum_re, Real* sum_im,
                                         std::size_t stride) {
  constexpr int width = static_cast<int>(kBlock);
  Block<Real> lane{};
  for (int i = 0; i < width; ++i) lane[i] = static_cast<Real>(i);
  for (const ReflectionRow& row : rows) {
    begin_row(t, damping, row);
    for (int block = 0; block < row.count; block += width) {
      const auto column = static_cast<std::size_t>(row.first + t.w_max + block);
      const Block<Real> w = lane + static_cast<Real>(row.first + block);
      std::size_t a = 0;
      for (std::size_t element = 0; element < t.elements; ++element) {
        Block<Real> re{}, im{};
        for (; a < t.element_end[element]; ++a) {
          const Block<Real> factor = exp_nonpositive<Real>(damping.row_constant[a] + w * (damping.row_slope[a] + w * damping.ww[a]));
          const Block<Real> w_re = factor * load(t.w_re + a * t.w_stride + column), w_im = factor * load(t.w_im + a * t.w_stride + column);
          re += t.row_re[a] * w_re - t.row_im[a] * w_im;
          im += t.row_re[a] * w_im + t.row_im[a] * w_re;
        }
        store<Real>(sum_re + element * stride + static_cast<std::size_t>(block), re);
        store<Real>(sum_im + element * stride + static_cast<std::size_t>(block), im);
      }
    }
    sum_re += row.count;
    sum_im += row.count;
  }
}

}  // namespace

XXACT_CLONES void sum_damped_phases(const PhaseTables<float>& tables, const DampingTables<float>& damping, std::span<const ReflectionRow> rows, float* sum_re,
                                    float* sum_im, std::size_t stride) {
  sum_damped_phases_body(tables, damping, rows, sum_re, sum_im, stride);
}
XXACT_CLONES void sum_damped_phases(const PhaseTables<double>& tables, const DampingTables<double>& damping, std::span<const ReflectionRow> rows, double* sum_re,
                                    double* sum_im, std::size_t stride) {
  sum_damped_phases_body(tables, damping, rows, sum_re, sum_im, stride);
}

}  // namespace xxact::xrd::kernels
