#include "pipeline/xrd/laue_group.hpp"

#include <cstdlib>
#include <set>
#include <utility>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr Rotation kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};

Rotation product(const Rotation& a, const Rotation& b) {
  Rotation c{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
  return c;
}

int determinant(const Rotation& w) {
  return w[0] * (w[4] * w[8] - w[5] * w[7]) - w[1] * (w[3] * w[8] - w[5] * w[6]) + w[2] * (w[3] * w[7] - w[4] * w[6]);
}

/// Of W and -W the one that does not mirror.
Rotation proper(Rotation w) {
  if (determinant(w) < 0)
    for (int& entry : w) entry = -entry;
  return w;
}

}  // namespace

LaueGroup::LaueGroup(std::span<const Rotation> rotations) {
  std::set<Rotation> found;
  for (const Rotation& rotation : rotations) {
    if (std::abs(determinant(rotation)) != 1) throw InputError("a symmetry operation has the determinant {}, not 1 or -1", determinant(rotation));
    found.insert(proper(rotation));
  }
  found.insert(kIdentity);
  if (found.size() > kernels::kMostOperations) throw InputError("{} rotations are more than a crystal's {}", found.size(), kernels::kMostOperations);
  for (const Rotation& a : found)
    for (const Rotation& b : found)
      if (!found.contains(product(a, b))) throw InputError("the rotations of the symmetry operations are not a group");
  std::vector<Rotation> ordered = {kIdentity};
  for (const Rotation& rotation : found)
    if (rotation != kIdentity) ordered.push_back(rotation);
  std::vector<AsymmetricUnit> units;
  for (int w = 0; w < 3; ++w) units.emplace_back(ordered, axes_with_last(w));
  units_ = std::make_shared<const std::vector<AsymmetricUnit>>(std::move(units));
}

const LaueGroup& LaueGroup::none() {
  static const LaueGroup group(std::span<const Rotation>{});
  return group;
}

}  // namespace xxact::xrd
