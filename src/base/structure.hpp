// Crystal structures as ragged arrays: one flat array an attribute and an offset table, no object per atom.
// Units: lattice in angstrom (float64, rows are the vectors a, b, c), coordinates fractional (float32).
// Charges and displacements are looked at where a single structure has them; StructureArrays does not keep them.
// Not here: parsing, file layout (io/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/laue_code.hpp"

namespace xxact {

/// One structure, looked at where it lies. Valid as long as the arrays behind it.
struct StructureView {
  std::span<const double, 9> lattice;            // [3, 3] row-major, angstrom
  std::span<const std::uint8_t> atomic_number;   // [atoms]
  std::span<const float> frac_coords;            // [atoms, 3]
  std::span<const float> occupancy;              // [atoms], or empty: every occupancy is 1
  std::uint32_t laue_code = kNoLaueCode;         // rotations that are known to leave the structure as it is
  std::span<const float> charge = {};            // [atoms] of the ions, in units of the proton's, NaN: not known; or empty: none is
  /// [atoms, 6], or empty: the mean square displacements U11, U22, U33, U12, U13, U23 in angstrom^2, in the frame of the
  /// lattice's vectors (x, y, z, not a, b, c).
  std::span<const double> displacement = {};

  std::size_t atoms() const { return atomic_number.size(); }
  float occupancy_of(std::size_t atom) const { return occupancy.empty() ? 1.0F : occupancy[atom]; }
};

/// Owner of many structures in ragged form.
struct StructureArrays {
  std::vector<double> lattice;                 // [N, 3, 3]
  std::vector<std::int64_t> atom_offset = {0}; // [N + 1]
  std::vector<std::uint8_t> atomic_number;     // [M]
  std::vector<float> frac_coords;              // [M, 3]
  std::vector<float> occupancy;                // [M], or empty while no site is partial
  std::vector<std::uint32_t> laue_code;        // [N]

  std::size_t size() const { return atom_offset.size() - 1; }

  StructureView operator[](std::size_t row) const {
    const auto first = static_cast<std::size_t>(atom_offset[row]);
    const auto count = static_cast<std::size_t>(atom_offset[row + 1]) - first;
    return {std::span<const double, 9>(lattice.data() + 9 * row, 9),
            std::span(atomic_number).subspan(first, count),
            std::span(frac_coords).subspan(3 * first, 3 * count),
            occupancy.empty() ? std::span<const float>{} : std::span(occupancy).subspan(first, count), laue_code[row]};
  }

  void push_back(const StructureView& s) {
    lattice.insert(lattice.end(), s.lattice.begin(), s.lattice.end());
    if (occupancy.empty() && !s.occupancy.empty()) occupancy.assign(atomic_number.size(), 1.0F);
    atomic_number.insert(atomic_number.end(), s.atomic_number.begin(), s.atomic_number.end());
    frac_coords.insert(frac_coords.end(), s.frac_coords.begin(), s.frac_coords.end());
    if (!s.occupancy.empty())
      occupancy.insert(occupancy.end(), s.occupancy.begin(), s.occupancy.end());
    else if (!occupancy.empty())
      occupancy.resize(atomic_number.size(), 1.0F);
    laue_code.push_back(s.laue_code);
    atom_offset.push_back(static_cast<std::int64_t>(atomic_number.size()));
  }
};

}  // namespace xxact
