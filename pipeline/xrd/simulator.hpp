// Powder diffraction of one structure: its lines, and its pattern on a 2-theta grid. Kinematic theory: reflections within
// the limiting sphere, structure factors, Lorentz-polarisation factor, Gaussian profile (docs/physics.md has the formulas).
// Not here: absorption, thermal motion, texture, K-alpha splitting, background, noise; reading structures (io/).
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/xrd/radiation.hpp"
#include "src/base/structure.hpp"

namespace xxact::xrd {

/// it92: International Tables for Crystallography Vol. C (1992), hydrogen to californium. pymatgen: pymatgen's table with
/// its faults, for comparison with patterns made by pymatgen.
enum class FormFactors { it92, pymatgen };

/// "it92" or "pymatgen"; throws ConfigError for any other text.
FormFactors parse_form_factors(std::string_view text);

struct SimulationOptions {
  double wavelength_angstrom = 1.54184;
  double two_theta_min_deg = 5, two_theta_max_deg = 90;  // lines in the closed range, 0 <= min < max <= 180
  FormFactors form_factors = FormFactors::it92;
  bool dispersion = true;  // f' and f'' of Cromer and Liberman at the radiation's energy (zero below Z = 3 and above 92)
};

/// Cell-centred: the centre of bin i is min + (i + 0.5) * step, step = (max - min) / points.
struct Grid {
  double two_theta_min_deg = 5, two_theta_max_deg = 90;
  int points = 1024;

  double step_deg() const { return (two_theta_max_deg - two_theta_min_deg) / points; }
  double centre_deg(int bin) const { return two_theta_min_deg + (bin + 0.5) * step_deg(); }
};

struct PatternOptions {
  SimulationOptions simulation;
  Grid grid;
  double fwhm_deg = 0.15;   // Gaussian, in 2-theta; at least half a step of the grid
  bool square_root = true;  // of the pattern whose strongest point is 1
};

struct Line {
  double two_theta_deg, intensity, d_angstrom;
  int h, k, l;       // the lexicographically largest indices among the merged reflections, e.g. 5 1 1 for 511 and 333
  int multiplicity;  // how many reflections are merged into this line, -g counted with g
};

/// Structures with more reflections than this, -g counted with g, are refused: a slip in the lattice would otherwise take all memory.
inline constexpr double kMostReflections = 5e6;

/// One a thread: it keeps its buffers, so that after the largest structure nothing is allocated any more.
/// Every function throws InputError, with the reason, for a structure that cannot be simulated: no atoms, a lattice or a
/// coordinate that is not finite, a cell without volume, an element without form factor, too many reflections.
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

  /// The same lines with the intensities before scaling: the sum over merged reflections of |F|^2 (1 + cos^2 2-theta) /
  /// (sin^2 theta cos theta), electrons squared.
  void unscaled_lines(const StructureView& structure, std::vector<Line>& out);

  /// [points]: every reflection in the range as a Gaussian sampled at the bins' centres, strongest point 1, then the square
  /// root if asked; all zero if no reflection is in range. Profiles are cut, and points set to zero, below 1e-8 of the peak.
  /// Float32 arithmetic, within 2e-5 of float64. `strain` is isotropic: every length times (1 + strain), greater than -0.5.
  void pattern(const StructureView& structure, double strain, std::span<float> out);

  const PatternOptions& options() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace xxact::xrd
