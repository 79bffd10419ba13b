#include "pipeline/xrd/lattice_strain.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;  // rows

constexpr double kTolerance = 1e-3;  // of lengths and cosines of the lattice vectors
constexpr std::size_t kMostImages = 64;
constexpr double kMostTries = 30'000;  // lattice vectors looked at for one row

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector cross(const Vector& a, const Vector& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
Vector unit(const Vector& a) {
  const double length = std::sqrt(dot(a, a));
  return {a[0] / length, a[1] / length, a[2] / length};
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k) c[i][j] += a[i][k] * b[k][j];
  return c;
}

/// The proper rotations of a lattice, each as its axis and the cosine of its angle.
struct Rotations {
  std::size_t order = 0;  // the identity counted
  std::array<Vector, 24> axis{};
  std::array<double, 24> cosine{};
};

/// What one lattice vector may be mapped onto: lattice vectors of the same length.
struct Images {
  std::size_t count = 0;
  std::array<Vector, kMostImages> vector{};
};

class Lattice {
 public:
  explicit Lattice(std::span<const double, 9> rows) {
    for (std::size_t i = 0; i < 3; ++i) row_[i] = {rows[3 * i], rows[3 * i + 1], rows[3 * i + 2]};
    const double volume = dot(row_[0], cross(row_[1], row_[2]));
    const double edges = std::sqrt(dot(row_[0], row_[0]) * dot(row_[1], row_[1]) * dot(row_[2], row_[2]));
    if (!(std::abs(volume) > 1e-6 * edges && std::isfinite(volume))) throw InputError("a lattice has no volume");
    for (std::size_t i = 0; i < 3; ++i) {
      reciprocal_[i] = cross(row_[(i + 1) % 3], row_[(i + 2) % 3]);
      for (double& x : reciprocal_[i]) x /= volume;
    }
  }

  const Matrix& rows() const { return row_; }

  /// Nothing if there are too many candidates: a very skewed or very long cell.
  std::optional<Rotations> rotations() const {
    std::array<Images, 3> images;
    for (std::size_t i = 0; i < 3; ++i)
      if (!find_images(i, images[i])) return std::nullopt;
    Rotations found;
    for (std::size_t a = 0; a < images[0].count; ++a) {
      for (std::size_t b = 0; b < images[1].count; ++b) {
        if (!same_angle(images[0].vector[a], images[1].vector[b], 0, 1)) continue;
        for (std::size_t c = 0; c < images[2].count; ++c) {
          const Matrix image = {images[0].vector[a], images[1].vector[b], images[2].vector[c]};
          if (same_angle(image[0], image[2], 0, 2) && same_angle(image[1], image[2], 1, 2) && !append(image, found)) return std::nullopt;
        }
      }
    }
    return found;
  }

 private:
  bool same_angle(const Vector& image_i, const Vector& image_j, std::size_t i, std::size_t j) const {
    const double lengths = std::sqrt(dot(row_[i], row_[i]) * dot(row_[j], row_[j]));
    return std::abs(dot(image_i, image_j) - dot(row_[i], row_[j])) < kTolerance * lengths;
  }

  /// The coefficient of a lattice vector v along row i is v . a*_i, at most |v| |a*_i|.
  bool find_images(std::size_t row, Images& images) const {
    const double length = std::sqrt(dot(row_[row], row_[row]));
    std::array<int, 3> most{};
    double tries = 1;
    for (std::size_t i = 0; i < 3; ++i) {
      most[i] = static_cast<int>(std::min(1.001 * length * std::sqrt(dot(reciprocal_[i], reciprocal_[i])), 1e6));
      tries *= 2.0 * most[i] + 1;
    }
    if (tries > kMostTries) return false;
    for (int u = -most[0]; u <= most[0]; ++u) {
      for (int v = -most[1]; v <= most[1]; ++v) {
        for (int w = -most[2]; w <= most[2]; ++w) {
          Vector image{};
          for (std::size_t k = 0; k < 3; ++k) image[k] = u * row_[0][k] + v * row_[1][k] + w * row_[2][k];
          if (std::abs(std::sqrt(dot(image, image)) - length) > kTolerance * length) continue;
          if (images.count == kMostImages) return false;
          images.vector[images.count++] = image;
        }
      }
    }
    return true;
  }

  /// The rotation R with image = rows R, if it is one (and not a rotation times inversion); false if there are more than a lattice
  /// can have.
  bool append(const Matrix& image, Rotations& found) const {
    Matrix columns{};  // inverse of the rows: its columns are the reciprocal vectors
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) columns[j][i] = reciprocal_[i][j];
    const Matrix r = product(columns, image);
    if (dot(r[0], cross(r[1], r[2])) < 0) return true;
    if (found.order == found.axis.size()) return false;
    const double cosine = std::clamp((r[0][0] + r[1][1] + r[2][2] - 1) / 2, -1.0, 1.0);
    // n n^T is the symmetric part less its multiple of the identity; the largest column of it gives the axis.
    Matrix outer{};
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) outer[i][j] = (r[i][j] + r[j][i]) / 2 - (i == j ? cosine : 0);
    std::size_t largest = 0;
    for (std::size_t i = 1; i < 3; ++i)
      if (outer[i][i] > outer[largest][largest]) largest = i;
    found.cosine[found.order] = cosine;
    found.axis[found.order] = cosine > 0.9 ? Vector{} : unit(outer[largest]);
    ++found.order;
    return true;
  }

  Matrix row_{}, reciprocal_{};
};

void add_outer(Matrix& e, double value, const Vector& a, const Vector& b) {
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) e[i][j] += value * (a[i] * b[j] + a[j] * b[i]) / 2;
}

Matrix isotropic(double value) { return {{{value, 0, 0}, {0, value, 0}, {0, 0, value}}}; }

/// The axis of the first rotation by this angle, the identity left out.
std::optional<Vector> axis_of(const Rotations& rotations, double cosine) {
  for (std::size_t i = 0; i < rotations.order; ++i)
    if (std::abs(rotations.cosine[i] - cosine) < 0.1) return rotations.axis[i];
  return std::nullopt;
}

Matrix uniaxial(const Vector& axis, const std::array<double, 6>& strain) {
  Matrix e = isotropic(strain[0]);
  add_outer(e, strain[2] - strain[0], axis, axis);
  return e;
}

Matrix monoclinic(const Vector& axis, const std::array<double, 6>& strain) {
  std::size_t smallest = 0;
  for (std::size_t i = 1; i < 3; ++i)
    if (std::abs(axis[i]) < std::abs(axis[smallest])) smallest = i;
  Vector any{};
  any[smallest] = 1;
  const Vector first = unit(cross(axis, any)), second = cross(axis, first);
  Matrix e{};
  add_outer(e, strain[1], axis, axis);
  add_outer(e, strain[0], first, first);
  add_outer(e, strain[2], second, second);
  add_outer(e, 2 * strain[3], first, second);
  return e;
}

Matrix orthorhombic(const Rotations& rotations, const std::array<double, 6>& strain) {
  Matrix e{};
  std::size_t next = 0;
  for (std::size_t i = 0; i < rotations.order; ++i)
    if (rotations.cosine[i] < 0) add_outer(e, strain[next], rotations.axis[i], rotations.axis[i]), ++next;
  return e;
}

Matrix strain_tensor(const Lattice& lattice, int crystal_system, const std::array<double, 6>& strain) {
  if (crystal_system == 0) return {{{strain[0], strain[3], strain[4]}, {strain[3], strain[1], strain[5]}, {strain[4], strain[5], strain[2]}}};
  const Matrix fallback = isotropic(strain[0]);
  if (crystal_system == -1 || crystal_system == 6) return fallback;
  const std::optional<Rotations> rotations = lattice.rotations();
  if (!rotations) return fallback;
  const std::size_t order = rotations->order;  // of 2, 222, 422, 32 and 622
  std::optional<Vector> axis;
  if (crystal_system == 1 && order == 2 && (axis = axis_of(*rotations, -1))) return monoclinic(*axis, strain);
  if (crystal_system == 2 && order == 4) return orthorhombic(*rotations, strain);
  if (crystal_system == 3 && order == 8 && (axis = axis_of(*rotations, 0))) return uniaxial(*axis, strain);
  if ((crystal_system == 4 || crystal_system == 5) && (order == 6 || order == 12) && (axis = axis_of(*rotations, -0.5))) return uniaxial(*axis, strain);
  return fallback;
}

}  // namespace

std::array<double, 9> strained_lattice(std::span<const double, 9> lattice, int crystal_system, const std::array<double, 6>& strain) {
  if (crystal_system < -1 || crystal_system > 6) throw ConfigError("crystal system {}: give 0 (triclinic) to 6 (cubic), or -1 for unknown", crystal_system);
  for (const double component : strain)
    if (!(component >= -0.5 && component <= 0.5)) throw ConfigError("lattice_strain has a component of {}: give -0.5 to 0.5", component);
  std::array<double, 9> out{};
  std::ranges::copy(lattice, out.begin());
  if (std::ranges::all_of(strain, [](double component) { return component == 0; })) return out;
  const Lattice rows(lattice);
  const Matrix change = product(rows.rows(), strain_tensor(rows, crystal_system, strain));
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) out[3 * i + j] += change[i][j];
  return out;
}

}  // namespace xxact::xrd
