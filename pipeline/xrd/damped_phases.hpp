// The phase sums of a structure whose atoms have displacements of their own: every phase times its atom's Debye-Waller factor
// T(g) = exp(-2 pi^2 g^T U g), U the tensor of mean square displacements (International Tables for Crystallography Vol. D
// (2003), 1.9). T does not change with the sign of g, so that all that holds of phase sums holds of these.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "pipeline/xrd/kernels.hpp"
#include "pipeline/xrd/reflections.hpp"

namespace xxact::xrd::kernels {

/// The exponent of each atom as a form of the indices: uu u^2 + vv v^2 + ww w^2 + uv u v + uw u w + vw v w.
template <class Real>
struct DampingTables {
  std::array<const double*, 5> outer{};             // [atoms] each: uu, vv, uv, uw, vw
  const Real* ww = nullptr;                         // [atoms]
  Real *row_constant = nullptr, *row_slope = nullptr;  // [atoms], scratch
};

/// As sum_phases. Exponents below -87 (float) or -700 (double) count as that.
void sum_damped_phases(const PhaseTables<float>& tables, const DampingTables<float>& damping, std::span<const ReflectionRow> rows, float* sum_re, float* sum_im,
                       std::size_t stride);
void sum_damped_phases(const PhaseTables<double>& tables, const DampingTables<double>& damping, std::span<const ReflectionRow> rows, double* sum_re, double* sum_im,
                       std::size_t stride);

}  // namespace xxact::xrd::kernels
