// Which reflections stand for their orbits under a Laue group. Every reflection has a number p(g) = 2^30 u + 2^15 w + v, and of an
// orbit (g and -g are both in it) the reflection with the largest number stands for all. p is linear, so these are
// the lattice points of a convex cone, p(g) >= |p(gW)| for all operations W, and can be enumerated without looking at the others.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "pipeline/xrd/kernels.hpp"
#include "pipeline/xrd/reciprocal_metric.hpp"
#include "src/base/laue_code.hpp"

namespace xxact::xrd {

class AsymmetricUnit {
 public:
  /// A bound of v (by_v = 0) or of w, at least or at most by_u u + by_v v, moved out by what rounding can do.
  struct Bound {
    double by_u, by_v, slack;
  };

  /// `rotations` are a group, one of W and -W, the identity first. `axis`: which of h, k, l are u, v, w.
  AsymmetricUnit(std::span<const Rotation> rotations, const std::array<int, 3>& axis);

  std::size_t order() const { return maps_.size(); }
  /// The cone is u >= 0, v and w between all of these. It holds (0, 0, 0).
  std::span<const Bound> v_at_least() const { return v_at_least_; }
  std::span<const Bound> v_at_most() const { return v_at_most_; }
  std::span<const Bound> w_at_least() const { return w_at_least_; }
  std::span<const Bound> w_at_most() const { return w_at_most_; }

  /// The mean of the metric's images, which the operations leave as it is, so that a whole orbit has one |g|. Throws InputError
  /// when an image's lengths or angles differ from the metric's by more than 1e-3 of them. The axes of the metric are this unit's;
  /// its vectors stay those of the cell as it is.
  ReciprocalMetric symmetrised(const ReciprocalMetric& metric) const;

  /// Sets hkl and multiplicity of the batch, whose reflections stand for their orbits.
  void label(ReflectionBatch& batch) const;

 private:
  void find_bounds(std::span<const Rotation> rotations);
  void average_images(std::span<const Rotation> rotations);

  std::vector<Bound> v_at_least_, v_at_most_, w_at_least_, w_at_most_;
  std::vector<kernels::OrbitMap> maps_;
  std::array<std::array<double, 6>, 6> mean_{};  // metric uu, vv, ww, uv, uw, vw to the mean of its images
};

}  // namespace xxact::xrd
