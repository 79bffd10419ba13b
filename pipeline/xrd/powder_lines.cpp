#include "pipeline/xrd/powder_lines.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/texture.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kSameLine = 1e-8;         // relative difference of s
constexpr double kLargestSine = 0.999999;  // 2-theta of 179.8 degrees: the Lorentz factor has no limit at 180

/// The same radiation and atoms with one wavelength, over a range that holds the lines of both.
PatternOptions at_first_wavelength(SimulationOptions simulation) {
  const double first = simulation.wavelength_angstrom;
  if (simulation.second_intensity > 0) {
    const double ratio = first / simulation.second_wavelength_angstrom;
    const auto moved = [&](double two_theta_deg) { return 2 / kDegree * std::asin(std::min(std::sin(two_theta_deg / 2 * kDegree) * ratio, 1.0)); };
    simulation.two_theta_min_deg = std::min(simulation.two_theta_min_deg, moved(simulation.two_theta_min_deg));
    simulation.two_theta_max_deg = std::max(simulation.two_theta_max_deg, moved(simulation.two_theta_max_deg));
    simulation.second_intensity = 0;
  }
  PatternOptions options;
  options.simulation = simulation;
  return options;
}

}  // namespace

PowderLines::PowderLines(const StructureView& structure, const SimulationOptions& simulation) {
  std::ranges::copy(structure.lattice, lattice_.begin());
  const double monochromator = std::cos(simulation.monochromator_two_theta_deg * kDegree);
  polarisation_ = simulation.form_factors == FormFactors::neutron ? 0 : monochromator * monochromator;
  wavelengths_.push_back({simulation.wavelength_angstrom, 1});
  if (simulation.second_intensity > 0) wavelengths_.push_back({simulation.second_wavelength_angstrom, simulation.second_intensity});
  std::vector<Reflection> reflections;
  Simulator(at_first_wavelength(simulation)).reflections(structure, reflections);
  std::ranges::sort(reflections, [](const Reflection& a, const Reflection& b) { return a.two_theta_deg != b.two_theta_deg ? a.two_theta_deg < b.two_theta_deg : a.hkl < b.hkl; });
  for (const Reflection& reflection : reflections) {
    const double sine = std::sin(reflection.two_theta_deg / 2 * kDegree), s = sine / simulation.wavelength_angstrom;
    if (sine > kLargestSine) continue;
    if (lines_.empty() || s > lines_.back().s * (1 + kSameLine)) lines_.push_back({s, 0, hkl_.size(), hkl_.size()});
    f_squared_.push_back(reflection.intensity / lorentz_polarisation(sine));
    hkl_.push_back(reflection.hkl);
    lines_.back().f_squared += f_squared_.back();
    lines_.back().last = hkl_.size();
    strongest_ = std::max(strongest_, lines_.back().f_squared * lorentz_polarisation(sine));
  }
  if (!(strongest_ > 0)) throw InputError("no line between {:.4g} and {:.4g} degrees", simulation.two_theta_min_deg, simulation.two_theta_max_deg);
  weight_.resize(hkl_.size());
}

double PowderLines::lorentz_polarisation(double sine) const {
  const double square = sine * sine, cosine = 1 - 2 * square;
  return (1 + polarisation_ * cosine * cosine) / (square * std::sqrt(1 - square));
}

void PowderLines::write(const LineChanges& changes, std::vector<double>& two_theta_deg, std::vector<double>& area) {
  if (!(changes.strain > -0.5 && changes.strain < 10)) throw ConfigError("a strain of {} is outside -0.5 to 10", changes.strain);
  two_theta_deg.clear(), area.clear();
  const bool textured = changes.texture_r != 1;
  if (textured) texture_weights(lattice_, changes.texture_axis, changes.texture_r, hkl_, weight_);
  for (const Line& line : lines_) {
    double f_squared = line.f_squared;
    if (textured) {
      f_squared = 0;
      for (std::size_t i = line.first; i < line.last; ++i) f_squared += weight_[i] * f_squared_[i];
    }
    const double s = line.s / (1 + changes.strain), intensity = f_squared * std::exp(-2 * changes.b_iso * s * s) / strongest_;
    for (const Wavelength& wavelength : wavelengths_) {
      const double sine = wavelength.angstrom * s;
      if (sine > kLargestSine) continue;
      two_theta_deg.push_back(2 / kDegree * std::asin(sine));
      area.push_back(wavelength.intensity * intensity * lorentz_polarisation(sine) * (changes.automatic_slit ? sine : 1));
    }
  }
}

}  // namespace xxact::xrd
