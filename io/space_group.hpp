// Space group of a structure by spglib (Togo & Tanaka, arXiv:1808.01590).
#pragma once

#include <array>
#include <vector>

#include "io/structure_record.hpp"
#include "src/base/structure.hpp"

namespace xxact::io {

/// Space group number 1-230 of a checked record within `symprec` angstrom; 0 where spglib finds none. Atoms of
/// one mixed site are one position; sites are alike only if their species and occupancies (to 1e-3) are.
int find_space_group(const StructureRecord& record, double symprec);

/// Rotations [3, 3] (row-major, in the basis of the cell) of the operations that spglib finds within `symprec` angstrom;
/// none where it finds none. Atoms are alike if element and occupancy are.
std::vector<std::array<int, 9>> find_rotations(const StructureView& structure, double symprec);

}  // namespace xxact::io
