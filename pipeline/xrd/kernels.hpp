// The loops that take the time, each compiled for several instruction sets and chosen when the program starts. Plain
// arrays in and out; what they mean is said in intensities.hpp and profile.hpp.
#pragma once

#include <cstddef>
#include <span>

#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/reflections.hpp"

namespace xxact::xrd::kernels {

/// Arrays of Real are read and written in blocks of this many numbers: they end with as much room.
template <class Real>
inline constexpr std::size_t kBlock = 32 / sizeof(Real);

/// exp(2 pi i index x) of each atom and index, real and imaginary parts apart; atoms are sorted by element.
template <class Real>
struct PhaseTables {
  std::size_t atoms = 0, elements = 0;
  const std::size_t* element_end = nullptr;  // [elements]: one past the last atom of each
  const Real *u_re = nullptr, *u_im = nullptr;  // [u_max + 1, atoms], times the occupancy
  const Real *v_re = nullptr, *v_im = nullptr;  // [2 v_max + 1, atoms], index 0 in the middle
  const Real *w_re = nullptr, *w_im = nullptr;  // [atoms, w_stride], index 0 at w_max
  std::size_t w_stride = 0;
  int v_max = 0, w_max = 0;
  Real *row_re = nullptr, *row_im = nullptr;  // [atoms], scratch
};

/// sum_{re,im}[element, stride]: the sum of the phases of each element's atoms, one a reflection of the rows in turn.
void sum_phases(const PhaseTables<float>& tables, std::span<const ReflectionRow> rows, float* sum_re, float* sum_im, std::size_t stride);
void sum_phases(const PhaseTables<double>& tables, std::span<const ReflectionRow> rows, double* sum_re, double* sum_im, std::size_t stride);

/// Structure-factor parts, [n] each: P = sum over elements of (f0 + f') S, Q = sum of f'' S.
template <class Real>
struct StructureFactorParts {
  Real *p_re, *p_im, *q_re, *q_im;
};

/// Adds one element with phase sums S to P and, if its f'' is not zero, to Q; `first` starts both afresh.
void add_element(const ElementScattering& element, bool first, const float* g_squared, const float* s_re, const float* s_im,
                 std::size_t n, const StructureFactorParts<float>& parts);
void add_element(const ElementScattering& element, bool first, const double* g_squared, const double* s_re, const double* s_im,
                 std::size_t n, const StructureFactorParts<double>& parts);

/// intensity[i] = (|F(g)|^2 + |F(-g)|^2) (1 + cos^2 2-theta) / (sin^2 theta cos theta). F(g) = P + iQ and F(-g) is the
/// conjugate of P - iQ, hence |F(g)|^2 + |F(-g)|^2 = 2 (|P|^2 + |Q|^2).
void finish_intensities(double wavelength, const double* g_squared, std::size_t n, const StructureFactorParts<float>& parts, float* intensity);
void finish_intensities(double wavelength, const double* g_squared, std::size_t n, const StructureFactorParts<double>& parts, double* intensity);

/// Where on the grid each reflection lies: bin[i] the bin whose centre is nearest to 2-theta, offset[i] the centre of that
/// bin minus 2-theta in standard deviations. `first_centre` and `step` in degrees.
void locate(double wavelength, double first_centre, double step, double sigma, const double* g_squared, std::size_t n, int* bin, float* offset);

/// profile[bin[i] + j] += intensity[i] exp(-(offset[i] + (j - reach) spacing)^2 / 2), j = 0 .. window - 1, `window` a
/// multiple of kBlock<float>. The caller has left room for every bin; bins outside [0, bins) are skipped.
void spread(std::size_t n, const int* bin, const float* offset, const float* intensity, float spacing, int reach, int window, int bins, float* profile);

/// out = profile / its largest, zero below `floor`, then the square root if asked. All zero if nothing is positive.
void normalise(const float* profile, std::size_t n, float floor, bool square_root, float* out);

}  // namespace xxact::xrd::kernels
