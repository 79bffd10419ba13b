#include "pipeline/scaling_law/power_law.hpp"

#include <nlopt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>

#include "src/base/error.hpp"

namespace xxact::scaling_law {
namespace {

// A floor e^-20 below the smallest loss is none; exponents beyond these are no laws.
constexpr double kNoFloor = 20, kLeastExponent = -5, kGreatestExponent = 20;
constexpr double kRobustDeviation = 1.4826, kEfficientHuber = 1.345;

/// Observations in logarithms, sizes about a centre.
struct LogData {
  std::size_t variables = 0, count = 0;
  std::vector<double> x, y;  // [count, variables], [count]
  double least = 0;          // of y
};

/// log L and, where asked for, its derivatives. Parameters: (c_k, b_k) of each variable, then log E if there is one.
double evaluate(std::span<const double> parameter, std::span<const double> x, double* gradient) {
  const auto terms = (parameter.size() + 1) / 2;  // a floor is a term of its own
  double greatest = -std::numeric_limits<double>::infinity();
  const auto exponent_of = [&](std::size_t k) { return k < x.size() ? parameter[2 * k] - parameter[2 * k + 1] * x[k] : parameter[2 * k]; };
  for (std::size_t k = 0; k < terms; ++k) greatest = std::max(greatest, exponent_of(k));
  double sum = 0;
  for (std::size_t k = 0; k < terms; ++k) sum += std::exp(exponent_of(k) - greatest);
  const double value = greatest + std::log(sum);
  if (gradient != nullptr)
    for (std::size_t k = 0; k < terms; ++k) {
      const double share = std::exp(exponent_of(k) - value);
      gradient[2 * k] = share;
      if (k < x.size()) gradient[2 * k + 1] = -x[k] * share;
    }
  return value;
}

double huber_loss(double residual, double threshold) { return std::abs(residual) <= threshold ? 0.5 * residual * residual : threshold * (std::abs(residual) - 0.5 * threshold); }

/// What the optimiser calls.
struct Problem {
  const LogData& data;
  double threshold;
  std::vector<double> gradient;

  double value(std::span<const double> parameter, double* total) {
    gradient.resize(parameter.size());
    double sum = 0;
    if (total != nullptr) std::fill_n(total, parameter.size(), 0.0);
    for (std::size_t i = 0; i < data.count; ++i) {
      const double residual = data.y[i] - evaluate(parameter, {data.x.data() + i * data.variables, data.variables}, total != nullptr ? gradient.data() : nullptr);
      sum += huber_loss(residual, threshold);
      if (total == nullptr) continue;
      const double influence = std::clamp(residual, -threshold, threshold);
      for (std::size_t p = 0; p < parameter.size(); ++p) total[p] -= influence * gradient[p];
    }
    return sum;
  }
};

/// Minimises from `parameter` on, in place; `fixed` parameters stay.
double minimise(const LogData& data, double threshold, std::vector<double>& parameter, std::optional<std::size_t> fixed = {}) {
  Problem problem{data, threshold, {}};
  const auto n = static_cast<unsigned>(parameter.size());
  const std::unique_ptr<nlopt_opt_s, void (*)(nlopt_opt)> optimiser(nlopt_create(NLOPT_LD_LBFGS, n), nlopt_destroy);
  std::vector<double> low(n, -std::numeric_limits<double>::infinity()), high(n, std::numeric_limits<double>::infinity());
  for (unsigned p = 0; p < n; ++p) {
    const bool exponent = p % 2 == 1, floor = p == 2 * data.variables;
    // A law with a floor comes down to it.
    if (exponent) low[p] = n > 2 * data.variables ? 0 : kLeastExponent, high[p] = kGreatestExponent;
    if (floor) low[p] = data.least - kNoFloor;
    if (fixed == p) low[p] = high[p] = parameter[p];
    parameter[p] = std::clamp(parameter[p], low[p], high[p]);
  }
  nlopt_set_lower_bounds(optimiser.get(), low.data());
  nlopt_set_upper_bounds(optimiser.get(), high.data());
  nlopt_set_min_objective(optimiser.get(), [](unsigned count, const double* x, double* gradient, void* data_of_call) { return static_cast<Problem*>(data_of_call)->value({x, count}, gradient); }, &problem);
  nlopt_set_ftol_rel(optimiser.get(), 1e-13);
  nlopt_set_xtol_rel(optimiser.get(), 1e-10);
  nlopt_set_maxeval(optimiser.get(), 2000);
  double best = problem.value(parameter, nullptr);
  // The corners of Huber's loss end a line search early: again from there, until that gains nothing.
  for (int round = 0; round < 20; ++round) {
    auto next = parameter;
    double value = best;
    const auto status = nlopt_optimize(optimiser.get(), next.data(), &value);
    if (status == NLOPT_OUT_OF_MEMORY || status == NLOPT_INVALID_ARGS) throw NumericError("the fit of a power law cannot begin (NLopt status {})", static_cast<int>(status));
    value = problem.value(next, nullptr);
    if (!(value < best)) break;
    const bool settled = best - value <= 1e-12 * best;
    best = value;
    parameter = next;
    if (settled) break;
  }
  return best;
}

LogData logarithms(std::span<const Observation> observations, std::span<const double> centre) {
  LogData data{centre.size(), observations.size(), {}, {}, std::numeric_limits<double>::infinity()};
  for (const auto& o : observations) {
    for (std::size_t k = 0; k < centre.size(); ++k) data.x.push_back(std::log(o.size[k]) - centre[k]);
    data.y.push_back(std::log(o.loss));
    data.least = std::min(data.least, data.y.back());
  }
  return data;
}

std::vector<double> checked_centre(std::span<const Observation> observations, bool floor) {
  if (observations.empty()) throw ConfigError("a power law is fitted to observations, and there are none");
  const auto variables = observations.front().size.size();
  if (variables == 0) throw ConfigError("observation 1 has no size");
  std::vector<double> centre(variables, 0.0);
  std::vector<std::set<double>> distinct(variables);
  for (std::size_t i = 0; i < observations.size(); ++i) {
    const auto& [size, loss] = observations[i];
    if (size.size() != variables) throw ConfigError("observation {} has {} sizes, the first one has {}", i + 1, size.size(), variables);
    if (!(loss > 0) || !std::isfinite(loss)) throw ConfigError("observation {}: the loss {} is not positive", i + 1, loss);
    for (std::size_t k = 0; k < variables; ++k) {
      if (!(size[k] > 0) || !std::isfinite(size[k])) throw ConfigError("observation {}: the size {} is not positive", i + 1, size[k]);
      centre[k] += std::log(size[k]) / static_cast<double>(observations.size());
      distinct[k].insert(size[k]);
    }
  }
  const std::size_t needed = floor ? 3 : 2;
  for (const auto& sizes : distinct)
    if (sizes.size() < needed) throw ConfigError("{} distinct sizes are too few for a power law {} a floor, which needs {}", sizes.size(), floor ? "with" : "without", needed);
  if (observations.size() < 2 * variables + (floor ? 1 : 0)) throw ConfigError("{} observations are fewer than the parameters of the law", observations.size());
  return centre;
}

/// All starts: exponents, shares of the smallest loss that are the floor, and how the rest is shared by the variables.
std::vector<std::vector<double>> grid(const LogData& data, bool floor) {
  constexpr double kExponents[] = {0.05, 0.2, 0.5, 1.0, 2.0}, kShares[] = {0.05, 0.5, 0.9}, kWeights[] = {-1.5, 0, 1.5};
  double mean = 0;
  for (const double y : data.y) mean += y / static_cast<double>(data.count);
  std::vector<std::vector<double>> starts = {{}};
  for (std::size_t k = 0; k < data.variables; ++k) {
    std::vector<std::vector<double>> longer;
    for (const auto& start : starts)
      for (const double exponent : kExponents)
        for (const double weight : kWeights) {
          if (k == 0 && weight != 0) continue;
          auto next = start;
          next.insert(next.end(), {mean - std::log(static_cast<double>(data.variables)) + weight, exponent});
          longer.push_back(std::move(next));
        }
    starts = std::move(longer);
  }
  if (!floor) return starts;
  std::vector<std::vector<double>> with_floor;
  for (const auto& start : starts)
    for (const double share : kShares) {
      auto next = start;
      for (std::size_t k = 0; k < data.variables; ++k) next[2 * k] += std::log1p(-share);
      next.push_back(data.least + std::log(share));
      with_floor.push_back(std::move(next));
    }
  return with_floor;
}

std::vector<double> parameters_of(const PowerLaw& law, std::span<const double> centre, double least, bool floor) {
  std::vector<double> parameter;
  for (std::size_t k = 0; k < centre.size(); ++k) parameter.insert(parameter.end(), {std::log(law.scale.at(k)) - law.exponent.at(k) * centre[k], law.exponent[k]});
  if (floor) parameter.push_back(std::max(law.floor > 0 ? std::log(law.floor) : -std::numeric_limits<double>::infinity(), least - kNoFloor));
  return parameter;
}

double robust_deviation(std::vector<double> residual, int parameters) {
  for (double& r : residual) r = std::abs(r);
  const auto middle = residual.begin() + static_cast<std::ptrdiff_t>(residual.size() / 2);
  std::ranges::nth_element(residual, middle);
  const auto n = static_cast<double>(residual.size());
  return kRobustDeviation * *middle * std::sqrt(n / std::max(1.0, n - parameters));
}

std::vector<double> residuals(const LogData& data, std::span<const double> parameter) {
  std::vector<double> residual;
  for (std::size_t i = 0; i < data.count; ++i) residual.push_back(data.y[i] - evaluate(parameter, {data.x.data() + i * data.variables, data.variables}, nullptr));
  return residual;
}

}  // namespace

double PowerLaw::operator()(std::span<const double> size) const {
  double loss = floor;
  for (std::size_t k = 0; k < scale.size(); ++k) loss += scale[k] * std::pow(size[k], -exponent[k]);
  return loss;
}

Fit fit(std::span<const Observation> observations, const FitOptions& options) {
  Fit result;
  result.centre = checked_centre(observations, options.floor);
  const auto data = logarithms(observations, result.centre);
  const auto best_of = [&](double threshold, const std::vector<std::vector<double>>& starts) {
    result.objective = std::numeric_limits<double>::infinity();
    for (auto parameter : starts) {
      const double value = minimise(data, threshold, parameter);
      if (value < result.objective) result.objective = value, result.parameter = parameter;
    }
  };
  const auto starts = options.start ? std::vector<std::vector<double>>{parameters_of(*options.start, result.centre, data.least, options.floor)} : grid(data, options.floor);
  if (options.huber) {
    result.huber = *options.huber;
    best_of(result.huber, starts);
  } else {
    best_of(std::numeric_limits<double>::infinity(), starts);
    // An outlier pulls the first fit, and so widens the scatter about it: again, until that stays.
    for (int round = 0; round < 10; ++round) {
      const double before = result.huber;
      result.huber = kEfficientHuber * robust_deviation(residuals(data, result.parameter), result.parameters());
      // Without scatter there is nothing that could be an outlier.
      if (result.huber < 1e-9 || std::abs(result.huber - before) < 1e-3 * result.huber) break;
      best_of(result.huber, {result.parameter});
    }
  }
  result.residual = residuals(data, result.parameter);
  for (std::size_t k = 0; k < result.centre.size(); ++k) {
    result.law.exponent.push_back(result.parameter[2 * k + 1]);
    result.law.scale.push_back(std::exp(result.parameter[2 * k] + result.parameter[2 * k + 1] * result.centre[k]));
  }
  if (options.floor && result.parameter.back() > data.least - kNoFloor + 1) result.law.floor = std::exp(result.parameter.back());
  return result;
}

std::vector<double> parameters_at(const Fit& fit, double anchor) {
  auto parameter = fit.parameter;
  parameter[0] += parameter[1] * (fit.centre[0] - anchor);
  return parameter;
}

double profile(std::span<const Observation> observations, const Fit& from, double anchor, std::size_t fixed, double value) {
  auto centre = from.centre;
  centre[0] = anchor;
  auto parameter = parameters_at(from, anchor);
  // The line through the data stays, about, where an exponent is moved.
  if (fixed == 1) parameter[0] += (value - parameter[1]) * (from.centre[0] - anchor);
  if (fixed == 0 && from.centre[0] != anchor) parameter[1] += (value - parameter[0]) / (from.centre[0] - anchor);
  parameter[fixed] = value;
  return minimise(logarithms(observations, centre), from.huber, parameter, fixed);
}

LogLoss log_loss(const Fit& fit, std::span<const double> size) {
  std::vector<double> x;
  for (std::size_t k = 0; k < size.size(); ++k) x.push_back(std::log(size[k]) - fit.centre[k]);
  LogLoss result;
  result.gradient.resize(fit.parameter.size());
  result.value = evaluate(fit.parameter, x, result.gradient.data());
  return result;
}

}  // namespace xxact::scaling_law
