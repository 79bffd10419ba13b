// What a CIF says of its atom sites beside element, place and occupancy: charges and displacements.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "io/cif_document.hpp"
#include "io/record_checks.hpp"
#include "io/structure_record.hpp"

namespace xxact::io {

/// [sites]: of the block's sites, whose labels and type symbols these are (either may be empty), what `limits` asks for.
///
/// A charge is the oxidation number that the block gives for the type symbol, else what the symbol ends with.
/// A displacement comes from the site's row of U_ij or B_ij, else from its U_iso or B_iso, B = 8 pi^2 U.
/// Throws InputError with the site and the tag: a value that is no number, a tensor with some of its six numbers unknown or for
/// a label that no site or several have, a charge that the symbol contradicts.
std::vector<AtomDetails> read_site_details(const CifBlock& block, const CifColumn& labels, const CifColumn& symbols, std::size_t sites,
                                           const std::array<double, 9>& lattice, const RecordLimits& limits);

}  // namespace xxact::io
