#include "pipeline/xrd/bounded_least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "pipeline/xrd/dense_cholesky.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kFirstDamping = 1e-3, kLeastDamping = 1e-10, kMostDamping = 1e12;
constexpr double kDampingDown = 0.2, kDampingUp = 5;
constexpr double kLeastRidge = 1e-12, kEnoughDamping = kMostDamping * kDampingUp;
constexpr std::size_t kMostTurns = 10;       // of the active set, times the parameters
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

  /// The damped step that is the best within the bounds, by active sets: towards the best of the free parameters as far as the first bound,
  /// which then holds its parameter; a bound lets go what the gradient draws inwards. Every turn lowers the quadratic.
  std::vector<double> step(std::span<const double> x, std::span<const Bounds> bounds, std::span<const double> diagonal, double damping) const {
    std::vector<double> step(n_, 0.0), slope = slopes(step, diagonal, damping);
    std::vector<bool> held(n_);
    for (std::size_t i = 0; i < n_; ++i) held[i] = (x[i] <= bounds[i].low && slope[i] > 0) || (x[i] >= bounds[i].high && slope[i] < 0);
    for (std::size_t turn = 0; turn < kMostTurns * n_; ++turn) {
      const std::vector<double> change = solve(held, slope, diagonal, damping);
      double share = 1;
      std::size_t blocking = n_;
      for (std::size_t i = 0; i < n_; ++i) {
        const double room = (change[i] < 0 ? bounds[i].low : bounds[i].high) - x[i] - step[i];
        if (std::abs(change[i]) * share > std::abs(room)) share = room / change[i], blocking = i;
      }
      for (std::size_t i = 0; i < n_; ++i) step[i] += share * change[i];
      if (blocking != n_) {
        step[blocking] = (change[blocking] < 0 ? bounds[blocking].low : bounds[blocking].high) - x[blocking];
        held[blocking] = true;
      }
      slope = slopes(step, diagonal, damping);
      if (blocking != n_) continue;
      std::size_t released = n_;
      double steepest = 0;
      for (std::size_t i = 0; i < n_; ++i) {
        if (!held[i]) continue;
        const double inwards = x[i] + step[i] <= bounds[i].low ? -slope[i] : slope[i], scaled = inwards / std::sqrt(std::max(diagonal[i], std::numeric_limits<double>::min()));
        if (scaled > steepest) steepest = scaled, released = i;
      }
      if (released == n_) break;
      held[released] = false;
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
  /// Half the gradient of the damped quadratic after a step.
  std::vector<double> slopes(std::span<const double> step, std::span<const double> diagonal, double damping) const {
    std::vector<double> slope = gradient_;
    for (std::size_t i = 0; i < n_; ++i) {
      slope[i] += damping * diagonal[i] * step[i];
      for (std::size_t j = 0; j < n_; ++j) slope[i] += normal_[i * n_ + j] * step[j];
    }
    return slope;
  }

  /// The change of the parameters that are not held which makes their slopes zero; zero for the others.
  std::vector<double> solve(const std::vector<bool>& held, std::span<const double> slope, std::span<const double> diagonal, double damping) const {
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < n_; ++i)
      if (!held[i]) free.push_back(i);
    const std::size_t m = free.size();
    std::vector<double> change(n_, 0.0), right(m), matrix(m * m);
    // More damping until the factor exists: parameters may depend on each other.
    for (double more = damping; more <= kEnoughDamping; more = std::max(more * 10, kLeastRidge)) {
      for (std::size_t a = 0; a < m; ++a) {
        right[a] = -slope[free[a]];
        for (std::size_t b = 0; b < m; ++b) matrix[a * m + b] = normal_[free[a] * n_ + free[b]];
        matrix[a * m + a] += more * diagonal[free[a]];
      }
      const Cholesky factor(matrix, m);
      if (factor.dependent_row()) continue;
      factor.solve(right);
      for (std::size_t a = 0; a < m; ++a) change[free[a]] = right[a];
      break;
    }
    return change;
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
    const double variance = std::max(result.sum / static_cast<double>(problem.residuals() - unknowns), options.least_variance);
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
