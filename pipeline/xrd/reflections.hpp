// Which reflections lie in a range of |g|, enumerated by range: for each pair of the two outer indices the run of inner
// indices follows from completing the square in g^2 (Fincke and Pohst, Math. Comp. 44 (1985) 463,
// doi:10.1090/S0025-5718-1985-0777278-8), so nothing outside the sphere is visited, however skewed the cell.
// One reflection of each orbit of a Laue group is given; with no symmetry that is one of g and -g.
#pragma once

#include <cstddef>

#include "pipeline/xrd/asymmetric_unit.hpp"
#include "pipeline/xrd/reciprocal_metric.hpp"

namespace xxact::xrd {

class ReflectionEnumerator {
 public:
  /// Reflections of the unit, which is kept, with g_min <= |g| <= g_max, 1/angstrom, both up to a rounding of 1e-9; never (0, 0, 0).
  /// Throws InputError when there would be more than kMostReflections, or an index beyond kLargestIndex.
  ReflectionEnumerator(const ReciprocalMetric& metric, const AsymmetricUnit& unit, double g_min, double g_max);

  /// Bounds of g^2.
  double smallest() const { return g2_min_; }
  double largest() const { return g2_max_; }
  int u_max() const { return u_max_; }
  int v_max() const { return v_max_; }
  int w_max() const { return w_max_; }

  /// Replaces the batch by the next whole rows, about `wanted` reflections; false when none was left.
  bool next(ReflectionBatch& batch, std::size_t wanted);

 private:
  void add_rows(ReflectionBatch& batch, std::size_t wanted);
  void add_pair(ReflectionBatch& batch, int u, int v);
  void add_run(ReflectionBatch& batch, int u, int v, int first, int last);
  bool begin_plane();

  ReciprocalMetric m_;
  const AsymmetricUnit* unit_;
  double g2_min_, g2_max_, per_ww_;
  double shift_u_, shift_v_;         // w is centred at -(shift_u u + shift_v v)
  double plane_vv_, plane_shift_;    // what is left of g^2: plane_vv (v + plane_shift u)^2 + plane_uu u^2
  double plane_uu_;
  int u_max_ = 0, v_max_ = 0, w_max_ = 0;
  int u_ = 0, v_ = 0, v_last_ = -1;  // next pair, end of its plane
  bool plane_open_ = false;
};

}  // namespace xxact::xrd
