// The pattern against a direct double sum of Gaussians, and what it is when there is nothing to see.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/artefacts.hpp"
#include "pipeline/xrd/measured.hpp"
#include "pipeline/xrd/realistic.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"
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

TEST(Pattern, EqualsTheDirectSumInQ) {
  PatternOptions options;
  options.square_root = false;
  options.fwhm_deg = 0;  // counts for nothing there
  const auto in_q = [&options](double low, double high, int points, double fwhm) {
    options.grid = {0, 0, points, Axis::q, low, high};
    options.fwhm_per_angstrom = fwhm;
  };
  in_q(0.4, 5.7, 2650, 0.01);
  for (const ReferenceStructure& reference : textbook_structures()) EXPECT_LE(largest_difference(reference.structure.view(), options), 2e-5) << reference.name;
  const OwnedStructure structure = triclinic();
  for (const auto& [points, fwhm] : {std::pair{512, 0.02}, {5300, 0.002}, {301, 0.3}, {1, 6.0}}) {
    in_q(0.4, 5.7, points, fwhm);
    EXPECT_LE(largest_difference(structure.view(), options), 2e-5) << points << " points, " << fwhm;
  }
  // Tails from beyond the grid's ends.
  in_q(2, 2.6, 333, 0.03);
  EXPECT_LE(largest_difference(structure.view(), options), 2e-5);
  // A doublet, whose second line lies beside the first on an axis made with the first wavelength.
  const SimulationOptions before = options.simulation;
  options.simulation.wavelength_angstrom = 1.540593, options.simulation.second_wavelength_angstrom = 1.544427, options.simulation.second_intensity = 0.5;
  in_q(3, 5.7, 2700, 0.004);
  EXPECT_LE(largest_difference(structure.view(), options), 2e-5);
  // Up to the limiting sphere, at a short wavelength without X-ray form factors.
  options.simulation = before;
  options.simulation.form_factors = FormFactors::neutron;
  options.simulation.wavelength_angstrom = 1.2, options.simulation.two_theta_max_deg = 178;
  in_q(0.4, 4 * std::numbers::pi / 1.2, 4000, 0.01);
  EXPECT_LE(largest_difference(structure.view(), options), 2e-5);
}

TEST(Pattern, LinesInQStandAtTheirSpacingsAndAreEquallyWideAtEveryWavelength) {
  const OwnedStructure structure = [] {
    OwnedStructure helium = cubic(2.0);
    helium.add(2, 0, 0, 0);
    return helium;
  }();
  const double q100 = 2 * std::numbers::pi / 2.0, fwhm = 0.02;
  for (const double wavelength : {0.5, 0.7107, 1.54184, 2.0}) {
    PatternOptions options;
    options.square_root = false;
    options.simulation.wavelength_angstrom = wavelength;
    options.fwhm_per_angstrom = fwhm;
    options.simulation.two_theta_min_deg = two_theta_of(q100 - 0.2, wavelength), options.simulation.two_theta_max_deg = two_theta_of(q100 + 0.2, wavelength);
    options.grid = {0, 0, 401, Axis::q, q100 - 0.2005, q100 + 0.2005};  // bin 200 is centred at the line, bins 190 and 210 at half its height
    std::vector<float> pattern(401);
    Simulator(options).pattern(structure.view(), 0, pattern);
    EXPECT_FLOAT_EQ(pattern[200], 1.0F) << wavelength;
    EXPECT_NEAR(pattern[190], 0.5, 1e-5) << wavelength;
    EXPECT_NEAR(pattern[210], 0.5, 1e-5) << wavelength;
  }
}

TEST(Pattern, QIsTheInverseOfTheAngleAndEndsAtTheLimitingSphere) {
  for (const double wavelength : {0.2, 1.54184, 10.0})
    for (const double angle : {0.0, 1e-3, 30.0, 90.0, 179.0}) EXPECT_NEAR(two_theta_of(q_of(angle, wavelength), wavelength), angle, 1e-9);
  EXPECT_NEAR(q_of(90, 1.54184), 4 * std::numbers::pi * std::sqrt(0.5) / 1.54184, 1e-12);
  EXPECT_EQ(two_theta_of(largest_q(1.54184), 1.54184), 180);
  EXPECT_THROW(two_theta_of(8.151, 1.54184), ConfigError);
  EXPECT_THROW(two_theta_of(-0.1, 1.54184), ConfigError);
  EXPECT_EQ(parse_axis("q"), Axis::q);
  EXPECT_EQ(parse_axis("two-theta"), Axis::two_theta);
  EXPECT_THROW(parse_axis("d"), ConfigError);
}

TEST(Pattern, RefusesGridsInQThatMeanNothing) {
  PatternOptions options;
  const auto refused = [&options](const Grid& grid, double fwhm, const std::string& part) {
    options.grid = grid, options.fwhm_per_angstrom = fwhm;
    try {
      const Simulator simulator(options);
    } catch (const ConfigError& error) {
      return std::string(error.what()).find(part) != std::string::npos;
    }
    return false;
  };
  EXPECT_TRUE(refused({5, 90, 100, Axis::q, 1, 8.2}, 0.1, "8.15"));  // 4 pi / 1.54184
  EXPECT_TRUE(refused({5, 90, 100, Axis::q, 3, 2}, 0.1, "not a range"));
  EXPECT_TRUE(refused({5, 90, 100, Axis::q, -1, 2}, 0.1, "not a range"));
  EXPECT_TRUE(refused({5, 90, 100, Axis::q}, 0.1, "not a range"));
  EXPECT_TRUE(refused({5, 90, 0, Axis::q, 1, 2}, 0.1, "points"));
  EXPECT_TRUE(refused({5, 90, 100, Axis::q, 1, 2}, 0.004, "half a step"));
  // What is defined in 2-theta alone.
  options.grid = {5, 90, 100, Axis::q, 1, 2}, options.fwhm_per_angstrom = 0.1;
  EXPECT_THROW(PeakProfile(options.grid, {}), ConfigError);
  EXPECT_THROW(RealisticSimulator(options, {}), ConfigError);
  EXPECT_THROW(check(ArtefactRanges{}, options.grid), ConfigError);
  std::vector<double> two_theta(100), intensity(100, 1.0);
  for (std::size_t i = 0; i < two_theta.size(); ++i) two_theta[i] = 20 + 0.1 * static_cast<double>(i);
  EXPECT_THROW(on_model_grid(two_theta, intensity, options, {}), ConfigError);
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
