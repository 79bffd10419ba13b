// Additive power laws, L(x) = E + sum_k B_k x_k^-b_k, fitted to the logarithm of losses: log L = LSE(log E, log B_k - b_k log x_k), Huber's loss, the SUM over observations minimised from many
// starts (Hoffmann et al., arXiv 2203.15556, appendix D.2; why the sum and not the mean: Besiroglu et al., arXiv 2404.10102). No Torch, no MPI.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xxact::scaling_law {

struct Observation {
  std::vector<double> size;  // x_k > 0: training rows; or parameters and data
  double loss = 0;           // > 0
};

/// All in the units of the observations; exponents are positive where more helps, and never negative beside a floor.
struct PowerLaw {
  std::vector<double> scale, exponent;  // B_k, b_k
  double floor = 0;                     // E; 0: none

  double operator()(std::span<const double> size) const;
};

struct FitOptions {
  bool floor = true;
  /// Residuals (of log loss) above this count by their absolute value. Empty: 1.345 robust standard deviations of the residuals of a fit by least squares (95 % efficiency for Gaussian noise).
  std::optional<double> huber = {};
  std::optional<PowerLaw> start = {};  // the only start; empty: a grid
};

struct Fit {
  PowerLaw law;
  double objective = 0;           // the sum
  double huber = 0;               // the threshold
  std::vector<double> residual;   // log loss - log law, of each observation
  std::vector<double> parameter;  // as fitted: log B_k at the geometric mean of x_k, b_k, ..., log E
  std::vector<double> centre;     // mean log x_k
  int parameters() const { return static_cast<int>(parameter.size()); }
};

/// ConfigError naming the observation where a size or loss is not positive and finite, sizes have different lengths, or there are fewer distinct sizes than parameters of a variable.
Fit fit(std::span<const Observation> observations, const FitOptions& options);

/// The objective's least value over all parameters but `fixed`, which stays at `value`, from the fit on; for profiles. Parameters are as in Fit::parameter, but with the scale of the
/// first variable at `anchor` (log x_1): at 0 it is log B_1 itself.
double profile(std::span<const Observation> observations, const Fit& from, double anchor, std::size_t fixed, double value);
/// The fit's parameters at that anchor.
std::vector<double> parameters_at(const Fit& fit, double anchor);

/// Derivatives of log L with respect to Fit::parameter at a place, and log L itself.
struct LogLoss {
  double value = 0;
  std::vector<double> gradient;
};
LogLoss log_loss(const Fit& fit, std::span<const double> size);

}  // namespace xxact::scaling_law
