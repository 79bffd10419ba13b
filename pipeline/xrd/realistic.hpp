// A pattern as a diffractometer would measure it: strained lattice, texture, shifted lines, peaks of the instrument, the size and
// the strain of the crystallites, an impurity, background, detector, counting, missing ends. Each step is a function of its own
// (lattice_strain.hpp, texture.hpp, measurement.hpp, peak_shape.hpp); this puts them in their order.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/xrd/artefacts.hpp"
#include "pipeline/xrd/peak_shape.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

/// The same with a wider range of lines: shifts move them in from beyond the grid's ends, and their tails reach in. No wider than the form factors hold.
PatternOptions beyond_the_ends(PatternOptions options);

/// One a thread; keeps its buffers.
class RealisticSimulator {
 public:
  enum class Background { keep, remove };

  /// `clean` is the instrument's peak shape; the wavelength of its size broadening is that of the simulation. Background::remove takes
  /// the background off as on_model_grid takes it off measured patterns, so that a model sees both alike. Throws ConfigError as
  /// Simulator and PeakProfile do.
  RealisticSimulator(const PatternOptions& options, const PeakShape& clean, Background background = Background::keep);

  /// [points], strongest 1 and the square root as PatternOptions say; `measured` [points] is 1 where the detector was. `crystal_system`
  /// as in strained_lattice. `impurity` is empty, or [points] with strongest 1: added at artefacts.impurity_fraction of the sample's
  /// strongest point. Throws InputError as Simulator does, ConfigError for spans of other lengths.
  void pattern(const StructureView& structure, int crystal_system, const Artefacts& artefacts, std::span<const float> impurity, std::span<float> out,
               std::span<std::uint8_t> measured);

 private:
  void remove_background(std::span<float> pattern, std::span<const std::uint8_t> measured);

  PatternOptions options_;
  PeakShape clean_;
  Background background_;
  Simulator simulator_;
  PeakProfile profile_;
  std::vector<Reflection> reflections_;
  std::vector<std::array<int, 3>> hkl_;
  std::vector<double> two_theta_, area_, weight_, scratch_;  // of lines; of measured points when the background is removed
};

}  // namespace xxact::xrd
