// Preferred orientation by March's model as Dollase applied it (J. Appl. Cryst. 19 (1986) 267, doi:10.1107/S0021889886089458):
// crystallites are platelets (r < 1) or needles (r > 1) whose normal, a plane normal hkl, prefers the scattering vector's direction
// or the plane across it. The sum over all directions is kept: the weight's mean over the sphere is 1 for every r.
#pragma once

#include <array>
#include <span>

namespace xxact::xrd {

/// (r^2 cos^2(a) + sin^2(a) / r)^(-3/2), a the angle between the reflection's plane normal and the texture axis.
double march_dollase(double r, double cosine_squared);

/// [reflections]: the weight of each reflection by itself. `lattice` [3, 3] has the vectors in rows, angstrom; axis and reflections are
/// Miller indices in its reciprocal lattice. A family's weight is the mean over its members: adding up the weighted intensities of all
/// members, as a sum over all hkl does, gives just that, also where families share an angle, and +hkl and -hkl weigh the same.
/// r = 1 gives exactly 1. Throws ConfigError for an r outside 0.05 to 20, a zero axis or reflection, or spans of different lengths;
/// InputError for a lattice without volume.
void texture_weights(std::span<const double, 9> lattice, const std::array<int, 3>& axis, double r, std::span<const std::array<int, 3>> reflections,
                     std::span<double> weights);

}  // namespace xxact::xrd
