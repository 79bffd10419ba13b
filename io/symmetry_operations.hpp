// Symmetry operations of CIF files: "x-y, x, z+1/2", the operations of a named group, and the expansion of an
// asymmetric unit to the whole cell.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "io/structure_record.hpp"

namespace xxact::io {

struct SymmetryOperation {
  std::array<double, 9> rotation{};    // [3, 3], acts on fractional coordinates
  std::array<double, 3> translation{};

  std::array<double, 3> operator()(const double* frac) const;
  bool operator==(const SymmetryOperation&) const = default;
};

inline constexpr std::size_t kMostOperations = 192 * 4;  // of a group in any primitive or centred cell, with room

/// Reads a coordinate triplet; fractions ("1/2") and decimals ("0.5"). Throws InputError where it is none or its rotation
/// has no inverse.
SymmetryOperation parse_operation(std::string_view text);

/// Throws InputError naming two operations whose product is not among them, translations being equal within 0.02 of the cell's edges: with
/// generators alone, or with one operation missing, atoms would be missing. Operations with a rotation that is no integer matrix are not checked.
void require_group(const std::vector<SymmetryOperation>& operations);

/// Replaces the atoms of `record` by all their images, coordinates in [0, 1). Images of one atom closer than 0.05 A
/// are one atom on a special position, at the mean of them: files give 1/3 as 0.3333 or 0.333. Displacements are turned with
/// the atoms, and on a special position are the mean of the images' too.
/// Throws InputError for more than `most_atoms` atoms. A single identity leaves everything as it is.
void expand_by_symmetry(StructureRecord& record, const std::vector<SymmetryOperation>& operations, std::size_t most_atoms);

}  // namespace xxact::io
