// The lattice that a structure repeats itself on, whatever cell it is written in.
#pragma once

#include <array>
#include <optional>

#include "src/base/structure.hpp"

namespace xxact::io {

/// Translations map every atom onto one of its kind and occupancy within this, in angstrom.
inline constexpr double kTranslationDistance = 0.01;

struct PrimitiveLattice {
  std::array<double, 3> length{};  // of the three shortest independent translations, ascending, angstrom: they change steadily with the lattice, as angles of reduced cells do not
  double volume = 0;               // of the primitive cell, cubic angstrom
};

/// Nothing for a structure without atoms, or whose lattice vectors lie in a plane.
std::optional<PrimitiveLattice> primitive_lattice(const StructureView& structure);

}  // namespace xxact::io
