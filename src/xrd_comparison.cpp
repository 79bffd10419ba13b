#include "src/xrd_comparison.hpp"

#include <cmath>
#include <exception>
#include <limits>

#include "io/measured_pattern.hpp"
#include "pipeline/xrd/measured.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact {
namespace {

constexpr double kLargestZeroError = 0.5, kZeroErrorStep = 0.01;  // degrees

/// What a pattern with its lines at these wavelengths is taken as: a doublet stands at its mean.
double wavelength_of(const xrd::SimulationOptions& simulation) {
  if (simulation.second_intensity == 0) return simulation.wavelength_angstrom;
  return xrd::mean_wavelength(simulation.wavelength_angstrom, simulation.second_wavelength_angstrom, simulation.second_intensity);
}

double wavelength_of(const io::MeasuredPattern& pattern, const xrd::SimulationOptions& simulation) {
  if (!pattern.wavelength_angstrom) return wavelength_of(simulation);
  if (!pattern.alpha2_angstrom) return *pattern.wavelength_angstrom;
  return xrd::mean_wavelength(*pattern.wavelength_angstrom, *pattern.alpha2_angstrom, pattern.alpha2_ratio.value_or(xrd::kDoubletIntensity));
}

struct Sums {
  double measured_squared = 0, simulated_squared = 0, product = 0;

  Sums(const xrd::MeasuredOnGrid& on_grid, const std::vector<double>& simulated) {
    for (std::size_t i = 0; i < simulated.size(); ++i) {
      if (on_grid.measured[i] == 0) continue;
      const double m = on_grid.pattern[i], s = simulated[i];
      measured_squared += m * m, simulated_squared += s * s, product += m * s;
    }
  }
  double cosine() const { return measured_squared > 0 && simulated_squared > 0 ? product / std::sqrt(measured_squared * simulated_squared) : 0; }
  /// Of the measured pattern, by least squares.
  double scale() const { return measured_squared > 0 ? product / measured_squared : 0; }
};

}  // namespace

Comparison compare_with_measured(const std::filesystem::path& file, const std::vector<double>& simulated, const xrd::PatternOptions& options,
                                 std::optional<double> zero_error_deg) {
  const io::MeasuredPattern pattern = io::read_measured_pattern(file);
  for (const auto& note : pattern.notes) log::info("{}: {}", file.string(), note);
  xrd::MeasurementOptions measurement;
  measurement.wavelength_angstrom = wavelength_of(pattern, options.simulation);
  if (!pattern.wavelength_angstrom) log::info("{} does not say its wavelength: taken as {} angstrom", file.string(), measurement.wavelength_angstrom);
  xrd::PatternOptions linear = options;
  linear.square_root = false;
  linear.simulation.wavelength_angstrom = wavelength_of(options.simulation);
  Comparison best;
  best.cosine = -1;
  std::exception_ptr refused;
  const auto consider = [&](double zero_error) {
    measurement.zero_error_deg = zero_error;
    xrd::MeasuredOnGrid on_grid;
    try {
      on_grid = xrd::on_model_grid(pattern.two_theta_deg, pattern.intensity, linear, measurement);
    } catch (const InputError&) {
      // At another zero error the pattern may well reach the grid.
      if (refused == nullptr) refused = std::current_exception();
      return;
    }
    const Sums sums(on_grid, simulated);
    if (sums.cosine() <= best.cosine) return;
    best.cosine = sums.cosine();
    best.zero_error_deg = zero_error;
    best.measured.assign(simulated.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < simulated.size(); ++i)
      if (on_grid.measured[i] != 0) best.measured[i] = on_grid.pattern[i] * sums.scale();
  };
  // From the given or no zero error outwards, so that a smaller one wins where nothing tells them apart.
  consider(zero_error_deg.value_or(0));
  for (int step = 1; !zero_error_deg && step <= std::lround(kLargestZeroError / kZeroErrorStep); ++step)
    for (const double sign : {1.0, -1.0}) consider(sign * step * kZeroErrorStep);
  if (best.cosine >= 0) return best;
  try {
    std::rethrow_exception(refused);
  } catch (const InputError& error) {
    throw InputError("{}: {}", file.string(), error.what());
  }
}

}  // namespace xxact
