#include "pipeline/xrd/pattern_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "pipeline/xrd/fit_deviations.hpp"
#include "pipeline/xrd/fit_points.hpp"
#include "pipeline/xrd/linear_part.hpp"
#include "pipeline/xrd/measurement.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kLargestZeroError = 0.5;                        // degrees, of the search
constexpr std::array<double, 5> kWidthsTried = {0.04, 0.08, 0.16, 0.32, 0.64};  // degrees FWHM
constexpr double kZeroStepOfWidth = 0.25;
constexpr double kNeglectedArea = 1e-6;
constexpr double kRounding = 1e-5;     // of intensities, single precision through a pattern
constexpr const char* kStrongest = "strongest line of ";
constexpr double kSignificant = 3;     // deviations
constexpr double kShownLine = 1e-3;  // of the phase's strongest

double squared(double x) { return x * x; }

/// The pattern of the phases on the measured points, as a problem for minimise().
class PatternProblem : public LeastSquaresProblem {
 public:
  PatternProblem(const FitPoints& points, std::vector<PowderLines> phases, const FitParameters& parameters, const PatternFitOptions& options)
      : points_(points), phases_(std::move(phases)), parameters_(parameters), profile_(points.grid(), parameters.state(parameters.start()).shape),
        linear_(points.position(), points.intensity(), points.root_weight(), options.background_terms), binned_(static_cast<std::size_t>(points.grid().points)) {}

  std::size_t residuals() const override { return points_.intensity().size(); }

  void evaluate(std::span<const double> x, std::span<double> residual) override {
    const FitState state = parameters_.state(x);
    profiles_.resize(phases_.size());
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      begin(state.shape);
      add_lines(state, p, 1);
      finish(points_, profiles_[p]);
    }
    linear_.solve(profiles_, residual);
  }

  void differentiate(std::span<const double> x, std::span<const std::size_t> parameters, std::vector<std::vector<double>>& columns) override {
    std::vector<double> residual(residuals());
    evaluate(x, residual);
    columns.resize(parameters.size());
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      change(x, parameters[k], columns[k]);
      linear_.project(columns[k]);
    }
  }

  /// [points used]: the derivative of the calculated pattern, factors of the phases as last solved for. Across the parameter where its
  /// bounds leave room on both sides, from one side to the same order otherwise.
  void change(std::span<const double> x, std::size_t parameter, std::vector<double>& out) {
    const Bounds bounds = parameters_.bounds()[parameter];
    const double h = parameters_.steps()[parameter];
    std::vector<double> moved(x.begin(), x.end()), other;
    const auto at = [&](double value, std::vector<double>& pattern) {
      moved[parameter] = value;
      lines_at(moved, points_, pattern);
    };
    const double here = x[parameter];
    if (here - h >= bounds.low && here + h <= bounds.high) {
      at(here + h, out);
      at(here - h, other);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = (out[i] - other[i]) / (2 * h);
      return;
    }
    const double side = here - h >= bounds.low ? -h : h;
    std::vector<double> far;
    at(here, out);
    at(here + side, other);
    at(here + 2 * side, far);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = (4 * other[i] - 3 * out[i] - far[i]) / (2 * side);
  }

  /// All lines with the factors last solved for, on any points of the same grid.
  void lines_at(std::span<const double> x, const FitPoints& points, std::vector<double>& out) {
    const FitState state = parameters_.state(x);
    begin(state.shape);
    for (std::size_t p = 0; p < phases_.size(); ++p)
      if (linear_.factors()[p] > 0) add_lines(state, p, linear_.factors()[p]);
    finish(points, out);
  }

  /// Angles within the grid of the phase's lines above a share of its strongest.
  std::vector<double> angles(std::span<const double> x, std::size_t phase, double share) {
    shifted_lines(parameters_.state(x), phase);
    std::vector<double> angles;
    for (std::size_t i = 0; i < area_.size(); ++i)
      if (area_[i] > share && two_theta_[i] >= points_.grid().two_theta_min_deg && two_theta_[i] <= points_.grid().two_theta_max_deg) angles.push_back(two_theta_[i]);
    return angles;
  }

  LinearPart& linear() { return linear_; }
  const std::vector<std::vector<double>>& profiles() const { return profiles_; }

 private:
  void begin(const PeakShape& shape) {
    profile_.set_shape(shape);
    profile_.clear();
  }

  void shifted_lines(const FitState& state, std::size_t phase) {
    LineChanges changes = phase == 0 ? state.first : LineChanges{};
    changes.b_iso = state.b_iso;
    changes.automatic_slit = state.first.automatic_slit;
    phases_[phase].write(changes, two_theta_, area_);
    shift_lines(state.shifts, two_theta_);
    // A line that is shifted out of what angles there are is not measured.
    for (std::size_t i = 0; i < two_theta_.size(); ++i)
      if (!(two_theta_[i] > 0 && two_theta_[i] < 180)) two_theta_[i] = 90, area_[i] = 0;
  }

  void add_lines(const FitState& state, std::size_t phase, double factor) {
    shifted_lines(state, phase);
    for (double& area : area_) area *= factor;
    profile_.add(two_theta_, area_);
  }

  void finish(const FitPoints& points, std::vector<double>& out) {
    profile_.write(binned_);
    points.interpolate(binned_, out);
  }

  const FitPoints& points_;
  std::vector<PowderLines> phases_;
  const FitParameters& parameters_;
  PeakProfile profile_;
  LinearPart linear_;
  std::vector<std::vector<double>> profiles_;
  std::vector<double> two_theta_, area_;
  std::vector<float> binned_;
};

/// Shift and width with the smallest sum of squares among some, wide lines at coarse steps.
void search_start(FitParameters& parameters, PatternProblem& problem, const PatternFitOptions& options) {
  const bool widths = std::ranges::any_of(options.fitted, [](FitParameter p) { return p == FitParameter::width || p == FitParameter::caglioti; });
  std::vector<double> tried = {std::sqrt(options.start.caglioti_w_deg2)};
  if (widths) tried.insert(tried.end(), kWidthsTried.begin(), kWidthsTried.end());
  const bool shifts = parameters.fits_shift() && !options.zero_error_deg;
  std::vector<double> residual(problem.residuals());
  double best = std::numeric_limits<double>::infinity(), best_zero = options.zero_error_deg.value_or(0), best_width = tried.front();
  for (const double width : tried) {
    const double step = std::max(kZeroStepOfWidth * width, 0.01);
    const int steps = shifts ? static_cast<int>(std::ceil(kLargestZeroError / step)) : 0;
    for (int k = -steps; k <= steps; ++k) {
      const double zero = options.zero_error_deg.value_or(0) + k * step;
      parameters.start_at(zero, width);
      problem.evaluate(parameters.start(), residual);
      const double sum = std::inner_product(residual.begin(), residual.end(), residual.begin(), 0.0);
      if (sum < best) best = sum, best_zero = zero, best_width = width;
    }
  }
  parameters.start_at(best_zero, best_width);
}

/// `known_sigma`: the file gives standard deviations. Where it does not, intensities need not be counts, and the misfit says how much they scatter.
void describe_values(PatternProblem& problem, const FitParameters& parameters, const FitPoints& points, const LeastSquaresResult& minimum, std::span<const FitPhase> phases,
                     bool known_sigma, PatternFit& fit) {
  const std::size_t n = minimum.x.size();
  std::vector<std::vector<double>> columns(n);
  std::vector<std::size_t> inside;
  for (std::size_t i = 0; i < n; ++i) {
    problem.change(minimum.x, i, columns[i]);
    if (minimum.x[i] > parameters.bounds()[i].low && minimum.x[i] < parameters.bounds()[i].high) inside.push_back(i);
  }
  for (std::size_t p = 0; p < phases.size(); ++p) {
    if (fit.phase_factors[p] > 0) inside.push_back(columns.size());
    columns.push_back(problem.profiles()[p]);
  }
  const std::vector<double> background = problem.linear().background_coefficients();
  for (std::size_t k = 0; k < background.size(); ++k) inside.push_back(columns.size() + k);
  columns.resize(columns.size() + background.size(), std::vector<double>(points.position().size()));
  std::vector<double> terms(background.size());
  for (std::size_t i = 0; i < points.position().size(); ++i) {
    chebyshev_terms(points.position()[i], terms);
    for (std::size_t k = 0; k < terms.size(); ++k) columns[n + phases.size() + k][i] = terms[k];
  }
  for (std::vector<double>& column : columns)
    for (std::size_t i = 0; i < column.size(); ++i) column[i] *= points.root_weight()[i];
  const Deviations deviations(columns, inside);
  const double misfit = std::max(fit.r_wp / fit.r_expected, known_sigma ? 1.0 : 0.0);
  const auto scaled = [&](std::optional<double> deviation) { return deviation ? std::optional(*deviation * misfit) : deviation; };
  for (const FitQuantity& quantity : parameters.quantities(minimum.x)) {
    const bool at_bound = std::ranges::none_of(inside, [&](std::size_t i) { return i < n && quantity.gradient[i] != 0; });
    fit.values.push_back({quantity.name, quantity.unit, quantity.value, scaled(deviations.of(quantity.gradient)), at_bound});
  }
  for (std::size_t p = 0; p < phases.size(); ++p)
    fit.values.push_back({std::string(kStrongest) + phases[p].name, "intensity deg", fit.phase_factors[p], scaled(deviations.of_parameter(n + p)), fit.phase_factors[p] == 0});
  for (std::size_t k = 0; k < background.size(); ++k)
    fit.values.push_back({"background c" + std::to_string(k), "intensity", background[k], scaled(deviations.of_parameter(n + phases.size() + k)), false});
}

void measure_agreement(PatternFit& fit, std::span<const double> root_weight) {
  double product = 0, measured = 0, calculated = 0, misfit = 0, total = 0, lines = 0;
  for (std::size_t i = 0, k = 0; i < fit.measured.size(); ++i) {
    if (fit.used[i] == 0) continue;
    const double weight = squared(root_weight[k++]), m = fit.measured[i] - fit.background[i], c = fit.calculated[i] - fit.background[i];
    product += m * c, measured += m * m, calculated += c * c;
    misfit += weight * squared(m - c), total += weight * squared(fit.measured[i]), lines += weight * m * m;
  }
  fit.cosine = measured > 0 && calculated > 0 ? product / std::sqrt(measured * calculated) : 0;
  fit.r_wp = std::sqrt(misfit / total);
  fit.r_wp_lines = std::sqrt(misfit / lines);
  fit.r_expected = std::sqrt(static_cast<double>(fit.points - fit.parameters) / total);
}

FitState starting_state(const PatternFitOptions& options) {
  FitState state;
  state.shape = options.start;
  state.shape.wavelength_angstrom = options.simulation.wavelength_angstrom;
  // Tails end where the pattern ends: a cut would move by whole cells of bins as widths change, and the sum of squares would jump.
  state.shape.neglected_area = kNeglectedArea;
  state.first.texture_axis = options.texture_axis;
  state.first.automatic_slit = options.automatic_slit;
  state.shifts.zero_shift_deg = options.zero_error_deg.value_or(0);
  return state;
}

double least_b_iso(const Displacement& displacement) {
  double least = displacement.b_iso;
  for (const auto& [element, b] : displacement.b_iso_of_element) least = std::min(least, b);
  return -least;
}

std::vector<PowderLines> lines_of(std::span<const FitPhase> phases, const SimulationOptions& simulation) {
  std::vector<PowderLines> lines;
  for (const FitPhase& phase : phases) {
    try {
      lines.emplace_back(phase.structure, simulation);
    } catch (const InputError& error) {
      throw InputError("{}: {}", phase.name, error.what());
    }
  }
  return lines;
}

/// Measured, calculated and background at every point of the range, excluded or not.
void fill_patterns(PatternProblem& problem, std::span<const double> x, const FitPoints& all, const std::vector<Range>& excluded, PatternFit& fit) {
  fit.two_theta_deg = all.two_theta_deg(), fit.measured = all.intensity();
  fit.used = all.outside(excluded);
  problem.lines_at(x, all, fit.calculated);
  fit.background.resize(fit.calculated.size());
  const std::vector<double> coefficients = problem.linear().background_coefficients();
  std::vector<double> terms(coefficients.size());
  for (std::size_t i = 0; i < fit.calculated.size(); ++i) {
    chebyshev_terms(all.position()[i], terms);
    fit.background[i] = std::inner_product(terms.begin(), terms.end(), coefficients.begin(), 0.0);
    fit.calculated[i] += fit.background[i];
  }
}

void require_significance(const PatternFit& fit, const std::string& name) {
  const auto found = std::ranges::find(fit.values, std::string(kStrongest) + name, &FittedValue::name);
  if (found->deviation && found->value < kSignificant * *found->deviation)
    throw InputError("the measured pattern has nothing of the lines of {}: the strongest is {:.3g} with a deviation of {:.3g}", name, found->value, *found->deviation);
}

}  // namespace

PatternFit fit_pattern(std::span<const double> two_theta_deg, std::span<const double> intensity, std::span<const double> sigma, std::span<const FitPhase> phases,
                       const PatternFitOptions& options) {
  if (phases.empty()) throw ConfigError("a fit needs a structure");
  const FitPoints all(two_theta_deg, intensity, sigma, options.simulation, {}), points(two_theta_deg, intensity, sigma, options.simulation, options.excluded);
  std::vector<PowderLines> lines = lines_of(phases, points.range_of_lines(options.simulation));
  FitParameters parameters(options.fitted, starting_state(options), points.grid(), least_b_iso(options.simulation.displacement));
  PatternFit fit;
  fit.points = points.intensity().size();
  fit.parameters = parameters.start().size() + phases.size() + static_cast<std::size_t>(std::max(options.background_terms, 0));
  if (fit.points < std::max<std::size_t>(2 * fit.parameters, 20)) throw InputError("{} measured points for {} parameters: a fit needs twice as many, and at least 20", fit.points, fit.parameters);
  PatternProblem problem(points, std::move(lines), parameters, options);
  search_start(parameters, problem, options);
  LeastSquaresOptions least_squares;
  least_squares.other_parameters = fit.parameters - parameters.start().size();
  for (std::size_t i = 0; i < fit.points; ++i) least_squares.least_variance += squared(kRounding * points.intensity()[i] * points.root_weight()[i]) / static_cast<double>(fit.points);
  const LeastSquaresResult first = minimise(problem, parameters.start(), parameters.bounds_of_first_stage(), least_squares);
  const LeastSquaresResult minimum = minimise(problem, first.x, parameters.bounds(), least_squares);
  fit.converged = minimum.converged;
  fit.iterations = first.iterations + minimum.iterations;
  std::vector<double> residual(problem.residuals());
  problem.evaluate(minimum.x, residual);
  fit.phase_factors = problem.linear().factors();
  if (!(fit.phase_factors.front() > 0)) throw InputError("the measured pattern has nothing of the lines of {}", phases.front().name);
  fit.state = parameters.state(minimum.x);
  fill_patterns(problem, minimum.x, all, options.excluded, fit);
  measure_agreement(fit, points.root_weight());
  for (std::size_t p = 0; p < phases.size(); ++p) fit.lines_deg.push_back(problem.angles(minimum.x, p, kShownLine));
  describe_values(problem, parameters, points, minimum, phases, !sigma.empty(), fit);
  require_significance(fit, phases.front().name);
  return fit;
}

}  // namespace xxact::xrd
