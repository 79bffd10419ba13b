// |F|^2 against gemmi's structure factors, and against a direct complex sum with anomalous dispersion, where |F(g)| and
// |F(-g)| differ.
#include <gtest/gtest.h>

#include <gemmi/it92.hpp>
#include <gemmi/sfcalc.hpp>
#include <gemmi/small.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "pipeline/xrd/simulator.hpp"
#include "tests/xrd/direct_sum.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

gemmi::SmallStructure as_gemmi(const StructureView& structure) {
  gemmi::SmallStructure small;
  double edge[3], product[3];
  const auto row = [&](std::size_t i) { return structure.lattice.data() + 3 * i; };
  const auto dot = [](const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; };
  for (std::size_t i = 0; i < 3; ++i) edge[i] = std::sqrt(dot(row(i), row(i)));
  for (std::size_t i = 0; i < 3; ++i) product[i] = dot(row((i + 1) % 3), row((i + 2) % 3)) / (edge[(i + 1) % 3] * edge[(i + 2) % 3]);
  const auto degrees = [](double cosine) { return std::acos(cosine) * 180 / std::numbers::pi; };
  small.cell.set(edge[0], edge[1], edge[2], degrees(product[0]), degrees(product[1]), degrees(product[2]));
  for (std::size_t a = 0; a < structure.atoms(); ++a) {
    gemmi::SmallStructure::Site site;
    site.element = gemmi::Element(structure.atomic_number[a]);
    site.fract = gemmi::Fractional(structure.frac_coords[3 * a], structure.frac_coords[3 * a + 1], structure.frac_coords[3 * a + 2]);
    site.occ = structure.occupancy_of(a);
    small.sites.push_back(site);
  }
  return small;
}

TEST(StructureFactors, AgreeWithGemmi) {
  const OwnedStructure owned = triclinic();
  PatternOptions options;
  options.simulation.dispersion = false;
  options.simulation.two_theta_max_deg = 120;
  std::vector<Line> lines;
  Simulator(options).unscaled_lines(owned.view(), lines);
  ASSERT_GT(lines.size(), 300U);
  const gemmi::SmallStructure small = as_gemmi(owned.view());
  gemmi::StructureFactorCalculator<gemmi::IT92<double>> calculator(small.cell);
  for (const Line& line : lines) {
    ASSERT_EQ(line.multiplicity, 2);
    const double f2 = std::norm(calculator.calculate_sf_from_small_structure(small, {{line.h, line.k, line.l}}));
    const double theta = line.two_theta_deg / 2 * std::numbers::pi / 180;
    const double lp = (1 + std::pow(std::cos(2 * theta), 2)) / (std::pow(std::sin(theta), 2) * std::cos(theta));
    EXPECT_NEAR(line.intensity, 2 * f2 * lp, 1e-9 * line.intensity + 1e-6) << line.h << ' ' << line.k << ' ' << line.l;
    EXPECT_NEAR(line.d_angstrom, small.cell.calculate_d({{line.h, line.k, line.l}}), 1e-9);
  }
}

TEST(StructureFactors, FriedelPairsDifferWithDispersionAndBothCount) {
  const OwnedStructure owned = triclinic();
  for (const double wavelength : {1.54184, 1.93735, 0.71073}) {
    PatternOptions options;
    options.simulation.wavelength_angstrom = wavelength;
    options.simulation.two_theta_max_deg = wavelength < 1 ? 40 : 110;
    std::map<std::array<int, 3>, double> direct;
    for (const DirectReflection& r : direct_reflections(owned.view(), options.simulation)) direct[{r.h, r.k, r.l}] = r.intensity;
    std::vector<Line> lines;
    Simulator(options).unscaled_lines(owned.view(), lines);
    ASSERT_GE(lines.size(), 100U);
    double largest_difference = 0;
    std::size_t reflections = 0;
    for (const Line& line : lines) {
      const double plus = direct.at({line.h, line.k, line.l}), minus = direct.at({-line.h, -line.k, -line.l});
      EXPECT_NEAR(line.intensity, plus + minus, 1e-10 * (plus + minus));
      largest_difference = std::max(largest_difference, std::abs(plus - minus) / (plus + minus));
      reflections += static_cast<std::size_t>(line.multiplicity);
    }
    EXPECT_GT(largest_difference, 0.1) << "the structure does not tell g from -g";
    EXPECT_EQ(reflections, direct.size());
  }
}

TEST(StructureFactors, OnlyReflectionsInTheRangeAndAllOfThem) {
  const OwnedStructure owned = triclinic();
  for (const auto& [from, to] : {std::pair{0.0, 30.0}, {30.0, 70.0}, {12.0, 13.5}, {100.0, 178.0}}) {
    PatternOptions options;
    options.simulation.two_theta_min_deg = from, options.simulation.two_theta_max_deg = to;
    std::vector<Line> lines;
    Simulator(options).unscaled_lines(owned.view(), lines);
    std::size_t reflections = 0;
    for (const Line& line : lines) {
      EXPECT_GE(line.two_theta_deg, from);
      EXPECT_LE(line.two_theta_deg, to);
      reflections += static_cast<std::size_t>(line.multiplicity);
    }
    EXPECT_EQ(reflections, direct_reflections(owned.view(), options.simulation).size()) << from << " to " << to;
  }
}

}  // namespace
}  // namespace xxact::xrd
