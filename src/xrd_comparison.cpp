#include "src/xrd_comparison.hpp"

#include <cmath>
#include <limits>

#include "io/measured_pattern.hpp"
#include "pipeline/xrd/measured.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact {
namespace {

constexpr double kLargestZeroError = 0.5, kZeroErrorStep = 0.01;  // degrees

double wavelength_of(const io::MeasuredPattern& pattern, const xrd::SimulationOptions& simulation) {
  if (!pattern.wavelength_angstrom) return simulation.wavelength_angstrom;
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
  const auto at = [&](double zero_error) {
    measurement.zero_error_deg = zero_error;
    return xrd::on_model_grid(pattern.two_theta_deg, pattern.intensity, linear, measurement);
  };
  try {
    Comparison best;
    best.cosine = -1;
    const int steps = zero_error_deg ? 0 : static_cast<int>(std::lround(kLargestZeroError / kZeroErrorStep));
    for (int step = -steps; step <= steps; ++step) {
      const double zero_error = zero_error_deg.value_or(step * kZeroErrorStep);
      const xrd::MeasuredOnGrid on_grid = at(zero_error);
      const Sums sums(on_grid, simulated);
      if (sums.cosine() <= best.cosine) continue;
      best.cosine = sums.cosine();
      best.zero_error_deg = zero_error;
      best.measured.assign(simulated.size(), std::numeric_limits<double>::quiet_NaN());
      for (std::size_t i = 0; i < simulated.size(); ++i)
        if (on_grid.measured[i] != 0) best.measured[i] = on_grid.pattern[i] * sums.scale();
    }
    return best;
  } catch (const InputError& error) {
    throw InputError("{}: {}", file.string(), error.what());
  }
}

}  // namespace xxact
