// The lines of one structure as positions and areas, again and again for slightly other lattices, displacements, textures and
// shifts: structure factors are computed once. For fits (pattern_fit.hpp); the simulator's own patterns do not come from here.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

/// What may differ from the structure as it was given.
struct LineChanges {
  double strain = 0;     // isotropic: every length times (1 + strain)
  double b_iso = 0;      // angstrom^2, added to the displacement of every atom
  double texture_r = 1;  // March-Dollase, about texture_axis
  std::array<int, 3> texture_axis = {0, 0, 1};
  /// The divergence slit opens with the angle so that the irradiated length stays: intensities times sin(theta).
  bool automatic_slit = false;
};

class PowderLines {
 public:
  /// Lines between the angles of `simulation`, of a doublet at both wavelengths. Throws InputError as Simulator does, and for no line at all.
  PowderLines(const StructureView& structure, const SimulationOptions& simulation);

  /// Angles in degrees, not sorted, and areas; the area of the strongest line of the unchanged structure is 1. Structure factors stay those
  /// of the unchanged structure, so that a strain of 1e-3 changes intensities by about 2e-3 too little. Lines that the strain moves beyond
  /// 180 degrees are left out. Throws ConfigError for a strain outside -0.5 to 10 and as texture_weights does.
  void write(const LineChanges& changes, std::vector<double>& two_theta_deg, std::vector<double>& area);

 private:
  struct Line {
    double s;          // sin(theta) / lambda, 1 / angstrom
    double f_squared;  // sum over the reflections first .. last - 1
    std::size_t first, last;
  };
  struct Wavelength {
    double angstrom, intensity;
  };

  double lorentz_polarisation(double sine) const;

  std::array<double, 9> lattice_;
  double polarisation_;  // factor of cos^2(2-theta)
  std::vector<Wavelength> wavelengths_;
  std::vector<Line> lines_;
  std::vector<double> f_squared_, weight_;  // [reflections]
  std::vector<std::array<int, 3>> hkl_;     // [reflections], by line
  double strongest_ = 0;
};

}  // namespace xxact::xrd
