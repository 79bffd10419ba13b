// With pymatgen's form factors and without dispersion the lines are pymatgen's: positions, intensities, spacings,
// multiplicities.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "pipeline/xrd/simulator.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

PatternOptions like_pymatgen(double wavelength, double from, double to) {
  PatternOptions options;
  options.simulation.wavelength_angstrom = wavelength;
  options.simulation.two_theta_min_deg = from, options.simulation.two_theta_max_deg = to;
  options.simulation.form_factors = FormFactors::pymatgen;
  options.simulation.dispersion = false;
  return options;
}

/// Ours within `tolerance` of an angle, the one nearest in intensity, or nothing: two lines can stand in neighbouring
/// merging steps and yet at one angle by the digits of the file.
const Line* find(const std::vector<Line>& lines, double two_theta_deg, double intensity, double tolerance) {
  const Line* best = nullptr;
  for (auto at = std::ranges::lower_bound(lines, two_theta_deg - tolerance, {}, &Line::two_theta_deg);
       at != lines.end() && at->two_theta_deg <= two_theta_deg + tolerance; ++at)
    if (best == nullptr || std::abs(at->intensity - intensity) < std::abs(best->intensity - intensity)) best = &*at;
  return best;
}

struct Worst {
  double position = 0, intensity = 0, spacing = 0;
  int lines = 0, other_multiplicity = 0;
};

// The file has six decimals; lines above 0.1 of 100 are compared.
void compare(const std::vector<Line>& ours, const ReferenceLines& reference, const std::string& name, Worst& worst) {
  for (std::size_t i = 0; i < reference.two_theta.size(); ++i) {
    if (reference.intensity[i] <= 0.1) continue;
    const Line* line = find(ours, reference.two_theta[i], reference.intensity[i], 1e-6);
    ASSERT_NE(line, nullptr) << name << ": no line at " << reference.two_theta[i];
    worst.position = std::max(worst.position, std::abs(line->two_theta_deg - reference.two_theta[i]));
    worst.intensity = std::max(worst.intensity, std::abs(line->intensity - reference.intensity[i]));
    worst.spacing = std::max(worst.spacing, std::abs(line->d_angstrom - reference.d[i]));
    worst.other_multiplicity += line->multiplicity != reference.multiplicity[i];
    ++worst.lines;
  }
}

TEST(Pymatgen, LinesOf175StructuresUnderThreeRadiations) {
  const std::vector<ReferenceStructure> structures = pymatgen_structures();
  ASSERT_EQ(structures.size(), 175U);
  for (const char* radiation : {"CuKa", "CuKa1", "MoKa"}) {
    Simulator simulator(like_pymatgen(structures.front().lines.at(radiation).wavelength, 5, 90));
    Worst worst;
    std::vector<Line> lines;
    for (const ReferenceStructure& reference : structures) {
      simulator.lines(reference.structure.view(), lines);
      compare(lines, reference.lines.at(radiation), reference.name, worst);
    }
    EXPECT_LE(worst.position, 1e-6) << radiation;
    EXPECT_LE(worst.intensity, 1e-3) << radiation;
    EXPECT_LE(worst.spacing, 1e-6) << radiation;
    EXPECT_EQ(worst.other_multiplicity, 0) << radiation;
    EXPECT_GT(worst.lines, 4000) << radiation;
    std::printf("%s: %d lines, worst %.2g degrees, %.2g of 100, %.2g angstrom\n", radiation, worst.lines, worst.position, worst.intensity, worst.spacing);
  }
}

TEST(Pymatgen, UnscaledIntensitiesOfTextbookStructures) {
  Simulator simulator(like_pymatgen(1.54184, 5, 90));
  const auto structures = textbook_structures();
  ASSERT_EQ(structures.size(), 11U);
  for (const ReferenceStructure& reference : structures) {
    const ReferenceLines& expected = reference.lines.at("CuKa");
    std::vector<Line> lines;
    simulator.unscaled_lines(reference.structure.view(), lines);
    const double strongest = *std::ranges::max_element(expected.intensity);
    std::size_t found = 0;
    for (std::size_t i = 0; i < expected.two_theta.size(); ++i) {
      const Line* line = find(lines, expected.two_theta[i], expected.intensity[i], 1e-6);
      if (line == nullptr) continue;
      ++found;
      EXPECT_NEAR(line->two_theta_deg, expected.two_theta[i], 1e-8) << reference.name;
      EXPECT_NEAR(line->intensity, expected.intensity[i], 1e-5 * strongest) << reference.name << " at " << expected.two_theta[i];
      EXPECT_NEAR(line->d_angstrom, expected.d[i], 1e-9) << reference.name;
    }
    EXPECT_EQ(found, expected.two_theta.size()) << reference.name;
  }
}

// Numbers written in pymatgen's own tests (tests/analysis/diffraction/test_xrd.py).
TEST(Pymatgen, ValuesOfItsOwnTests) {
  std::vector<Line> lines;
  OwnedStructure caesium_chloride = cubic(4.209);
  caesium_chloride.add(55, 0, 0, 0);
  caesium_chloride.add(17, 0.5, 0.5, 0.5);
  Simulator whole(like_pymatgen(1.54184, 0, 90));
  whole.lines(caesium_chloride.view(), lines);
  EXPECT_NEAR(lines[0].two_theta_deg, 21.107738329639844, 1e-9);
  EXPECT_NEAR(lines[0].intensity, 36.483184003748946, 1e-9);
  EXPECT_NEAR(lines[0].d_angstrom, 4.209, 1e-12);
  EXPECT_EQ((std::array{lines[0].h, lines[0].k, lines[0].l, lines[0].multiplicity}), (std::array{1, 0, 0, 6}));
  EXPECT_NEAR(lines[1].two_theta_deg, 30.024695921112777, 1e-9);
  EXPECT_NEAR(lines[1].intensity, 100, 1e-9);
  EXPECT_EQ((std::array{lines[1].h, lines[1].k, lines[1].l, lines[1].multiplicity}), (std::array{1, 1, 0, 12}));

  OwnedStructure tungsten = cubic(3.1653);
  tungsten.add(74, 0, 0, 0);
  tungsten.add(74, 0.5, 0.5, 0.5);
  whole.unscaled_lines(tungsten.view(), lines);
  EXPECT_NEAR(lines[0].two_theta_deg, 40.294828554672264, 1e-9);
  EXPECT_NEAR(lines[0].intensity, 2414237.5633093244, 1e-3);

  OwnedStructure silicide = orthogonal(4.192, 4.192, 6.88);
  for (const auto& [z, x, y, w] : {std::tuple{14, .25, .25, .173}, {14, .75, .75, .827}, {44, .75, .25, 0.0}, {44, .25, .75, 0.0}, {59, .25, .25, .676}, {59, .75, .75, .324}})
    silicide.add(z, x, y, w);
  whole.lines(silicide.view(), lines);
  EXPECT_EQ(lines.size(), 42U);
  EXPECT_NEAR(lines[0].two_theta_deg, 12.86727341476735, 1e-9);
  EXPECT_NEAR(lines[0].intensity, 31.448239816769796, 1e-4);  // coordinates are float32 here
  Simulator(like_pymatgen(1.54184, 0, 60)).lines(silicide.view(), lines);
  EXPECT_EQ(lines.size(), 18U);
}

TEST(Pymatgen, CoincidentFamiliesAreOneLineWithTheLargestIndices) {
  OwnedStructure simple = cubic(5);
  simple.add(29, 0, 0, 0);
  std::vector<Line> lines;
  Simulator(like_pymatgen(0.71073, 5, 60)).lines(simple.view(), lines);
  const auto line = std::ranges::find_if(lines, [](const Line& l) { return l.h == 5 && l.k == 1 && l.l == 1; });
  ASSERT_NE(line, lines.end());
  EXPECT_EQ(line->multiplicity, 24 + 8);  // {511} and {333}
}

}  // namespace
}  // namespace xxact::xrd
