// Powder diffraction of one structure: its lines, and its pattern on a grid in 2-theta or Q. Kinematic theory: reflections within
// the limiting sphere, structure factors, Lorentz-polarisation factor, Gaussian profile (docs/physics.md has the formulas).
// Not here: absorption, texture, background, noise; reading structures (io/).
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/xrd/grid.hpp"
#include "pipeline/xrd/radiation.hpp"
#include "src/base/structure.hpp"

namespace xxact::xrd {

/// it92: International Tables for Crystallography Vol. C (1992), hydrogen to californium. pymatgen: pymatgen's table with
/// its faults, for comparison with patterns made by pymatgen. neutron: bound coherent scattering lengths (Neutron News 3
/// (1992) 29) in femtometre, the same at every angle; without dispersion and polarisation. waasmaier_kirfel: Acta Cryst. A51
/// (1995) 416, hydrogen to californium and 111 ions.
enum class FormFactors { it92, pymatgen, neutron, waasmaier_kirfel };

/// "it92", "pymatgen", "neutron" or "waasmaier-kirfel"; throws ConfigError for any other text.
FormFactors parse_form_factors(std::string_view text);
std::string_view name_of(FormFactors table);

/// Debye-Waller factors exp(-B s^2) of the atoms of structures without displacements of their own, B = 8 pi^2 <u^2> in angstrom^2, s = sin(theta) / lambda.
struct Displacement {
  double b_iso = 0;
  std::map<int, double> b_iso_of_element;  // by atomic number; these elements instead of b_iso
};

/// "0.5" (every atom), "O=0.8,Ba=0.3" (these elements, no other), "0.5,O=0.8". Throws ConfigError for any other text, an
/// unknown element, a B outside 0 to 100.
Displacement parse_displacement(std::string_view text);

struct SimulationOptions {
  double wavelength_angstrom = 1.54184;
  double second_wavelength_angstrom = 0, second_intensity = 0;  // of a doublet, see Radiation; in patterns, not in lists of lines
  /// Bragg angle 2-theta of a monochromator's crystal, 0 to 180 degrees: the polarisation factor is 1 + cos^2(this)
  /// cos^2(2-theta), for an ideally mosaic crystal in the plane of diffraction (Azaroff, Acta Cryst. 8 (1955) 701). 0: none.
  double monochromator_two_theta_deg = 0;
  Displacement displacement;
  double two_theta_min_deg = 5, two_theta_max_deg = 90;  // lines in the closed range, 0 <= min < max <= 180
  FormFactors form_factors = FormFactors::it92;
  bool ions = false;       // form factors of the structure's ions by its charges, which every atom must have; waasmaier_kirfel only
  bool dispersion = true;  // f' and f'' of Cromer and Liberman at the radiation's energy (zero below Z = 3 and above 92)
};

struct PatternOptions {
  SimulationOptions simulation;
  Grid grid;
  double fwhm_deg = 0.15;   // Gaussian, in 2-theta; at least half a step of the grid
  double fwhm_per_angstrom = 0.01;  // the same on a grid in Q, where fwhm_deg counts for nothing
  bool square_root = true;  // of the pattern whose strongest point is 1
};

struct Line {
  double two_theta_deg, intensity, d_angstrom;
  int h, k, l;       // the lexicographically largest indices among the merged reflections, e.g. 5 1 1 for 511 and 333
  int multiplicity;  // how many reflections are merged into this line, -g counted with g
};

/// Root mean square of |F| over the reflections merged into a line of Simulator::unscaled_lines, electrons (neutron: femtometre);
/// of one orbit it is |F|, or that mean of |F(g)| and |F(-g)| where dispersion makes them differ.
double structure_factor(const Line& line, const SimulationOptions& options);

struct Reflection {
  double two_theta_deg, intensity;  // of g and -g together, unscaled
  std::array<int, 3> hkl;
};

/// Structures with more reflections than this, -g counted with g, are refused: a slip in the lattice would otherwise take all memory.
inline constexpr double kMostReflections = 5e6;

/// One a thread: it keeps its buffers, so that after the largest structure nothing is allocated any more.
/// A structure's charges count with `ions`, its displacements always; a laue_code must hold for both.
/// Every function throws InputError, with the reason, for a structure that cannot be simulated: no atoms, a lattice or a
/// coordinate that is not finite, a cell without volume, an element without form factor, with `ions` an atom without a charge
/// that the table has, a displacement that cannot be, too many reflections, a laue_code that is no group or not one of the
/// lattice. ConfigError for a structure with displacements of its own where the options give others.
/// Where the laue_code is known, one reflection of each orbit is computed, and intensities are exact as far as the symmetry is.
class Simulator {
 public:
  /// Throws ConfigError for options out of range.
  explicit Simulator(const PatternOptions& options);
  ~Simulator();
  Simulator(Simulator&&) noexcept;
  Simulator& operator=(Simulator&&) noexcept;

  /// All lines in the range of 2-theta, by ascending angle, merged as pymatgen merges them (reflections with equal
  /// round(2-theta / 1e-5 degrees) are one line); the strongest is 100, lines at or below 1e-3 of 100 are dropped. Float64.
  void lines(const StructureView& structure, std::vector<Line>& out);

  /// The same lines with the intensities before scaling: the sum over merged reflections of |F|^2 and the
  /// Lorentz-polarisation factor, electrons squared (neutron: femtometre squared).
  void unscaled_lines(const StructureView& structure, std::vector<Line>& out);

  /// Every reflection in the range by itself, one of g and -g, in no particular order; of a doublet once at each wavelength.
  void reflections(const StructureView& structure, std::vector<Reflection>& out);

  /// [points]: every reflection in the range as a Gaussian sampled at the bins' centres, strongest point 1, then the square
  /// root if asked; all zero if no reflection is in range. Profiles are cut, and points set to zero, below 1e-8 of the peak.
  /// Float32 arithmetic, within 2e-5 of float64. `strain` is isotropic: every length times (1 + strain), greater than -0.5.
  void pattern(const StructureView& structure, double strain, std::span<float> out);

  /// [points]: the same on the absolute scale, neither normalised nor rooted: intensities of unscaled_lines divided by the
  /// square of the cell's volume (angstrom^3), so that patterns of phases add up with their volume fractions as weights.
  void absolute_pattern(const StructureView& structure, double strain, std::span<float> out);

  /// What pattern() without strain would throw as InputError, or nothing where it would not: the same checks in the same order,
  /// nothing simulated. A structure without any line in range is not refused: its pattern is zero.
  std::optional<std::string> refusal(const StructureView& structure);

  const PatternOptions& options() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace xxact::xrd
