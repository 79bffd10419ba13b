// A calculated pattern fitted to a measured one: shifts, widths, a factor a phase and the background, by weighted least squares on the
// measured points themselves. Not a Rietveld refinement: cell and atoms stay as given, but for an isotropic strain, an overall B_iso and a
// texture where these are asked for. Not here: reading files (io/measured_pattern.hpp), patterns for models (measured.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/xrd/fit_parameters.hpp"

namespace xxact::xrd {

struct FitPhase {
  std::string name;
  StructureView structure;
};

struct PatternFitOptions {
  SimulationOptions simulation;  // radiation, polarisation, form factors, displacement; its range is that of the points to fit
  PeakShape start;               // tch: where the widths start, and those that are not fitted; the search of the start tries other W
  std::vector<FitParameter> fitted = {FitParameter::zero, FitParameter::caglioti, FitParameter::x, FitParameter::y};
  int background_terms = 8;      // Chebyshev, over the range of the points
  std::vector<Range> excluded;   // degrees 2-theta, as measured: neither fitted nor compared
  std::optional<double> zero_error_deg;  // where the shift starts, or stays if it is not fitted; searched within half a degree if not given
  std::array<int, 3> texture_axis = {0, 0, 1};
  bool automatic_slit = false;  // see LineChanges
};

/// Of a parameter that was fitted. No standard deviation: the parameter stands at a bound, or the pattern does not determine it.
struct FittedValue {
  std::string name, unit;
  double value;
  std::optional<double> deviation;
  bool at_bound = false;
};

struct PatternFit {
  std::vector<FittedValue> values;      // non-linear ones, then factors of the phases, then coefficients of the background
  FitState state;                       // at the end
  std::vector<double> phase_factors;    // [phases]: area of the strongest line, intensity times degrees
  // [points] in the range, excluded ones too:
  std::vector<double> two_theta_deg, measured, calculated, background;  // calculated: with the background
  std::vector<std::uint8_t> used;                                       // 0: excluded
  std::vector<std::vector<double>> lines_deg;                           // [phases]: where lines above a thousandth of the phase's strongest stand, shifted as fitted
  double cosine = 0;      // of measured - background and calculated - background over the points used
  double r_wp = 0;        // sqrt(sum w (measured - calculated)^2 / sum w measured^2), w = 1 / variance
  double r_wp_lines = 0;  // the same with measured - background below the line
  double r_expected = 0;  // sqrt((points - parameters) / sum w measured^2)
  std::size_t points = 0, parameters = 0;
  int iterations = 0;
  bool converged = false;
};

/// Fits phases[0], the structure in question, and any others with factors of their own; shape, shift and B_iso are common to all, strain and
/// texture are those of the first. `two_theta_deg` (ascending, degrees) and `intensity` [points]; `sigma` [points] standard deviations,
/// or empty: then the variance is that of counts, see variances_of_counts in fit_points.hpp. Standard deviations of the result are those of the linearised problem, times
/// r_wp / r_expected where that is above 1; neighbouring points' misfits are not independent, which they leave out.
/// Deterministic. Throws InputError: fewer points than twice the parameters or 20, points that do not ascend, a constant pattern,
/// no line in the range, a pattern in which the first phase has no part; ConfigError for options out of range.
PatternFit fit_pattern(std::span<const double> two_theta_deg, std::span<const double> intensity, std::span<const double> sigma, std::span<const FitPhase> phases,
                       const PatternFitOptions& options);

}  // namespace xxact::xrd
