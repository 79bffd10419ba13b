// Symmetry of a structure by spglib (Togo & Tanaka, arXiv:1808.01590).
#pragma once

#include <cstdint>

#include "io/structure_record.hpp"
#include "src/base/laue_code.hpp"

namespace xxact::io {

/// Rotations count as symmetry of the structure as it is written where every atom lands this close to one of its kind, in angstrom.
inline constexpr double kExactSymmetry = 1e-4;
/// and where the scalar products of the lattice's vectors change by less than twice this share of the product of their lengths.
inline constexpr double kExactLattice = 3e-7;

struct Symmetry {
  int space_group = 0;                   // 1-230; 0 where spglib finds none
  std::uint32_t laue_code = kNoLaueCode;
};

/// The space group of a checked record within `symprec` angstrom, and those rotations of it that hold within kExactSymmetry
/// for every atom and its occupancy as float32, so that equivalent reflections are as strong. For spglib atoms of one mixed site are
/// one position, and sites are alike only if their species and occupancies (to 1e-3) are.
Symmetry find_symmetry(const StructureRecord& record, double symprec);

}  // namespace xxact::io
