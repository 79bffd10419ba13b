// The options of the physics: displacement, neutrons, a monochromator, the K-alpha doublet, the absolute scale. Oracles are
// pymatgen's numbers, direct sums and closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/direct_sum.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

using Peaks = std::vector<std::pair<double, double>>;

OwnedStructure rutile() {
  OwnedStructure s = orthogonal(4.594, 4.594, 2.959);
  s.add(22, 0, 0, 0), s.add(22, 0.5, 0.5, 0.5);
  s.add(8, 0.305, 0.305, 0), s.add(8, -0.305, -0.305, 0), s.add(8, 0.805, 0.195, 0.5), s.add(8, 0.195, 0.805, 0.5);
  return s;
}

void expect_peaks(const Peaks& expected, const PatternOptions& options) {
  std::vector<Line> lines;
  const OwnedStructure structure = rutile();
  Simulator(options).lines(structure.view(), lines);
  ASSERT_GE(lines.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(lines[i].two_theta_deg, expected[i].first, 1e-6);
    EXPECT_NEAR(lines[i].intensity, expected[i].second, 1e-3) << expected[i].first;
  }
}

// pymatgen-core 2026.10.16, rutile, 1.54184 angstrom, debye_waller_factors {Ti: 0.4, O: 0.8}.
TEST(Displacement, ByElementIsPymatgens) {
  PatternOptions options;
  options.simulation.form_factors = FormFactors::pymatgen;
  options.simulation.dispersion = false;
  options.simulation.displacement = parse_displacement("Ti=0.4,O=0.8");
  expect_peaks({{27.456771, 100.0}, {36.106446, 45.717727}, {39.220534, 6.948762}, {41.270568, 17.842924}, {44.077674, 6.362036}, {54.363452, 54.960777},
                {56.671681, 16.223535}, {62.807827, 7.59648}, {64.100444, 8.104914}, {65.563785, 0.539331}, {69.061881, 19.15533}, {69.858769, 9.684636}}, options);
}

// The same structure by pymatgen's NDCalculator. The lengths are the same table; oxygen's negative partner makes weak lines.
TEST(Neutrons, AgreeWithPymatgen) {
  PatternOptions options;
  options.simulation.form_factors = FormFactors::neutron;
  expect_peaks({{27.456771, 4.464187}, {36.106446, 65.487718}, {39.220534, 79.528177}, {41.270568, 100.0}, {44.077674, 40.874575}, {54.363452, 0.198259},
                {56.671681, 3.309198}, {62.807827, 7.924778}, {64.100444, 21.468866}, {65.563785, 9.934112}, {69.061881, 17.855111}}, options);
}

TEST(Neutrons, HaveNoLimitOfSAndNameElementsWithoutLength) {
  PatternOptions options;
  options.simulation.form_factors = FormFactors::neutron;
  options.simulation.wavelength_angstrom = 0.3;
  EXPECT_NO_THROW(Simulator{options});
  OwnedStructure polonium = cubic(3.36);
  polonium.add(84, 0, 0, 0);
  std::vector<Line> lines;
  Simulator simulator(options);
  try {
    simulator.lines(polonium.view(), lines);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("Po"), std::string::npos) << error.what();
  }
}

TEST(Physics, EveryOptionTogetherEqualsTheDirectSum) {
  const OwnedStructure structure = triclinic();
  PatternOptions options;
  const Radiation radiation = parse_radiation("CuKa12");
  options.simulation.wavelength_angstrom = radiation.wavelength_angstrom;
  options.simulation.second_wavelength_angstrom = radiation.second_wavelength_angstrom;
  options.simulation.second_intensity = radiation.second_intensity;
  options.simulation.monochromator_two_theta_deg = 26.6;
  options.simulation.displacement = parse_displacement("0.6,O=1.1");
  options.square_root = false;
  // Well inside the range, at whose ends one line of a doublet can lie outside.
  options.grid = {10, 85, 4000};
  options.fwhm_deg = 0.08;
  Simulator simulator(options);
  std::vector<float> pattern(4000);
  simulator.pattern(structure.view(), 0, pattern);
  const std::vector<double> expected = direct_pattern(structure.view(), options);
  double largest = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) largest = std::max(largest, std::abs(pattern[i] - expected[i]));
  EXPECT_LE(largest, 2e-5);
}

TEST(Physics, MonochromatorChangesThePolarisationFactorAlone) {
  const OwnedStructure structure = rutile();
  PatternOptions plain, filtered;
  filtered.simulation.monochromator_two_theta_deg = 26.6;
  std::vector<Line> before, after;
  Simulator(plain).unscaled_lines(structure.view(), before);
  Simulator(filtered).unscaled_lines(structure.view(), after);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double c2 = std::pow(std::cos(before[i].two_theta_deg * std::numbers::pi / 180), 2), m2 = std::pow(std::cos(26.6 * std::numbers::pi / 180), 2);
    EXPECT_NEAR(after[i].intensity, before[i].intensity * (1 + m2 * c2) / (1 + c2), 1e-9 * before[i].intensity);
  }
}

// A supercell is the same matter: |F|^2 and 1 / V^2 cancel.
TEST(Physics, AbsoluteScaleDoesNotDependOnTheCellChosen) {
  const OwnedStructure cell = rutile();
  OwnedStructure twice = orthogonal(4.594, 4.594, 2 * 2.959);
  for (std::size_t a = 0; a < cell.atomic_number.size(); ++a)
    for (const double shift : {0.0, 0.5}) twice.add(cell.atomic_number[a], cell.frac_coords[3 * a], cell.frac_coords[3 * a + 1], cell.frac_coords[3 * a + 2] / 2.0 + shift);
  Simulator simulator(PatternOptions{});
  std::vector<float> one(1024), other(1024);
  simulator.absolute_pattern(cell.view(), 0, one);
  simulator.absolute_pattern(twice.view(), 0, other);
  const float largest = *std::ranges::max_element(one);
  EXPECT_GT(largest, 0);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], other[i], 1e-5F * largest);
}

TEST(Physics, OptionsOutOfRangeAreNamed) {
  const auto message = [](auto&& change) {
    PatternOptions options;
    change(options.simulation);
    try {
      Simulator simulator(options);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message([](auto& s) { s.monochromator_two_theta_deg = 181; }).find("monochromator"), std::string::npos);
  EXPECT_NE(message([](auto& s) { s.second_intensity = 2; }).find("doublet"), std::string::npos);
  EXPECT_NE(message([](auto& s) { s.second_intensity = 0.5; }).find("wavelength"), std::string::npos);
  for (const char* bad : {"", "x", "-1", "1e3", "nan", "O", "O=", "Xx=1", "0.5,,O=1", "O=0.8,"}) EXPECT_THROW(parse_displacement(bad), ConfigError) << bad;
  const Displacement displacement = parse_displacement("0.5,O=0.8,Ba=0");
  EXPECT_EQ(displacement.b_iso, 0.5);
  EXPECT_EQ(displacement.b_iso_of_element, (std::map<int, double>{{8, 0.8}, {56, 0.0}}));
  const Radiation doublet = parse_radiation("mokA12");
  EXPECT_EQ(doublet.wavelength_angstrom, 0.70930);
  EXPECT_EQ(doublet.second_wavelength_angstrom, 0.71359);
  EXPECT_EQ(doublet.second_intensity, 0.5);
}

// The largest B there is at the widest range of X-rays still fits the expansion of form factors, or is refused by name.
TEST(Physics, LargeDisplacementsAreComputedOrRefused) {
  const OwnedStructure structure = rutile();
  for (const double b : {1.0, 10.0, 100.0}) {
    PatternOptions options;
    options.simulation.displacement.b_iso = b;
    options.square_root = false;
    Simulator simulator(options);
    std::vector<float> pattern(1024);
    simulator.pattern(structure.view(), 0, pattern);
    const std::vector<double> expected = direct_pattern(structure.view(), options);
    for (std::size_t i = 0; i < pattern.size(); ++i) ASSERT_NEAR(pattern[i], expected[i], 2e-5) << b;
  }
}

}  // namespace
}  // namespace xxact::xrd
