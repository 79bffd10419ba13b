#include "pipeline/xrd/dense_cholesky.hpp"

#include <cmath>

namespace xxact::xrd {
namespace {

constexpr double kSmallestPivot = 1e-12;  // of 1

}  // namespace

Cholesky::Cholesky(std::span<const double> matrix, std::size_t n) : n_(n), factor_(n * n, 0.0), scale_(n, 0.0) {
  for (std::size_t i = 0; i < n; ++i) {
    scale_[i] = std::sqrt(matrix[i * n + i]);
    if (!(scale_[i] > 0 && std::isfinite(scale_[i]))) {
      dependent_ = i;
      return;
    }
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = matrix[i * n + j] / (scale_[i] * scale_[j]);
      for (std::size_t k = 0; k < j; ++k) sum -= factor_[i * n + k] * factor_[j * n + k];
      if (j < i) {
        factor_[i * n + j] = sum / factor_[j * n + j];
        continue;
      }
      if (!(sum > kSmallestPivot)) {
        dependent_ = i;
        return;
      }
      factor_[i * n + i] = std::sqrt(sum);
    }
  }
}

void Cholesky::solve(std::span<double> b) const {
  for (std::size_t i = 0; i < n_; ++i) {
    b[i] /= scale_[i];
    for (std::size_t k = 0; k < i; ++k) b[i] -= factor_[i * n_ + k] * b[k];
    b[i] /= factor_[i * n_ + i];
  }
  for (std::size_t i = n_; i-- > 0;) {
    for (std::size_t k = i + 1; k < n_; ++k) b[i] -= factor_[k * n_ + i] * b[k];
    b[i] /= factor_[i * n_ + i];
  }
  for (std::size_t i = 0; i < n_; ++i) b[i] /= scale_[i];
}

std::vector<double> Cholesky::inverse() const {
  std::vector<double> result(n_ * n_), column(n_);
  for (std::size_t j = 0; j < n_; ++j) {
    column.assign(n_, 0.0);
    column[j] = 1;
    solve(column);
    for (std::size_t i = 0; i < n_; ++i) result[i * n_ + j] = column[i];
  }
  return result;
}

}  // namespace xxact::xrd
