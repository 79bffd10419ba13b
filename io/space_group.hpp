// Symmetry of a structure by spglib (Togo & Tanaka, arXiv:1808.01590).
#pragma once

#include <cstdint>

#include "io/structure_record.hpp"
#include "src/base/laue_code.hpp"

namespace xxact::io {

/// Rotations count as symmetry of the structure as it is written where every atom lands this close to one of its kind, in angstrom.
inline constexpr double kExactSymmetry = 1e-4;
/// and where the lattice's lengths and angles (in radians) stay as they are to this share.
inline constexpr double kExactLattice = 3e-7;

struct Symmetry {
  int space_group = 0;                   // 1-230; 0 where spglib finds none
  std::uint32_t laue_code = kNoLaueCode;
};

/// The space group of a checked record within `symprec` angstrom, and those rotations of it that hold within kExactSymmetry,
/// so that equivalent reflections are as strong. Atoms of one mixed site are one position; sites are alike only if
/// their species and occupancies (to 1e-3) are.
Symmetry find_symmetry(const StructureRecord& record, double symprec);

}  // namespace xxact::io
