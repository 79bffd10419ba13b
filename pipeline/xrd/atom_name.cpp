#include "pipeline/xrd/atom_name.hpp"

#include <fmt/format.h>

#include "src/base/elements.hpp"

namespace xxact::xrd {

std::string atom_name(const StructureView& structure, std::size_t atom) {
  const float* x = structure.frac_coords.data() + 3 * atom;
  return fmt::format("atom {} ({} at {:.4g}, {:.4g}, {:.4g})", atom + 1, element_symbol(structure.atomic_number[atom]), x[0], x[1], x[2]);
}

}  // namespace xxact::xrd
