// Tensors of the mean square displacements of atoms, and what symmetry and a change of axes make of them (International Tables
// for Crystallography Vol. D (2003), 1.9; nomenclature: Trueblood et al., Acta Cryst. A52 (1996) 770,
// doi:10.1107/S0108767396005697). U* is the dimensionless form, T(hkl) = exp(-2 pi^2 sum U*_ij h_i h_j).
#pragma once

#include <array>

namespace xxact::io {

using Tensor = std::array<double, 6>;  // symmetric: 11, 22, 33, 12, 13, 23

/// U*_ij = U_ij a*_i a*_j of the U_ij that files give, in angstrom^2; a* the reciprocal lengths of `lattice` ([3, 3], rows are
/// vectors).
Tensor u_star(const Tensor& u, const std::array<double, 9>& lattice);

/// U* of the same mean square displacement in every direction, angstrom^2.
Tensor isotropic_u_star(double u, const std::array<double, 9>& lattice);

/// R U R^T: the U* of an atom's image under an operation whose rotation is R ([3, 3], acts on fractional coordinates).
Tensor rotated(const Tensor& u_star, const std::array<double, 9>& rotation);

/// The mean square displacements along x, y, z of the lattice's frame, angstrom^2.
Tensor cartesian(const Tensor& u_star, const std::array<double, 9>& lattice);

}  // namespace xxact::io
