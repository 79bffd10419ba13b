// The loops of peak_shape.cpp, each compiled for several instruction sets and chosen when the program starts. All bin
// integrals are those of the closed-form distribution functions, written so that nothing cancels far from the peak.
#pragma once

#include <cstddef>

namespace xxact::xrd::kernels {

inline constexpr int kPeakBlock = 8;  // bins worked on at a time: every count below is a multiple of it
inline constexpr int kTailCell = 16;  // bins of a cell, over which a far tail is a cubic polynomial

/// profile[j] += area * (Phi(z_j+1) - Phi(z_j)), j = 0 .. count - 1, Phi(z) = erfc(-z) / 2, z_j = first + j spacing: the
/// Gaussian's bin integrals for edges in units of sqrt(2) sigma. `scratch` has room for count + kPeakBlock numbers.
void add_gaussian(float* profile, int count, double first, double spacing, float area, float* scratch);

/// The same, for spacing <= kWideGaussian, from the density and its derivatives at the bins' centres, relative error below 2e-6.
void add_gaussian_wide(float* profile, int count, double first, double spacing, float area);
inline constexpr double kWideGaussian = 0.35;

/// profile[j] += area / pi * (arctan(x_j+1) - arctan(x_j)), x_j = first + j spacing, edges in half widths: the Lorentzian's
/// bin integrals, from arctan(b) - arctan(a) = arg(1 + ab + i(b - a)).
void add_lorentzian(float* profile, int count, double first, double spacing, float area);

/// The same where every integral is far from the peak, spacing / (1 + x_j x_j+1) <= kFarLorentzian: arctan(t) = t - t^3 / 3.
void add_lorentzian_tail(float* profile, int count, double first, double spacing, float area);
inline constexpr double kFarLorentzian = 0.03;

/// The far tail as a cubic in each cell from first_cell to last_cell - 1: coefficient k of cell c in coefficients[k * stride + c],
/// of s^k, s in bins from the cell's centre. `first` is the distance in half widths from the peak to the centre of cell 0.
/// A cell must lie kFarCells cells from the peak or more: the relative error of the series is then below 1e-4.
void add_lorentzian_cells(float* coefficients, std::size_t stride, int first_cell, int last_cell, double first, double spacing, float area);
inline constexpr int kFarCells = 8;

/// out[i] = profile[i] + the cubic of the cell of bin i, i = 0 .. kTailCell * cells - 1.
void add_cells(const float* profile, const float* coefficients, std::size_t stride, int cells, float* out);

}  // namespace xxact::xrd::kernels
