#include "io/displacement_tensor.hpp"

#include <cmath>
#include <cstddef>

namespace xxact::io {

namespace {

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// a*, b*, c* without the factor 2 pi.
std::array<Vector, 3> reciprocal_vectors(const std::array<double, 9>& lattice) {
  std::array<Vector, 3> reciprocal;
  for (std::size_t i = 0; i < 3; ++i) {
    const double* p = &lattice[3 * ((i + 1) % 3)];
    const double* q = &lattice[3 * ((i + 2) % 3)];
    reciprocal[i] = {p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]};
  }
  const double volume = dot({lattice[0], lattice[1], lattice[2]}, reciprocal[0]);
  for (Vector& vector : reciprocal)
    for (double& x : vector) x /= volume;
  return reciprocal;
}

constexpr std::size_t kRow[6] = {0, 1, 2, 0, 0, 1}, kColumn[6] = {0, 1, 2, 1, 2, 2};
constexpr std::size_t kEntry[3][3] = {{0, 3, 4}, {3, 1, 5}, {4, 5, 2}};

}  // namespace

Tensor u_star(const Tensor& u, const std::array<double, 9>& lattice) {
  const std::array<Vector, 3> g = reciprocal_vectors(lattice);
  Tensor star;
  for (std::size_t n = 0; n < 6; ++n) star[n] = u[n] * std::sqrt(dot(g[kRow[n]], g[kRow[n]]) * dot(g[kColumn[n]], g[kColumn[n]]));
  return star;
}

Tensor isotropic_u_star(double u, const std::array<double, 9>& lattice) {
  const std::array<Vector, 3> g = reciprocal_vectors(lattice);
  Tensor star;
  for (std::size_t n = 0; n < 6; ++n) star[n] = u * dot(g[kRow[n]], g[kColumn[n]]);
  return star;
}

Tensor rotated(const Tensor& u, const std::array<double, 9>& rotation) {
  Tensor image{};
  for (std::size_t n = 0; n < 6; ++n)
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) image[n] += rotation[3 * kRow[n] + i] * u[kEntry[i][j]] * rotation[3 * kColumn[n] + j];
  return image;
}

Tensor cartesian(const Tensor& u, const std::array<double, 9>& lattice) {
  return rotated(u, {lattice[0], lattice[3], lattice[6], lattice[1], lattice[4], lattice[7], lattice[2], lattice[5], lattice[8]});
}

}  // namespace xxact::io
