// Pairs of atoms closer than a cutoff, periodic images included, for the checks of a record.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace xxact::io {

struct ClosePair {
  std::uint32_t first, second;  // first < second
  double distance;              // angstrom, of the nearest images
};

/// All pairs closer than `cutoff` angstrom. `lattice` [3, 3], rows are vectors; `frac_coords` [atoms, 3], any range.
/// Needs planes of the cell at least `cutoff` apart (`plane_spacings`): then one atom and its own images never
/// pair. Stops after `most` pairs. Sorted sweep along the widest direction: O(n log n) for atoms spread out.
std::vector<ClosePair> close_pairs(std::span<const double, 9> lattice, std::span<const double> frac_coords, double cutoff, std::size_t most);

/// Distances between neighbouring lattice planes (100), (010), (001): volume over the area of the opposite face.
/// Zero for a flat cell.
struct PlaneSpacings {
  double along[3];
  double volume;  // angstrom^3, not negative
};
PlaneSpacings plane_spacings(std::span<const double, 9> lattice);

}  // namespace xxact::io
