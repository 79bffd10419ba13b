// The reciprocal lattice of a cell, and reflections as rows of indices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace xxact::xrd {

/// No Miller index is larger.
inline constexpr int kLargestIndex = 2000;

/// hkl as one number, h 2^42 + k 2^21 + l: sums of such numbers are those of the indices, and their order is that of h, then k, then l.
inline constexpr int kPackedIndexBits = 21;
inline constexpr std::array<std::int64_t, 3> kPackedIndex = {std::int64_t{1} << (2 * kPackedIndexBits), std::int64_t{1} << kPackedIndexBits, 1};

/// The order of axes whose last is `axis`.
constexpr std::array<int, 3> axes_with_last(int axis) { return {(axis + 1) % 3, (axis + 2) % 3, axis}; }

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
  std::size_t reflections = 0;  // the arrays may be longer
  // Set by AsymmetricUnit::label:
  std::vector<std::int64_t> hkl;            // packed, the largest of the orbit
  std::vector<std::uint16_t> multiplicity;  // reflections in the orbit, g and -g counted as one
};

}  // namespace xxact::xrd
