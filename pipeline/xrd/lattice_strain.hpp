// Homogeneous strain of a lattice that keeps its symmetry: only the components that the crystal system allows. Works for any cell of
// the lattice, primitive or centred, in any orientation: the symmetry axes are found from the lattice itself.
#pragma once

#include <array>
#include <span>

namespace xxact::xrd {

/// The lattice [3, 3] (rows are vectors, angstrom) times (I + e), e symmetric. Which of the six numbers of `strain` count:
///   6 cubic, -1 unknown    e = strain[0] I
///   3 tetragonal, 4 trigonal, 5 hexagonal    strain[0] across the unique axis, strain[2] along it
///   2 orthorhombic    strain[0], strain[1], strain[2] along the three two-fold axes
///   1 monoclinic    strain[1] along the two-fold axis; strain[0], strain[2] and the shear strain[3] across it
///   0 triclinic    normal components strain[0..2], shear components xy, xz, yz strain[3..5]
/// The crystal system is numbered as crystal_system_of does. Where the lattice does not have exactly the symmetry of the system (a
/// lattice that is by chance more symmetric, or distorted beyond a relative 1e-3) the axes are not determined, and the strain is the
/// isotropic one, which keeps every symmetry. Throws ConfigError for another number, for a component that is not within -0.5 to 0.5,
/// and InputError for a lattice without volume. All zero returns the lattice unchanged, bit by bit.
std::array<double, 9> strained_lattice(std::span<const double, 9> lattice, int crystal_system, const std::array<double, 6>& strain);

}  // namespace xxact::xrd
