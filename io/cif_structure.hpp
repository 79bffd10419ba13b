// A data block of a CIF file as a structure record: cell, sites, occupancies, symmetry operations expanded.
// Not here: the syntax (io/cif_document.hpp).
#pragma once

#include <cstddef>

#include "io/cif_document.hpp"
#include "io/record_checks.hpp"
#include "io/structure_record.hpp"

namespace xxact::io {

/// Whether a block has a cell or sites: files hold blocks of publication text and of measured profiles as well.
bool holds_structure(const CifBlock& block);

/// Fills lattice (a along x, b in the xy plane), atoms and space group of `record`. Symmetry: the listed operations,
/// else those of the Hall or Hermann-Mauguin name (setting by the cell angles where the name leaves it open), else of the
/// number in its standard setting, else none. The space group is the declared one, but P 1 counts as not
/// declared: programs that list every atom of the cell write P 1 whatever the symmetry of the crystal.
/// The expansion ends at four times the limit of atoms; details are read where the limits ask for them.
/// Throws InputError with the reason.
void read_cif_block(const CifBlock& block, StructureRecord& record, const RecordLimits& limits);

}  // namespace xxact::io
