#include "pipeline/xrd/reciprocal_metric.hpp"

#include <algorithm>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

// Flattened cells below this share of the product of their edges are taken as a mistake, not as a crystal.
constexpr double kLeastShapeVolume = 1e-6;

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}  // namespace

ReciprocalMetric ReciprocalMetric::of(std::span<const double, 9> lattice, double strain) {
  std::array<Vector, 3> edge;
  for (std::size_t i = 0; i < 9; ++i) {
    if (!std::isfinite(lattice[i])) throw InputError("the lattice has a number that is not finite");
    edge[i / 3][i % 3] = lattice[i] * (1 + strain);
  }
  std::array<double, 3> length;
  for (std::size_t i = 0; i < 3; ++i) length[i] = std::sqrt(dot(edge[i], edge[i]));
  const double determinant = dot(edge[0], cross(edge[1], edge[2]));
  if (!(std::abs(determinant) > kLeastShapeVolume * length[0] * length[1] * length[2]))
    throw InputError("the cell has no volume (edges {:.4g}, {:.4g}, {:.4g} angstrom, volume {:.4g})", length[0], length[1], length[2],
                     std::abs(determinant));
  std::array<Vector, 3> reciprocal;
  for (std::size_t i = 0; i < 3; ++i) {
    reciprocal[i] = cross(edge[(i + 1) % 3], edge[(i + 2) % 3]);
    for (double& component : reciprocal[i]) component /= determinant;
  }
  ReciprocalMetric m{};
  const auto longest = static_cast<int>(std::max_element(length.begin(), length.end()) - length.begin());
  m.axis = axes_with_last(longest);
  std::array<Vector, 3> g;
  for (std::size_t i = 0; i < 3; ++i) {
    g[i] = reciprocal[static_cast<std::size_t>(m.axis[i])];
    m.edge[i] = length[static_cast<std::size_t>(m.axis[i])];
  }
  m.uu = dot(g[0], g[0]), m.vv = dot(g[1], g[1]), m.ww = dot(g[2], g[2]);
  m.uv = dot(g[0], g[1]), m.uw = dot(g[0], g[2]), m.vw = dot(g[1], g[2]);
  m.vector = g;
  m.volume = std::abs(determinant);
  return m;
}

}  // namespace xxact::xrd
