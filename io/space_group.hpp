// Space group of a structure by spglib (Togo & Tanaka, arXiv:1808.01590).
#pragma once

#include "io/structure_record.hpp"

namespace xxact::io {

/// Space group number 1-230 of a checked record within `symprec` angstrom; 0 where spglib finds none. Atoms of
/// one mixed site are one position; sites are alike only if their species and occupancies (to 1e-3) are.
int find_space_group(const StructureRecord& record, double symprec);

}  // namespace xxact::io
