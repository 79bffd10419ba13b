#include "io/close_pairs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

namespace xxact::io {

namespace {

using Vector = std::array<double, 3>;

Vector cross(const double* a, const double* b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// Length of the shortest image of a fractional difference below the reach, or nothing. `reach` [3]: cutoff in
/// fractional units; differences beyond it along one direction alone are longer than the cutoff.
std::optional<double> shortest_image(std::span<const double, 9> lattice, const Vector& difference, const Vector& reach, double cutoff) {
  std::array<int, 3> low{}, high{};
  for (std::size_t i = 0; i < 3; ++i) {
    low[i] = static_cast<int>(std::ceil(-difference[i] - reach[i]));
    high[i] = static_cast<int>(std::floor(-difference[i] + reach[i]));
    if (low[i] > high[i]) return std::nullopt;
  }
  double best = cutoff * cutoff;
  bool found = false;
  for (int na = low[0]; na <= high[0]; ++na)
    for (int nb = low[1]; nb <= high[1]; ++nb)
      for (int nc = low[2]; nc <= high[2]; ++nc) {
        const double f[3] = {difference[0] + na, difference[1] + nb, difference[2] + nc};
        Vector r{};
        for (std::size_t x = 0; x < 3; ++x) r[x] = f[0] * lattice[x] + f[1] * lattice[3 + x] + f[2] * lattice[6 + x];
        const double square = dot(r.data(), r.data());
        if (square < best) {
          best = square;
          found = true;
        }
      }
  return found ? std::optional(std::sqrt(best)) : std::nullopt;
}

}  // namespace

PlaneSpacings plane_spacings(std::span<const double, 9> lattice) {
  const double* a = lattice.data();
  PlaneSpacings spacings{};
  const Vector bc = cross(a + 3, a + 6);
  spacings.volume = std::abs(dot(a, bc.data()));
  for (std::size_t i = 0; i < 3; ++i) {
    const Vector face = cross(a + 3 * ((i + 1) % 3), a + 3 * ((i + 2) % 3));
    const double area = std::sqrt(dot(face.data(), face.data()));
    spacings.along[i] = area > 0 ? spacings.volume / area : 0.0;
  }
  return spacings;
}

std::vector<ClosePair> close_pairs(std::span<const double, 9> lattice, std::span<const double> frac_coords, double cutoff, std::size_t most) {
  const std::size_t atoms = frac_coords.size() / 3;
  const PlaneSpacings spacings = plane_spacings(lattice);
  const std::size_t axis = static_cast<std::size_t>(std::max_element(spacings.along, spacings.along + 3) - spacings.along);
  // A hair more than needed: rounding must not lose a pair at the cutoff.
  const Vector reach = {cutoff / spacings.along[0] + 1e-9, cutoff / spacings.along[1] + 1e-9, cutoff / spacings.along[2] + 1e-9};
  std::vector<double> wrapped(frac_coords.begin(), frac_coords.end());
  for (double& x : wrapped) x -= std::floor(x);
  std::vector<std::uint32_t> order(atoms);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return wrapped[3 * i + axis] < wrapped[3 * j + axis]; });

  std::vector<ClosePair> pairs;
  for (std::size_t p = 0; p < atoms; ++p)
    for (std::size_t step = 1; step < atoms; ++step) {
      const std::size_t q = (p + step) % atoms;
      const std::uint32_t i = order[p], j = order[q];
      double ahead = wrapped[3 * j + axis] - wrapped[3 * i + axis];
      if (q < p) ahead += 1.0;
      if (ahead > reach[axis]) break;
      // Where the reach is half the cell or more, a pair is met from both sides.
      if (ahead > 0.5 || (ahead == 0.5 && j < i)) continue;
      const Vector difference = {wrapped[3 * j] - wrapped[3 * i], wrapped[3 * j + 1] - wrapped[3 * i + 1], wrapped[3 * j + 2] - wrapped[3 * i + 2]};
      if (const auto distance = shortest_image(lattice, difference, reach, cutoff)) {
        pairs.push_back({std::min(i, j), std::max(i, j), *distance});
        if (pairs.size() >= most) return pairs;
      }
    }
  return pairs;
}

}  // namespace xxact::io
