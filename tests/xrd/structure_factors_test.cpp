// |F|^2 against gemmi's structure factors, and against a direct complex sum with anomalous dispersion, where |F(g)| and
// |F(-g)| differ.
#include <gtest/gtest.h>

#include <gemmi/it92.hpp>
#include <gemmi/sfcalc.hpp>
#include <gemmi/small.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <numbers>

#include "pipeline/xrd/form_factor_polynomials.hpp"
#include "pipeline/xrd/laue_group.hpp"
#include "pipeline/xrd/reflections.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "pipeline/xrd/structure_factors.hpp"
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
    EXPECT_NEAR(structure_factor(line, options.simulation), std::sqrt(f2), 1e-9 * std::sqrt(f2) + 1e-9);
    EXPECT_NEAR(line.d_angstrom, small.cell.calculate_d({{line.h, line.k, line.l}}), 1e-9);
  }
}

/// [reflections]: |F| of the batch by the calculator, next to gemmi's, as shares of the sum of the form factors.
template <class Real>
double worst_against_gemmi(const OwnedStructure& owned, const gemmi::SmallStructure& small) {
  const double g_max = 1.6;
  const ReciprocalMetric metric = ReciprocalMetric::of(owned.lattice, 0);
  const ScatteringTable table(FormFactors::it92, false, 1.54184);
  const FormFactorPolynomials polynomials(table, g_max * g_max * (1 + 1e-6));
  ReflectionEnumerator reflections(metric, LaueGroup::none().unit(metric), 0.05, g_max);
  StructureFactorCalculator<Real> calculator;
  calculator.begin(owned.view(), polynomials, metric, reflections);
  gemmi::StructureFactorCalculator<gemmi::IT92<double>> oracle(small.cell);
  ReflectionBatch batch;
  double worst = 0;
  while (reflections.next(batch, 1000)) {
    const std::span<Real> f_squared = calculator.of(batch);
    std::size_t i = 0;
    for (const ReflectionRow& row : batch.rows)
      for (int w = row.first; w < row.first + row.count; ++w, ++i) {
        const int permuted[3] = {row.u, row.v, w};
        gemmi::Miller hkl;
        for (std::size_t a = 0; a < 3; ++a) hkl[static_cast<std::size_t>(metric.axis[a])] = permuted[a];
        double sum = 0;
        for (const auto& site : small.sites) sum += site.occ * gemmi::IT92<double>::get(site.element).calculate_sf(batch.g_squared[i] / 4);
        worst = std::max(worst, std::abs(std::sqrt(f_squared[i] / 2.0) - std::abs(oracle.calculate_sf_from_small_structure(small, hkl))) / sum);
      }
  }
  return worst;
}

// The production path keeps coordinates as float32 and sums patterns in float32; gemmi here has the coordinates in double.
TEST(StructureFactors, AreWithinAFractionOfTheSumOfFormFactors) {
  OwnedStructure exact = triclinic();
  EXPECT_LT(worst_against_gemmi<double>(exact, as_gemmi(exact.view())), 1e-10);
  EXPECT_LT(worst_against_gemmi<float>(exact, as_gemmi(exact.view())), 1e-5);
  OwnedStructure large;
  large.lattice = {9.1, 0.3, 0.1, -2.2, 11.4, 0.4, 0.7, -1.9, 13.3};
  std::vector<double> coordinates;
  for (int a = 0; a < 90; ++a) {
    double place[3];
    for (int i = 0; i < 3; ++i) place[i] = std::fmod(0.7548776662466927 * (3 * a + i + 1) * (i + 1), 1.0);
    coordinates.insert(coordinates.end(), place, place + 3);
    large.add(a % 3 == 0 ? 8 : a % 3 == 1 ? 26 : 56, place[0], place[1], place[2]);
  }
  gemmi::SmallStructure small = as_gemmi(large.view());
  for (std::size_t a = 0; a < small.sites.size(); ++a) small.sites[a].fract = gemmi::Fractional(coordinates[3 * a], coordinates[3 * a + 1], coordinates[3 * a + 2]);
  const double in_double = worst_against_gemmi<double>(large, small), in_single = worst_against_gemmi<float>(large, small);
  std::cout << "coordinates in float32: " << in_double << " of the sum of form factors in double, " << in_single << " in single precision\n";
  EXPECT_LT(in_double, 1e-6);
  EXPECT_LT(in_single, 1e-4);
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
