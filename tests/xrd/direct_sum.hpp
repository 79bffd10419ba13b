// Slow and plain versions of what the simulator computes, as oracles: every index of a cube, complex exponentials, no
// tables, no symmetry between g and -g.
#pragma once

#include <vector>

#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

struct DirectReflection {
  int h, k, l;
  double two_theta_deg, intensity;  // of this one reflection
};

std::vector<DirectReflection> direct_reflections(const StructureView& structure, const SimulationOptions& options);

/// The same with this table, whatever its wavelength.
std::vector<DirectReflection> direct_reflections(const StructureView& structure, const SimulationOptions& options, const ScatteringTable& table);

/// [points], in 2-theta or in Q, before the square root, strongest point 1, in double and without any cut.
std::vector<double> direct_pattern(const StructureView& structure, const PatternOptions& options);

}  // namespace xxact::xrd
