// The linear unknowns of a powder pattern: a factor >= 0 for each phase and the coefficients of a Chebyshev series as background.
// For given profiles of the phases their least-squares solution is known, so that only the non-linear unknowns are searched (variable
// projection: G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, doi:10.1137/0710036; derivatives after L. Kaufman,
// BIT 15 (1975) 49, doi:10.1007/BF01932995).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace xxact::xrd {

inline constexpr int kMostBackgroundTerms = 36;

/// T_0(x), ..., T_(terms - 1)(x), -1 <= x <= 1.
void chebyshev_terms(double x, std::span<double> out);

class LinearPart {
 public:
  /// `position` [points] in -1 to 1; `root_weight` [points], the inverse standard deviations; `terms` of the background, 1 to kMostBackgroundTerms.
  /// Throws ConfigError for another number of terms, InputError for fewer points than terms or points that do not tell the terms apart.
  LinearPart(std::span<const double> position, std::span<const double> intensity, std::span<const double> root_weight, int terms);

  /// Solves for `profiles` [phases][points], unweighted; `residual` [points], weighted: (intensity - calculated) root_weight.
  void solve(const std::vector<std::vector<double>>& profiles, std::span<double> residual);

  /// Of the last solution: [phases], 0 or more.
  const std::vector<double>& factors() const { return factor_; }
  /// Of the last solution: [terms].
  std::vector<double> background_coefficients() const;

  /// In place, of the last solution: `change` [points], the derivative of sum(factor profile), unweighted, becomes that of the residual
  /// with the linear unknowns always at their solution, less Kaufman's second term.
  void project(std::span<double> change) const;

 private:
  void remove_background(std::span<double> weighted) const;

  std::size_t points_, terms_;
  std::vector<double> root_weight_, weighted_, background_free_;  // [points]: intensities times root weight, before and after projection
  std::vector<std::vector<double>> basis_;                        // [terms][points], orthonormal
  std::vector<double> triangle_;                                  // [terms, terms]: weighted terms = basis triangle
  std::vector<std::vector<double>> profile_;                      // [phases][points], weighted, without what the background can do
  std::vector<double> factor_, background_share_;                 // [phases], [terms]: of the basis
  std::vector<std::size_t> present_;                              // phases with a factor above 0
  std::vector<double> gram_;                                      // [phases, phases]
};

/// x >= 0 that makes x^T gram x - 2 x^T right smallest (C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23).
/// A row that depends on others stays 0.
std::vector<double> solve_non_negative(std::span<const double> gram, std::span<const double> right);

}  // namespace xxact::xrd
