// The pattern against a direct double sum of Gaussians, and what it is when there is nothing to see.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pipeline/xrd/simulator.hpp"
#include "tests/xrd/direct_sum.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

/// Largest difference to the direct sum; the direct pattern gets the square root here if the options ask for it.
double largest_difference(const StructureView& structure, const PatternOptions& options) {
  Simulator simulator(options);
  std::vector<float> pattern(static_cast<std::size_t>(options.grid.points));
  simulator.pattern(structure, 0, pattern);
  const std::vector<double> expected = direct_pattern(structure, options);
  double largest = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    largest = std::max(largest, std::abs(pattern[i] - (options.square_root ? std::sqrt(expected[i]) : expected[i])));
  return largest;
}

TEST(Pattern, EqualsTheDirectSum) {
  const auto structures = textbook_structures();
  for (const bool square_root : {false, true}) {
    PatternOptions options;
    options.square_root = square_root;
    // Cut and floor are at 1e-8 of the peak, 1e-4 after the square root.
    const double tolerance = square_root ? 2e-4 : 2e-5;
    for (const ReferenceStructure& reference : structures)
      EXPECT_LE(largest_difference(reference.structure.view(), options), tolerance) << reference.name << " square root " << square_root;
    EXPECT_LE(largest_difference(triclinic().view(), options), tolerance);
  }
}

TEST(Pattern, EqualsTheDirectSumOnOtherGrids) {
  const OwnedStructure structure = triclinic();
  PatternOptions options;
  options.square_root = false;
  for (const auto& [points, fwhm] : {std::pair{512, 0.15}, {2048, 0.15}, {4250, 0.03}, {301, 3.0}, {1, 90.0}}) {
    options.grid = {5, 90, points};
    options.fwhm_deg = fwhm;
    EXPECT_LE(largest_difference(structure.view(), options), 2e-5) << points << " points, " << fwhm;
  }
  // Lines from beyond the grid's ends reach into it with their tails.
  options.grid = {30, 40, 333};
  options.fwhm_deg = 0.4;
  EXPECT_LE(largest_difference(structure.view(), options), 2e-5);
  options.simulation.two_theta_min_deg = 20, options.simulation.two_theta_max_deg = 38.5;
  EXPECT_LE(largest_difference(structure.view(), options), 2e-5);
  // Backscattering, where the angle is steep in g and arcsin takes its other branch.
  options.simulation.two_theta_max_deg = 178;
  options.grid = {90, 178, 2000};
  EXPECT_LE(largest_difference(structure.view(), options), 2e-5);
}

TEST(Pattern, StrongestPointIsOneAndEveryPointIsFinite) {
  Simulator simulator(PatternOptions{});
  std::vector<float> pattern(1024);
  for (const ReferenceStructure& reference : pymatgen_structures()) {
    simulator.pattern(reference.structure.view(), 0, pattern);
    EXPECT_FLOAT_EQ(*std::ranges::max_element(pattern), 1.0F);
    EXPECT_TRUE(std::ranges::all_of(pattern, [](float v) { return v == 0 || (v >= 0.99e-4F && v <= 1); })) << reference.name;
  }
}

TEST(Pattern, NoLineInRangeIsAllZero) {
  OwnedStructure helium = cubic(2.0);
  helium.add(2, 0, 0, 0);
  PatternOptions options;
  options.simulation.two_theta_max_deg = 20;
  options.grid = {5, 20, 100};
  Simulator simulator(options);
  std::vector<float> pattern(100, 7.0F);
  simulator.pattern(helium.view(), 0, pattern);
  EXPECT_TRUE(std::ranges::all_of(pattern, [](float v) { return v == 0; }));
  std::vector<Line> lines(3);
  simulator.lines(helium.view(), lines);
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace xxact::xrd
