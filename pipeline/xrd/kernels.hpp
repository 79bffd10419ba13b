// The loops that take the time, each compiled for several instruction sets and chosen when the program starts. Plain
// arrays in and out; what they mean is said in structure_factors.hpp and profile.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pipeline/xrd/reciprocal_metric.hpp"
#include "src/base/laue_code.hpp"

namespace xxact::xrd::kernels {

/// Arrays are read and written in blocks of this many numbers: they end with as much room.
inline constexpr std::size_t kBlock = 8;
/// What sum_elements works on at a time, so that its chains of multiplications overlap; its arrays end with this much room.
template <class Real>
inline constexpr std::size_t kElementBlock = (sizeof(Real) == 4 ? 4 : 2) * kBlock;

/// exp(2 pi i index x) of each atom and index, real and imaginary parts apart; atoms are sorted by element.
template <class Real>
struct PhaseTables {
  std::size_t atoms = 0, elements = 0;
  std::size_t atom_stride = 0;                  // the next multiple of kBlock
  const std::size_t* element_end = nullptr;  // [elements]: one past the last atom of each
  const Real *u_re = nullptr, *u_im = nullptr;  // [u_max + 1, atom_stride], times the occupancy
  const Real *v_re = nullptr, *v_im = nullptr;  // [2 v_max + 1, atom_stride], index 0 in the middle
  const Real *w_re = nullptr, *w_im = nullptr;  // [atoms, w_stride], index 0 at w_max
  std::size_t w_stride = 0;
  int v_max = 0, w_max = 0;
  Real *row_re = nullptr, *row_im = nullptr;  // [atom_stride], scratch
};

/// sum_{re,im}[element, stride]: the sum of the phases of each element's atoms, one a reflection of the rows in turn.
void sum_phases(const PhaseTables<float>& tables, std::span<const ReflectionRow> rows, float* sum_re, float* sum_im, std::size_t stride);
void sum_phases(const PhaseTables<double>& tables, std::span<const ReflectionRow> rows, double* sum_re, double* sum_im, std::size_t stride);

/// Where an element's polynomial is evaluated: t = shift + scale / (1 + per_g_squared g^2).
struct PolynomialArgument {
  double per_g_squared, scale, shift;
};
void polynomial_argument(const PolynomialArgument& argument, const double* g_squared, std::size_t n, float* t);
void polynomial_argument(const PolynomialArgument& argument, const double* g_squared, std::size_t n, double* t);

inline constexpr int kMostCoefficients = 56;

/// sum over k of coefficient[k] T_k(t), k = 0 .. degree, T_k the Chebyshev polynomials.
template <class Real>
struct ChebyshevSeries {
  std::array<Real, kMostCoefficients> coefficient{};
  int degree = 0;
};

/// An atom's scattering: f0 + f' and f'', both times its Debye-Waller factor.
template <class Real>
struct ElementPolynomial {
  ChebyshevSeries<Real> real, imaginary;
};

/// f_squared[i] = |F(g)|^2 + |F(-g)|^2 from the phase sums S: with P = sum over elements of `real` S and Q = sum of
/// `imaginary` S, F(g) = P + iQ and F(-g) is the conjugate of P - iQ, hence 2 (|P|^2 + |Q|^2).
void sum_elements(std::span<const ElementPolynomial<float>* const> elements, const float* t, const float* sum_re, const float* sum_im, std::size_t stride,
                  std::size_t n, float* f_squared);
void sum_elements(std::span<const ElementPolynomial<double>* const> elements, const double* t, const double* sum_re, const double* sum_im, std::size_t stride,
                  std::size_t n, double* f_squared);

/// intensity[i] = f_squared[i] scale (1 + polarisation cos^2 2-theta) / (sin^2 theta cos theta); zero where the reflection is
/// beyond this wavelength's sphere. In place if both are the same.
struct LorentzPolarisation {
  double wavelength = 1, polarisation = 1, scale = 1;
};
void apply_lorentz_polarisation(const LorentzPolarisation& factor, const double* g_squared, const float* f_squared, std::size_t n, float* intensity);
void apply_lorentz_polarisation(const LorentzPolarisation& factor, const double* g_squared, const double* f_squared, std::size_t n, double* intensity);

/// What one step of u, v and w adds to the packed hkl of a reflection's image under an operation, and 0, 1, ... steps of w.
struct OrbitMap {
  std::array<std::int64_t, 3> step;
  std::array<std::int64_t, kBlock> lanes;
};

/// Of each reflection of the rows in turn: hkl, the largest of its packed images and their negatives, and multiplicity, the
/// number of different images, g and -g being one. The maps are a group of at most kMostRotations, the identity first.
void label_orbits(std::span<const OrbitMap> maps, std::span<const ReflectionRow> rows, std::int64_t* hkl, std::uint16_t* multiplicity);

/// intensity[i] *= multiplicity[i].
void apply_multiplicity(const std::uint16_t* multiplicity, std::size_t n, float* intensity);
void apply_multiplicity(const std::uint16_t* multiplicity, std::size_t n, double* intensity);

/// Sort keys: g^2 in units of largest / 2^40 in the upper bits, the index i in the lower kIndexBits; and bucket[i] in
/// [0, buckets), ascending with g^2 and about evenly filled by the reflections of a sphere, whose number grows with |g|^3.
/// All of g_squared lie between the two bounds.
inline constexpr int kIndexBits = 23;
void assign_buckets(double smallest, double largest, int buckets, const double* g_squared, std::size_t n, std::uint64_t* key, std::uint32_t* bucket);

/// re[n * atoms + a] + i im[n * atoms + a] = first[a] (step_re[a] + i step_im[a])^n, n = 0 .. count - 1, `atoms` a multiple of kBlock.
void powers(const double* step_re, const double* step_im, const double* first, std::size_t atoms, std::size_t count, float* re, float* im);
void powers(const double* step_re, const double* step_im, const double* first, std::size_t atoms, std::size_t count, double* re, double* im);

/// g^2 of the reflections of the rows in turn.
void squared_lengths(const ReciprocalMetric& metric, std::span<const ReflectionRow> rows, double* g_squared);

/// re[i] + i im[i] = exp(2 pi i x[i]), error below 1e-15.
void unit_phases(const double* x, std::size_t n, double* re, double* im);

/// two_theta[i] in degrees, error below 1e-12, and key[i] = round(two_theta / tolerance), half to even.
void angles_and_keys(double wavelength, double tolerance, const double* g_squared, std::size_t n, double* two_theta, double* key);

/// Where on the grid each reflection lies: bin[i] the bin whose centre is nearest to 2-theta, offset[i] the centre of that
/// bin minus 2-theta in standard deviations. `first_centre` and `step` in degrees.
void locate(double wavelength, double first_centre, double step, double sigma, const double* g_squared, std::size_t n, int* bin, float* offset);

/// The same on an axis that is linear in |g|: the place of a reflection is per_g |g|.
void locate_along_g(double per_g, double first_centre, double step, double sigma, const double* g_squared, std::size_t n, int* bin, float* offset);

/// profile[bin[i] + j] += intensity[i] exp(-(offset[i] + (j - reach) spacing)^2 / 2), j = 0 .. window - 1, `window` a
/// multiple of kBlock. The caller has left room for every bin; bins outside [0, bins) are skipped.
void spread(std::size_t n, const int* bin, const float* offset, const float* intensity, float spacing, int reach, int window, int bins, float* profile);

/// out = profile / its largest, zero below `floor`, then the square root if asked. All zero if nothing is positive.
void normalise(const float* profile, std::size_t n, float floor, bool square_root, float* out);

}  // namespace xxact::xrd::kernels
