// Non-linear least squares within bounds: Levenberg and Marquardt's method (D. W. Marquardt, J. Soc. Ind. Appl. Math. 11 (1963) 431,
// doi:10.1137/0111030), whose step is the least-squares step of the linearised problem within the bounds. For some tens of parameters
// and any number of residuals. Deterministic. Not here: where to start from, which parameters are worth fitting.
//
// Eigen's unsupported/NonLinearOptimization has neither bounds nor a test of convergence that knows the residuals' variance.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace xxact::xrd {

/// Residuals r(x) whose sum of squares is to be as small as possible.
class LeastSquaresProblem {
 public:
  virtual ~LeastSquaresProblem() = default;
  virtual std::size_t residuals() const = 0;
  virtual void evaluate(std::span<const double> x, std::span<double> residual) = 0;
  /// `column` [residuals]: dr / dx_i for each i of `parameters`, one vector each.
  virtual void differentiate(std::span<const double> x, std::span<const std::size_t> parameters, std::vector<std::vector<double>>& columns) = 0;
};

struct Bounds {
  double low, high;  // equal: the parameter is fixed
};

struct LeastSquaresOptions {
  int most_iterations = 100;  // accepted steps
  /// Converged when the whole step that is left would lower the sum of squares by less than this times sum / (residuals - parameters),
  /// the variance of one residual: every parameter is then within sqrt(this) of its standard deviation from the minimum.
  double tolerance = 1e-4;
  /// The same where no step lowers the sum any more, because it is only known to the rounding of the residuals.
  double stalled_tolerance = 1e-2;
  double least_variance = 0;         // of a residual, below which rounding of the residuals is all that is left to fit
  std::size_t other_parameters = 0;  // that the problem has solved for by itself; counted with the variance
};

struct LeastSquaresResult {
  std::vector<double> x;
  double sum = 0;  // of squared residuals
  int iterations = 0;
  bool converged = false;
};

/// From `start`, moved into the bounds. The result is not converged when the iterations run out or when no step, however short, lowers the
/// sum although the linearised problem says that much is left. Throws ConfigError for spans of different lengths, reversed bounds or too few residuals,
/// InputError where the residuals at the start are not finite.
LeastSquaresResult minimise(LeastSquaresProblem& problem, std::span<const double> start, std::span<const Bounds> bounds, const LeastSquaresOptions& options);

}  // namespace xxact::xrd
