// Cholesky's factor of a small dense symmetric positive definite matrix, scaled to a unit diagonal first so that the units of its
// rows do not matter. For normal equations of some tens of unknowns; not blocked, not for large matrices.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace xxact::xrd {

class Cholesky {
 public:
  /// `matrix` [n, n], symmetric; only its lower triangle is read.
  Cholesky(std::span<const double> matrix, std::size_t n);

  /// A row that depends on the rows before it, to 1e-12 of its own square, or is zero or not a number; nothing: the factor is whole, and only then
  /// may the other functions be called.
  std::optional<std::size_t> dependent_row() const { return dependent_; }

  /// In place: the solution of matrix x = b, [n].
  void solve(std::span<double> b) const;

  /// [n, n].
  std::vector<double> inverse() const;

 private:
  std::size_t n_;
  std::vector<double> factor_, scale_;  // [n, n] lower triangle, [n]
  std::optional<std::size_t> dependent_;
};

}  // namespace xxact::xrd
