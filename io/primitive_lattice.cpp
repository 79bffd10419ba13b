#include "io/primitive_lattice.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace xxact::io {
namespace {

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector cross(const Vector& a, const Vector& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
double length(const Vector& a) { return std::sqrt(dot(a, a)); }

/// A cell as three vectors in angstrom.
using Cell = std::array<Vector, 3>;

double volume(const Cell& cell) { return std::abs(dot(cell[0], cross(cell[1], cell[2]))); }

Vector position(const Cell& cell, const Vector& frac) {
  Vector place{};
  for (std::size_t v = 0; v < 3; ++v)
    for (std::size_t x = 0; x < 3; ++x) place[x] += frac[v] * cell[v][x];
  return place;
}

/// Fractions shifted by whole numbers into -1/2 .. 1/2.
Vector nearest(Vector frac) {
  for (double& x : frac) x -= std::round(x);
  return frac;
}

/// Structure with its atoms by kind (element and occupancy).
class Atoms {
 public:
  explicit Atoms(const StructureView& structure) {
    std::map<std::pair<int, float>, std::vector<Vector>> by_kind;
    for (std::size_t i = 0; i < structure.atoms(); ++i)
      by_kind[{structure.atomic_number[i], structure.occupancy_of(i)}].push_back({structure.frac_coords[3 * i], structure.frac_coords[3 * i + 1], structure.frac_coords[3 * i + 2]});
    for (auto& [kind, places] : by_kind) kinds_.push_back(std::move(places));
    std::ranges::sort(kinds_, {}, [](const auto& places) { return places.size(); });
  }

  /// Fractions of the cell, none of which is a vector of it: from one atom of the rarest kind to another, where the rest follows.
  std::vector<Vector> translations(const Cell& cell) const {
    // Within a tolerance one translation may hold where its multiple does not: then a smaller tolerance decides.
    std::vector<Vector> found;
    for (double distance = kTranslationDistance; distance > kTranslationDistance / 1000; distance /= 2) {
      found.clear();
      const auto& rarest = kinds_.front();
      for (std::size_t to = 1; to < rarest.size(); ++to) {
        const Vector shift = difference(rarest[to], rarest[0]);
        if (length(position(cell, shift)) > distance && holds(cell, shift, distance)) found.push_back(shift);
      }
      if (is_group(cell, found, distance)) return found;
    }
    return {};
  }

 private:
  static Vector difference(const Vector& a, const Vector& b) { return nearest({a[0] - b[0], a[1] - b[1], a[2] - b[2]}); }

  static bool is_group(const Cell& cell, const std::vector<Vector>& shifts, double distance) {
    return std::ranges::all_of(shifts, [&](const Vector& a) {
      return std::ranges::all_of(shifts, [&](const Vector& b) {
        const Vector sum = nearest({a[0] + b[0], a[1] + b[1], a[2] + b[2]});
        const auto is_sum = [&](const Vector& other) { return length(position(cell, difference(sum, other))) < 3 * distance; };
        return is_sum({0, 0, 0}) || std::ranges::any_of(shifts, is_sum);
      });
    });
  }

  bool holds(const Cell& cell, const Vector& shift, double distance) const {
    return std::ranges::all_of(kinds_, [&](const auto& places) {
      return std::ranges::all_of(places, [&](const Vector& from) {
        const Vector image = {from[0] + shift[0], from[1] + shift[1], from[2] + shift[2]};
        return std::ranges::any_of(places, [&](const Vector& to) { return length(position(cell, difference(to, image))) < distance; });
      });
    });
  }

  std::vector<std::vector<Vector>> kinds_;  // the rarest first
};

Vector combined(const Vector& a, double times, const Vector& b) { return {a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]}; }

/// Whether `vector` became shorter by whole multiples of the two others.
bool shorten(Vector& vector, const Vector& a, const Vector& b) {
  // Nearly the nearest point of their plane, then its neighbours.
  const double aa = dot(a, a), bb = dot(b, b), ab = dot(a, b), area = aa * bb - ab * ab;
  const double x = std::round((dot(vector, a) * bb - dot(vector, b) * ab) / area), y = std::round((dot(vector, b) * aa - dot(vector, a) * ab) / area);
  Vector best = vector;
  for (int i = -1; i <= 1; ++i)
    for (int j = -1; j <= 1; ++j) {
      const Vector other = combined(combined(vector, -x + i, a), -y + j, b);
      if (dot(other, other) < dot(best, best) * (1 - 1e-12)) best = other;
    }
  return std::exchange(vector, best) != best;
}

/// A basis of the same lattice in which no vector becomes shorter by those of the others: its three shortest (Minkowski; in three dimensions multiples of -1, 0, 1 are
/// all that there is to try, Semaev, doi:10.1007/3-540-44670-2_13).
Cell reduced(Cell cell) {
  bool shorter = true;
  while (shorter) {
    shorter = false;
    for (std::size_t v = 0; v < 3; ++v) shorter = shorten(cell[v], cell[(v + 1) % 3], cell[(v + 2) % 3]) || shorter;
  }
  return cell;
}

Vector fractions(const Cell& cell, const Vector& place) {
  const double all = dot(cell[0], cross(cell[1], cell[2]));
  return {dot(place, cross(cell[1], cell[2])) / all, dot(place, cross(cell[2], cell[0])) / all, dot(place, cross(cell[0], cell[1])) / all};
}

/// Lengths of the shortest, then the shortest that is not along it, then the shortest that is not in their plane: in three dimensions they span the lattice.
std::array<double, 3> successive_minima(std::vector<Vector> vectors, double primitive_volume) {
  std::ranges::sort(vectors, {}, length);
  constexpr double kClosestRows = 0.1;  // angstrom; between rows of translations, which are only found within a tolerance
  Cell shortest{};
  std::array<double, 3> found{};
  std::size_t n = 0;
  for (const Vector& vector : vectors) {
    const double own = length(vector);
    if (n == 0) {
      if (own < kTranslationDistance) continue;
    } else if (n == 1) {
      if (length(cross(shortest[0], vector)) < kClosestRows * found[0]) continue;
    } else if (std::abs(dot(vector, cross(shortest[0], shortest[1]))) < 0.5 * primitive_volume) {
      continue;
    }
    shortest[n] = vector;
    found[n++] = own;
    if (n == 3) break;
  }
  return found;
}

}  // namespace

std::optional<PrimitiveLattice> primitive_lattice(const StructureView& structure) {
  if (structure.atoms() == 0) return std::nullopt;
  Cell written;
  for (std::size_t v = 0; v < 3; ++v)
    for (std::size_t x = 0; x < 3; ++x) written[v][x] = structure.lattice[3 * v + x];
  constexpr double kFlat = 1e-6;
  if (!(volume(written) > kFlat * length(written[0]) * length(written[1]) * length(written[2]))) return std::nullopt;
  const Cell cell = reduced(written);
  // All lattice vectors near the origin: coefficients of faces of the Voronoi cell are -1, 0, 1 in a reduced cell; one more for those that its own translations lie between.
  constexpr int kReach = 2;
  std::vector<Vector> origins = {{0, 0, 0}};
  for (const Vector& shift : Atoms(structure).translations(written)) origins.push_back(nearest(fractions(cell, position(written, shift))));
  std::vector<Vector> near;
  for (const Vector& origin : origins)
    for (int a = -kReach; a <= kReach; ++a)
      for (int b = -kReach; b <= kReach; ++b)
        for (int c = -kReach; c <= kReach; ++c) near.push_back(position(cell, {origin[0] + a, origin[1] + b, origin[2] + c}));
  const double own = volume(cell) / static_cast<double>(origins.size());
  return PrimitiveLattice{successive_minima(std::move(near), own), own};
}

}  // namespace xxact::io
