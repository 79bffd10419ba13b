#include "pipeline/xrd/linear_part.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "pipeline/xrd/dense_cholesky.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDependent = 1e-9;  // what is left of a term without the terms before it, of its length

double dot(std::span<const double> a, std::span<const double> b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

void subtract(std::span<double> from, double factor, std::span<const double> what) {
  for (std::size_t i = 0; i < from.size(); ++i) from[i] -= factor * what[i];
}

/// Least squares over the unknowns of `present` alone; nothing if one depends on the others.
std::optional<std::vector<double>> solve_present(std::span<const double> gram, std::span<const double> right, const std::vector<std::size_t>& present) {
  const std::size_t n = right.size(), m = present.size();
  std::vector<double> matrix(m * m), x(m);
  for (std::size_t a = 0; a < m; ++a) {
    x[a] = right[present[a]];
    for (std::size_t b = 0; b < m; ++b) matrix[a * m + b] = gram[present[a] * n + present[b]];
  }
  const Cholesky factor(matrix, m);
  if (factor.dependent_row()) return std::nullopt;
  factor.solve(x);
  return x;
}

}  // namespace

void chebyshev_terms(double x, std::span<double> out) {
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = k == 0 ? 1 : k == 1 ? x : 2 * x * out[k - 1] - out[k - 2];
}

std::vector<double> solve_non_negative(std::span<const double> gram, std::span<const double> right) {
  const std::size_t n = right.size();
  std::vector<double> x(n, 0.0);
  std::vector<std::size_t> present;
  std::vector<bool> refused(n, false);
  for (;;) {
    // The unknown that lowers the sum most enters.
    std::size_t entering = n;
    double steepest = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (refused[i] || std::ranges::find(present, i) != present.end()) continue;
      const double slope = right[i] - dot(gram.subspan(i * n, n), x);
      if (slope > steepest && slope > 1e-12 * std::abs(right[i])) steepest = slope, entering = i;
    }
    if (entering == n) return x;
    present.push_back(entering);
    for (;;) {
      const auto solved = solve_present(gram, right, present);
      if (!solved) {
        refused[entering] = true;
        std::erase(present, entering);
        break;
      }
      // As far towards the solution as nothing turns negative; what turns zero first leaves.
      double share = 1;
      std::size_t leaving = n;
      for (std::size_t a = 0; a < present.size(); ++a) {
        if ((*solved)[a] > 0) continue;
        const double old = x[present[a]], reach = old / (old - (*solved)[a]);
        if (leaving == n || reach < share) share = reach, leaving = present[a];
      }
      for (std::size_t a = 0; a < present.size(); ++a) x[present[a]] += share * ((*solved)[a] - x[present[a]]);
      if (leaving == n) break;
      x[leaving] = 0;
      refused[leaving] = leaving == entering;
      std::erase(present, leaving);
    }
  }
}

LinearPart::LinearPart(std::span<const double> position, std::span<const double> intensity, std::span<const double> root_weight, int terms)
    : points_(position.size()), terms_(static_cast<std::size_t>(std::max(terms, 0))), root_weight_(root_weight.begin(), root_weight.end()), weighted_(points_) {
  if (terms < 1 || terms > kMostBackgroundTerms) throw ConfigError("a background of {} terms: give 1 to {}", terms, kMostBackgroundTerms);
  if (points_ <= terms_) throw InputError("{} points do not determine a background of {} terms", points_, terms);
  basis_.assign(terms_, std::vector<double>(points_));
  triangle_.assign(terms_ * terms_, 0.0);
  std::vector<double> values(terms_);
  for (std::size_t i = 0; i < points_; ++i) {
    weighted_[i] = intensity[i] * root_weight_[i];
    chebyshev_terms(position[i], values);
    for (std::size_t k = 0; k < terms_; ++k) basis_[k][i] = values[k] * root_weight_[i];
  }
  // Gram and Schmidt, twice over, so that the basis is orthogonal to rounding.
  for (std::size_t k = 0; k < terms_; ++k) {
    const double length = std::sqrt(dot(basis_[k], basis_[k]));
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t j = 0; j < k; ++j) {
        const double share = dot(basis_[j], basis_[k]);
        triangle_[j * terms_ + k] += share;
        subtract(basis_[k], share, basis_[j]);
      }
    const double left = std::sqrt(dot(basis_[k], basis_[k]));
    if (!(left > kDependent * length)) throw InputError("the points do not tell {} terms of a background apart: give fewer", terms);
    triangle_[k * terms_ + k] = left;
    for (double& value : basis_[k]) value /= left;
  }
  background_free_ = weighted_;
  remove_background(background_free_);
}

void LinearPart::remove_background(std::span<double> weighted) const {
  for (const std::vector<double>& term : basis_) subtract(weighted, dot(term, weighted), term);
}

void LinearPart::solve(const std::vector<std::vector<double>>& profiles, std::span<double> residual) {
  const std::size_t phases = profiles.size();
  profile_.resize(phases);
  gram_.assign(phases * phases, 0.0);
  std::vector<double> right(phases);
  std::ranges::copy(weighted_, residual.begin());
  for (std::size_t p = 0; p < phases; ++p) {
    profile_[p].resize(points_);
    for (std::size_t i = 0; i < points_; ++i) profile_[p][i] = profiles[p][i] * root_weight_[i];
    remove_background(profile_[p]);
    right[p] = dot(profile_[p], background_free_);
    for (std::size_t q = 0; q <= p; ++q) gram_[p * phases + q] = gram_[q * phases + p] = dot(profile_[p], profile_[q]);
  }
  factor_ = solve_non_negative(gram_, right);
  present_.clear();
  for (std::size_t p = 0; p < phases; ++p) {
    if (factor_[p] == 0) continue;
    present_.push_back(p);
    for (std::size_t i = 0; i < points_; ++i) residual[i] -= factor_[p] * profiles[p][i] * root_weight_[i];
  }
  background_share_.resize(terms_);
  for (std::size_t k = 0; k < terms_; ++k) background_share_[k] = dot(basis_[k], residual);
  for (std::size_t k = 0; k < terms_; ++k) subtract(residual, background_share_[k], basis_[k]);
}

std::vector<double> LinearPart::background_coefficients() const {
  std::vector<double> coefficient = background_share_;
  for (std::size_t k = terms_; k-- > 0;) {
    for (std::size_t j = k + 1; j < terms_; ++j) coefficient[k] -= triangle_[k * terms_ + j] * coefficient[j];
    coefficient[k] /= triangle_[k * terms_ + k];
  }
  return coefficient;
}

void LinearPart::project(std::span<double> change) const {
  for (std::size_t i = 0; i < points_; ++i) change[i] *= -root_weight_[i];
  remove_background(change);
  const std::size_t phases = factor_.size();
  std::vector<double> right(phases);
  for (std::size_t p = 0; p < phases; ++p) right[p] = dot(profile_[p], change);
  if (const auto shares = solve_present(gram_, right, present_))
    for (std::size_t a = 0; a < present_.size(); ++a) subtract(change, (*shares)[a], profile_[present_[a]]);
}

}  // namespace xxact::xrd
