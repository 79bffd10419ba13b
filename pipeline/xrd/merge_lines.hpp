// Reflections to powder lines, by pymatgen's rule: all reflections with equal round(2-theta / 1e-5 degrees), half to even,
// are one line, which stands where its first reflection stands.
#pragma once

#include <vector>

#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

inline constexpr double kMergeTolerance = 1e-5;     // degrees of 2-theta
inline constexpr double kWeakestIntensity = 1e-3;   // of 100

struct Reflection {
  double two_theta_deg, intensity, g;  // intensity of g and -g together
  int h, k, l;                         // the lexicographically positive one of the two
};

/// Sorts `reflections` and replaces `lines`: unscaled intensities, ascending angle, weak lines dropped.
void merge_lines(std::vector<Reflection>& reflections, std::vector<Line>& lines);

}  // namespace xxact::xrd
