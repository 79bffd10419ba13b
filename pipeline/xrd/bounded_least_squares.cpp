#include "pipeline/xrd/bounded_least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pipeline/xrd/dense_cholesky.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kFirstDamping = 1e-3, kLeastDamping = 1e-10, kMostDamping = 1e12;
constexpr double kDampingDown = 0.2, kDampingUp = 5;
constexpr double kNothingLeft = 1e-24;    // of the first sum of squares: rounding
constexpr double kTinyDiagonal = 1e-30;  // of the largest: a parameter that changes nothing keeps its value

double sum_of_squares(std::span<const double> r) { return std::inner_product(r.begin(), r.end(), r.begin(), 0.0); }

/// The linearised problem at one point, over the parameters that are not fixed.
class Linearised {
 public:
  Linearised(const std::vector<std::vector<double>>& columns, std::span<const double> residual) : n_(columns.size()), normal_(n_ * n_), gradient_(n_) {
    for (std::size_t i = 0; i < n_; ++i) {
      gradient_[i] = std::inner_product(residual.begin(), residual.end(), columns[i].begin(), 0.0);
      for (std::size_t j = 0; j <= i; ++j)
        normal_[i * n_ + j] = normal_[j * n_ + i] = std::inner_product(columns[i].begin(), columns[i].end(), columns[j].begin(), 0.0);
    }
  }

  double diagonal(std::size_t i) const { return normal_[i * n_ + i]; }

  /// The damped step within the bounds: parameters that it would carry over a bound stop there, and the others are solved for again.
  std::vector<double> step(std::span<const double> x, std::span<const Bounds> bounds, std::span<const double> diagonal, double damping) const {
    std::vector<double> step(n_, 0.0);
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < n_; ++i)
      if (!((x[i] <= bounds[i].low && gradient_[i] > 0) || (x[i] >= bounds[i].high && gradient_[i] < 0))) free.push_back(i);
    while (!free.empty()) {
      const std::vector<double> solved = solve(free, step, diagonal, damping);
      std::vector<std::size_t> inside;
      for (std::size_t k = 0; k < free.size(); ++k) {
        const std::size_t i = free[k];
        step[i] = std::clamp(solved[k], bounds[i].low - x[i], bounds[i].high - x[i]);
        if (step[i] == solved[k]) inside.push_back(i);
      }
      if (inside.size() == free.size()) break;
      for (const std::size_t i : inside) step[i] = 0;
      free = inside;
    }
    return step;
  }

  /// How much less the sum of squares is after a step, if the problem were linear.
  double predicted_decrease(std::span<const double> step) const {
    double decrease = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      double change = 2 * gradient_[i];
      for (std::size_t j = 0; j < n_; ++j) change += normal_[i * n_ + j] * step[j];
      decrease -= step[i] * change;
    }
    return decrease;
  }

 private:
  /// Over `free`, the other parameters moving by what `step` has for them.
  std::vector<double> solve(const std::vector<std::size_t>& free, std::span<const double> step, std::span<const double> diagonal, double damping) const {
    const std::size_t m = free.size();
    std::vector<double> matrix(m * m), right(m);
    for (std::size_t a = 0; a < m; ++a) {
      right[a] = -gradient_[free[a]];
      for (std::size_t j = 0; j < n_; ++j)
        if (std::ranges::find(free, j) == free.end()) right[a] -= normal_[free[a] * n_ + j] * step[j];
      for (std::size_t b = 0; b < m; ++b) matrix[a * m + b] = normal_[free[a] * n_ + free[b]];
    }
    // More damping until the factor exists: parameters may depend on each other.
    for (double more = damping;; more = std::max(more * 10, 1e-12)) {
      std::vector<double> damped = matrix;
      for (std::size_t a = 0; a < m; ++a) damped[a * m + a] += more * diagonal[free[a]];
      const Cholesky factor(damped, m);
      if (factor.dependent_row() && more < 1) continue;
      if (factor.dependent_row()) return std::vector<double>(m, 0.0);
      factor.solve(right);
      return right;
    }
  }

  std::size_t n_;
  std::vector<double> normal_, gradient_;
};

template <class T>
std::vector<T> chosen(std::span<const T> all, std::span<const std::size_t> which) {
  std::vector<T> some;
  for (const std::size_t i : which) some.push_back(all[i]);
  return some;
}

void require_problem(std::span<const double> start, std::span<const Bounds> bounds, std::size_t residuals, std::size_t parameters) {
  if (start.size() != bounds.size()) throw ConfigError("{} parameters were given with {} bounds", start.size(), bounds.size());
  for (std::size_t i = 0; i < bounds.size(); ++i)
    if (!(bounds[i].low <= bounds[i].high)) throw ConfigError("parameter {} is bound from {} to {}", i, bounds[i].low, bounds[i].high);
  if (residuals <= parameters) throw ConfigError("{} residuals do not determine {} parameters", residuals, parameters);
}

}  // namespace

LeastSquaresResult minimise(LeastSquaresProblem& problem, std::span<const double> start, std::span<const Bounds> bounds, const LeastSquaresOptions& options) {
  std::vector<std::size_t> moving;
  for (std::size_t i = 0; i < bounds.size(); ++i)
    if (bounds[i].low != bounds[i].high) moving.push_back(i);
  const std::size_t unknowns = moving.size() + options.other_parameters;
  require_problem(start, bounds, problem.residuals(), unknowns);
  LeastSquaresResult result{{start.begin(), start.end()}};
  for (std::size_t i = 0; i < bounds.size(); ++i) result.x[i] = std::clamp(result.x[i], bounds[i].low, bounds[i].high);
  std::vector<double> residual(problem.residuals()), trial_residual(problem.residuals()), diagonal(moving.size(), 0.0);
  problem.evaluate(result.x, residual);
  const double first = result.sum = sum_of_squares(residual);
  if (!std::isfinite(result.sum)) throw InputError("the sum of squared residuals at the start is {}", result.sum);
  const std::vector<Bounds> moving_bounds = chosen(bounds, std::span<const std::size_t>(moving));
  std::vector<std::vector<double>> columns;
  double damping = kFirstDamping;
  for (; result.iterations <= options.most_iterations; ++result.iterations) {
    problem.differentiate(result.x, moving, columns);
    const Linearised linear(columns, residual);
    double largest = 0;
    for (std::size_t k = 0; k < moving.size(); ++k) largest = std::max(largest, linear.diagonal(k));
    for (std::size_t k = 0; k < moving.size(); ++k) diagonal[k] = std::max({diagonal[k], linear.diagonal(k), kTinyDiagonal * largest});
    const std::vector<double> x = chosen(std::span<const double>(result.x), std::span<const std::size_t>(moving));
    const double variance = result.sum / static_cast<double>(problem.residuals() - unknowns);
    const double left = linear.predicted_decrease(linear.step(x, moving_bounds, diagonal, 0));
    if (left <= options.tolerance * variance + kNothingLeft * first) {
      result.converged = true;
      return result;
    }
    if (result.iterations == options.most_iterations) return result;
    for (;; damping *= kDampingUp) {
      if (damping > kMostDamping) {
        result.converged = left <= options.stalled_tolerance * variance;
        return result;
      }
      const std::vector<double> step = linear.step(x, moving_bounds, diagonal, damping);
      std::vector<double> trial = result.x;
      for (std::size_t k = 0; k < moving.size(); ++k) trial[moving[k]] = std::clamp(x[k] + step[k], moving_bounds[k].low, moving_bounds[k].high);
      problem.evaluate(trial, trial_residual);
      const double sum = sum_of_squares(trial_residual);
      if (!(sum < result.sum)) continue;
      const bool as_predicted = result.sum - sum > 0.25 * linear.predicted_decrease(step);
      damping = as_predicted ? std::max(damping * kDampingDown, kLeastDamping) : damping * kDampingUp;
      result.x = std::move(trial), result.sum = sum;
      residual.swap(trial_residual);
      break;
    }
  }
  return result;
}

}  // namespace xxact::xrd
