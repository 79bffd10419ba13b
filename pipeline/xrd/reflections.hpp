// Which reflections lie in a range of |g|, enumerated by range: for each pair of the two outer indices the run of inner
// indices follows from completing the square in g^2 (Fincke and Pohst, Math. Comp. 44 (1985) 463,
// doi:10.1090/S0025-5718-1985-0777278-8), so nothing outside the sphere is visited, however skewed the cell.
// Only one of g and -g is given: the first non-zero of the permuted indices (u, v, w) is positive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace xxact::xrd {

/// The reciprocal lattice without the factor 2 pi, its axes permuted so that the innermost index w, whose runs are the
/// longest, belongs to the longest cell edge. g^2 = m_uu u^2 + ... + 2 m_vw v w.
struct ReciprocalMetric {
  std::array<int, 3> axis;                   // axis[0..2]: which of h, k, l are u, v, w
  double uu, vv, ww, uv, uw, vw;             // angstrom^-2
  std::array<std::array<double, 3>, 3> vector;  // those of u, v, w, Cartesian as the lattice is, 1/angstrom
  std::array<double, 3> edge;                // cell edges belonging to u, v, w, angstrom
  double volume;                             // angstrom^3

  /// Every length of `lattice` ([3, 3], rows are vectors) times (1 + strain). Throws InputError for a lattice that is not
  /// finite or without volume.
  static ReciprocalMetric of(std::span<const double, 9> lattice, double strain);
};

/// Reflections (u, v, w), w = first .. first + count - 1.
struct ReflectionRow {
  int u, v, first, count;
};

/// Some rows, and g^2 of their reflections one after the other.
struct ReflectionBatch {
  std::vector<ReflectionRow> rows;
  std::vector<double> g_squared;
  std::vector<std::uint16_t> multiplicity;  // [reflections]: of each, -g counted with g and as one; empty: all are 1
  std::size_t reflections = 0;              // g_squared may be longer

  void clear() { rows.clear(), multiplicity.clear(), reflections = 0; }
};

class ReflectionEnumerator {
 public:
  /// Reflections with g_min <= |g| <= g_max, 1/angstrom, both up to a rounding of 1e-9; never (0, 0, 0).
  /// Throws InputError when there would be more than kMostReflections, or an index beyond kLargestIndex.
  ReflectionEnumerator(const ReciprocalMetric& metric, double g_min, double g_max);

  static constexpr int kLargestIndex = 2000;
  /// Bounds of g^2.
  double smallest() const { return g2_min_; }
  double largest() const { return g2_max_; }
  int u_max() const { return u_max_; }
  int v_max() const { return v_max_; }
  int w_max() const { return w_max_; }

  /// Replaces the batch by the next whole rows, about `wanted` reflections; false when none was left.
  bool next(ReflectionBatch& batch, std::size_t wanted);

 private:
  void add_pair(ReflectionBatch& batch, int u, int v);
  void add_run(ReflectionBatch& batch, int u, int v, int first, int last);
  bool begin_plane();

  ReciprocalMetric m_;
  double g2_min_, g2_max_;
  double shift_u_, shift_v_;         // w is centred at -(shift_u u + shift_v v)
  double plane_vv_, plane_shift_;    // what is left of g^2: plane_vv (v + plane_shift u)^2 + plane_uu u^2
  double plane_uu_;
  int u_max_ = 0, v_max_ = 0, w_max_ = 0;
  int u_ = 0, v_ = 0, v_last_ = -1;  // next pair, end of its plane
  bool plane_open_ = false;
};

}  // namespace xxact::xrd
