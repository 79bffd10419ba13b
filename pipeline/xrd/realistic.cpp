#include "pipeline/xrd/realistic.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/background.hpp"
#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/lattice_strain.hpp"
#include "pipeline/xrd/measurement.hpp"
#include "pipeline/xrd/texture.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

PeakShape with_wavelength(PeakShape shape, double wavelength) {
  shape.wavelength_angstrom = wavelength;
  return shape;
}

// Lines this far beyond the grid's ends are simulated too: shifts move them in, and their tails reach in.
constexpr double kBeyondTheEnds = 3;  // degrees

void normalise(bool square_root, std::span<float> pattern) {
  const float largest = *std::ranges::max_element(pattern);
  if (!(largest > 0)) return;
  for (float& value : pattern) value = square_root ? std::sqrt(std::max(value, 0.0F) / largest) : value / largest;
}

}  // namespace

PatternOptions beyond_the_ends(PatternOptions options) {
  SimulationOptions& simulation = options.simulation;
  simulation.two_theta_min_deg = std::max(0.0, std::min(simulation.two_theta_min_deg, options.grid.two_theta_min_deg - kBeyondTheEnds));
  const double shortest = simulation.second_intensity > 0 ? std::min(simulation.wavelength_angstrom, simulation.second_wavelength_angstrom) : simulation.wavelength_angstrom;
  const double form_factors_end = 360 / std::numbers::pi * std::asin(std::min(1.0, largest_s(simulation.form_factors) * shortest * (1 - 1e-9)));
  const double wanted = std::max(simulation.two_theta_max_deg, options.grid.two_theta_max_deg + kBeyondTheEnds);
  simulation.two_theta_max_deg = std::max(simulation.two_theta_max_deg, std::min({wanted, form_factors_end, 180.0}));
  return options;
}

RealisticSimulator::RealisticSimulator(const PatternOptions& options, const PeakShape& clean, Background background)
    : options_(options), clean_(with_wavelength(clean, options.simulation.wavelength_angstrom)), background_(background), simulator_(beyond_the_ends(options)),
      profile_(options.grid, clean_) {}

void RealisticSimulator::remove_background(std::span<float> pattern, std::span<const std::uint8_t> measured) {
  two_theta_.clear(), area_.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (measured[i] == 0) continue;
    two_theta_.push_back(options_.grid.centre_deg(static_cast<int>(i)));
    area_.push_back(pattern[i]);
  }
  const std::vector<double> background = snip_background(two_theta_, area_, {});
  for (std::size_t i = 0, point = 0; i < pattern.size(); ++i) {
    if (measured[i] == 0) continue;
    pattern[i] = static_cast<float>(std::max(area_[point] - background[point], 0.0));
    ++point;
  }
}

void RealisticSimulator::pattern(const StructureView& structure, int crystal_system, const Artefacts& artefacts, std::span<const float> impurity, std::span<float> out,
                                 std::span<std::uint8_t> measured) {
  const auto points = static_cast<std::size_t>(options_.grid.points);
  if (out.size() != points || measured.size() != points || (!impurity.empty() && impurity.size() != points))
    throw ConfigError("a pattern of {} points was asked into room for {}, a mask of {} and with an impurity of {}", points, out.size(), measured.size(), impurity.size());
  const std::array<double, 9> lattice = strained_lattice(structure.lattice, crystal_system, artefacts.strain);
  StructureView strained = structure;
  strained.lattice = lattice;
  simulator_.reflections(strained, reflections_);
  const std::size_t n = reflections_.size();
  two_theta_.resize(n), area_.resize(n), weight_.resize(n), hkl_.resize(n);
  for (std::size_t i = 0; i < n; ++i) two_theta_[i] = reflections_[i].two_theta_deg, area_[i] = reflections_[i].intensity, hkl_[i] = reflections_[i].hkl;
  if (artefacts.texture_r != 1) {
    texture_weights(lattice, artefacts.texture_axis, artefacts.texture_r, hkl_, weight_);
    for (std::size_t i = 0; i < n; ++i) area_[i] *= weight_[i];
  }
  shift_lines(artefacts, two_theta_);
  // A line that is shifted out of what angles there are is not measured.
  for (std::size_t i = 0; i < n; ++i)
    if (!(two_theta_[i] > 0 && two_theta_[i] < 180)) two_theta_[i] = reflections_[i].two_theta_deg, area_[i] = 0;
  profile_.set_shape(broadened(clean_, artefacts));
  profile_.clear();
  profile_.add(two_theta_, area_);
  profile_.write(out);
  if (!impurity.empty() && artefacts.impurity_fraction > 0) {
    const float height = static_cast<float>(artefacts.impurity_fraction) * *std::ranges::max_element(out);
    for (std::size_t i = 0; i < points; ++i) out[i] += height * impurity[i];
  }
  add_background(artefacts, options_.grid, out);
  resample_detector(artefacts, options_.grid, out, scratch_);
  count_photons(artefacts, out);
  hide_missing_ends(artefacts, options_.grid, out, measured);
  if (background_ == Background::remove) remove_background(out, measured);
  normalise(options_.square_root, out);
}

}  // namespace xxact::xrd
