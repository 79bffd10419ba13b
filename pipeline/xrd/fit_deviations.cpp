#include "pipeline/xrd/fit_deviations.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pipeline/xrd/dense_cholesky.hpp"

namespace xxact::xrd {
namespace {

bool has(const std::vector<std::size_t>& list, std::size_t i) { return std::ranges::find(list, i) != list.end(); }

std::vector<double> normal_matrix(const std::vector<std::vector<double>>& columns, const std::vector<std::size_t>& which) {
  const std::size_t n = which.size();
  std::vector<double> normal(n * n);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b <= a; ++b) {
      const std::vector<double>&left = columns[which[a]], &right = columns[which[b]];
      normal[a * n + b] = std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
    }
  return normal;
}

}  // namespace

Deviations::Deviations(const std::vector<std::vector<double>>& columns, const std::vector<std::size_t>& free) : parameters_(columns.size()), free_(free), determined_(free) {
  for (;;) {
    const Cholesky factor(normal_matrix(columns, determined_), determined_.size());
    const auto row = factor.dependent_row();
    if (!row) {
      inverse_ = factor.inverse();
      return;
    }
    determined_.erase(determined_.begin() + static_cast<std::ptrdiff_t>(*row));
  }
}

std::optional<double> Deviations::of(std::span<const double> gradient) const {
  std::vector<double> known;
  for (std::size_t i = 0; i < parameters_; ++i) {
    const double slope = i < gradient.size() ? gradient[i] : 0;
    if (has(determined_, i)) known.push_back(slope);
    else if (slope != 0 && has(free_, i)) return std::nullopt;
  }
  if (std::ranges::all_of(known, [](double slope) { return slope == 0; })) return std::nullopt;
  double variance = 0;
  for (std::size_t a = 0; a < known.size(); ++a)
    for (std::size_t b = 0; b < known.size(); ++b) variance += known[a] * inverse_[a * known.size() + b] * known[b];
  return std::sqrt(variance);
}

std::optional<double> Deviations::of_parameter(std::size_t i) const {
  std::vector<double> gradient(parameters_, 0.0);
  gradient[i] = 1;
  return of(gradient);
}

}  // namespace xxact::xrd
