// How messages name an atom of a structure.
#pragma once

#include <cstddef>
#include <string>

#include "src/base/structure.hpp"

namespace xxact::xrd {

/// "atom 3 (Fe at 0.25, 0, 0.5)", counted from 1.
std::string atom_name(const StructureView& structure, std::size_t atom);

}  // namespace xxact::xrd
