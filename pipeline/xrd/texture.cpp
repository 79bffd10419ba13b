#include "pipeline/xrd/texture.hpp"

#include <cmath>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// Weights of reflections about one axis. The reciprocal vectors may all be too long by the same factor, the volume.
class Texture {
 public:
  Texture(std::span<const double, 9> l, const std::array<int, 3>& axis, double r) : r_(r) {
    if (!(r >= 0.05 && r <= 20)) throw ConfigError("texture_r = {}: give 0.05 to 20, 1 for a random powder", r);
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t j = (i + 1) % 3 * 3, k = (i + 2) % 3 * 3;
      reciprocal_[i] = {l[j + 1] * l[k + 2] - l[j + 2] * l[k + 1], l[j + 2] * l[k] - l[j] * l[k + 2], l[j] * l[k + 1] - l[j + 1] * l[k]};
    }
    const double volume = std::abs(l[0] * reciprocal_[0][0] + l[1] * reciprocal_[0][1] + l[2] * reciprocal_[0][2]);
    if (!(volume > 0 && std::isfinite(volume))) throw InputError("a lattice has no volume");
    axis_ = normal(axis);
    axis_squared_ = dot(axis_, axis_);
    if (axis_squared_ == 0) throw ConfigError("texture_axis = 0 0 0: give the Miller indices of a plane");
  }

  double weight(const std::array<int, 3>& hkl) const {
    const Vector g = normal(hkl);
    const double along = dot(g, axis_), squared = dot(g, g);
    if (squared == 0) throw ConfigError("the reflection 0 0 0 has no direction");
    return r_ == 1 ? 1 : march_dollase(r_, along * along / (squared * axis_squared_));
  }

 private:
  Vector normal(const std::array<int, 3>& hkl) const {
    Vector g{};
    for (std::size_t k = 0; k < 3; ++k) g[k] = hkl[0] * reciprocal_[0][k] + hkl[1] * reciprocal_[1][k] + hkl[2] * reciprocal_[2][k];
    return g;
  }

  std::array<Vector, 3> reciprocal_{};
  Vector axis_{};
  double r_, axis_squared_ = 0;
};

}  // namespace

double march_dollase(double r, double cosine_squared) {
  const double form = r * r * cosine_squared + (1 - cosine_squared) / r;
  return 1 / (form * std::sqrt(form));
}

void texture_weights(std::span<const double, 9> lattice, const std::array<int, 3>& axis, double r, std::span<const std::array<int, 3>> reflections,
                     std::span<double> weights) {
  if (weights.size() != reflections.size()) throw ConfigError("{} reflections were given with room for {} weights", reflections.size(), weights.size());
  const Texture texture(lattice, axis, r);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = texture.weight(reflections[i]);
}

}  // namespace xxact::xrd
