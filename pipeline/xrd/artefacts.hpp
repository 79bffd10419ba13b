// What a real measurement does to an ideal powder pattern, drawn at random for one sample of one epoch: ranges with units in,
// numbers out. What the numbers do to lattices, lines and patterns is in lattice_strain.hpp, texture.hpp and measurement.hpp.
// Every artefact draws from a stream of its own, a pure function of (seed, epoch, sample, artefact): neither ranks, threads nor the
// order of calls change it, and switching one artefact off leaves the others as they were.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "pipeline/xrd/peak_shape.hpp"
#include "src/base/counter_random.hpp"

namespace xxact::xrd {

/// Uniform in [low, high], or log-uniform where it says so; low == high is that value.
struct Range {
  double low, high;
};

inline constexpr int kMostBackgroundOrder = 12;

/// The ranges that artefacts are drawn from at full strength. The defaults are a laboratory diffractometer with a good sample;
/// ArtefactRanges::none() is the ideal one.
struct ArtefactRanges {
  Range crystallite_size_nm = {5, 200};        // log-uniform; infinite: no broadening
  Range microstrain = {0, 0.005};              // dimensionless
  Range caglioti_u_deg2 = {0, 0.05}, caglioti_v_deg2 = {-0.06, 0}, caglioti_w_deg2 = {0.005, 0.07};  // V not so low that less than W / 2 is left at any angle
  Range lorentz_y_deg = {0, 0.05};             // Lorentzian width of the instrument
  Range axial_ratio = {0, 0.04};               // half height of sample and of slit by the goniometer's radius
  bool instrument = true;                      // whether these five replace the clean shape's
  Range zero_shift_deg = {-0.1, 0.1};          // in 2-theta
  Range displacement_mm = {-0.1, 0.1};         // of the sample from the goniometer's axis, positive away from the beam
  double goniometer_radius_mm = 217.5;
  Range lattice_strain = {-0.01, 0.01};        // of every independent component
  Range texture_r = {0.4, 1};                  // March-Dollase r: 1 random powder, below 1 platelets
  Range impurity_fraction = {0, 0.3};          // of the impurity's strongest point to the sample's
  std::int64_t impurity_partners = 0;          // how many patterns there are to choose from; 0: no impurity
  Range background_height = {0, 0.2};          // of the pattern's maximum
  int background_order = 6;                    // of the Chebyshev polynomial, 0 to kMostBackgroundOrder
  Range hump_height = {0, 0.1};                // amorphous hump, of the pattern's maximum
  Range hump_centre_deg = {15, 35}, hump_fwhm_deg = {5, 15};
  Range counts = {1e3, 1e5};                   // log-uniform; counts in the strongest bin, infinite: no noise
  Range detector_step_deg = {0, 0.05};         // 0: the grid's own
  Range missing_low_deg = {0, 10}, missing_high_deg = {0, 30};  // not measured at either end of the grid

  /// Every artefact off.
  static ArtefactRanges none();
};

/// Throws ConfigError naming option and value: reversed, not finite where it must be, or out of the range of its physics.
void check(const ArtefactRanges& ranges);
/// And that the missing ends always leave some of this grid.
void check(const ArtefactRanges& ranges, const Grid& grid);

/// One drawn set, already scaled by the strength; the defaults are the clean pattern.
struct Artefacts {
  double strength = 0;
  double crystallite_size_nm = std::numeric_limits<double>::infinity(), microstrain = 0;
  double instrument_weight = 0;  // how far from the clean shape's instrument to this one, 0 to 1
  double caglioti_u_deg2 = 0, caglioti_v_deg2 = 0, caglioti_w_deg2 = 0, lorentz_y_deg = 0, axial_ratio = 0;
  double zero_shift_deg = 0, displacement_mm = 0, goniometer_radius_mm = 217.5;
  std::array<double, 6> strain{};               // three normal and three shear components, see strained_lattice
  std::array<int, 3> texture_axis = {0, 0, 1};  // normal of the platelets, Miller indices
  double texture_r = 1;
  std::int64_t impurity_partner = -1;  // -1: none
  double impurity_fraction = 0;
  int background_order = 0;
  std::array<double, kMostBackgroundOrder + 1> background_shape{};  // Chebyshev coefficients; only the form counts
  double background_height = 0;
  double hump_height = 0, hump_centre_deg = 0, hump_fwhm_deg = 1;
  double counts = std::numeric_limits<double>::infinity();
  std::uint64_t seed = 0, epoch = 0, sample = 0;  // of the stream of the counts themselves
  double detector_step_deg = 0;
  double missing_low_deg = 0, missing_high_deg = 0;

  bool operator==(const Artefacts&) const = default;
};

/// The artefacts of one sample. `strength` in [0, 1] scales each towards the ideal measurement: shifts, strains, heights, fractions,
/// steps, microstrain and missing degrees by it, crystallite size by its inverse, log r by it, noise (the inverse square root of the
/// counts) by it. At 0 every field but the strength and the streams' key is that of Artefacts{} and nothing below changes a pattern by a bit.
/// Throws ConfigError as check() does, and for a strength outside 0 to 1.
Artefacts draw_artefacts(const ArtefactRanges& ranges, std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, double strength);

/// Strength of a curriculum at a point of the training, in any unit: 0 up to ramp_begin, then a straight line, 1 from ramp_end on; equal
/// ends are a jump there. Throws ConfigError for an end before the begin.
double curriculum_strength(double at, double ramp_begin, double ramp_end);

/// The clean instrument's peak shape with this sample's size, strain and instrument. Widths of size and strain are added to what
/// `clean` has. Throws ConfigError if anything is to be added to a shape that is not tch.
PeakShape broadened(const PeakShape& clean, const Artefacts& artefacts);

/// The artefacts' streams, in this order for ever: a number changed here changes every recorded run.
enum class ArtefactStream : std::uint32_t {
  size, microstrain, instrument, zero_shift, displacement, strain, texture, impurity, background, hump, counts, counting, detector, missing
};

/// The random numbers of one artefact of one sample.
CounterRandom artefact_random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, ArtefactStream stream);

/// Uniform in [0, 1), 53 bits.
inline double uniform53(CounterRandom& random) { return static_cast<double>(random.next_u64() >> 11) * 0x1p-53; }

}  // namespace xxact::xrd
