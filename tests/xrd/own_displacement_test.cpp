// Displacements of the structure's own: isotropic tensors against --b-iso, anisotropic ones against a direct sum, with ions,
// neutrons, strain and a Laue group; tensors that cannot be.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "pipeline/xrd/realistic.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/direct_sum.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

constexpr double kEightPiSquared = 8 * std::numbers::pi * std::numbers::pi;

OwnedStructure hexagonal() {
  OwnedStructure structure;
  structure.lattice = {4.6, 0, 0, -2.3, 2.3 * std::sqrt(3.0), 0, 0, 0, 6.1};
  structure.add(26, 0.125, 0.25, 0.0625);
  structure.add(8, 0.6875, 0.4375, 0.34375);
  structure.add(57, 0.40625, 0.84375, 0.71875, 0.75);
  return structure;
}

OwnedStructure with_isotropic(OwnedStructure structure, double u) {
  for (std::size_t a = 0; a < structure.atomic_number.size(); ++a) structure.displacement.insert(structure.displacement.end(), {u, u, u, 0, 0, 0});
  return structure;
}

/// A different tensor for every atom, none of them isotropic, all possible.
OwnedStructure with_anisotropic(OwnedStructure structure) {
  for (std::size_t a = 0; a < structure.atomic_number.size(); ++a) {
    const double x = 0.01 + 0.004 * static_cast<double>(a), sign = a % 2 == 0 ? 1 : -1;
    structure.displacement.insert(structure.displacement.end(), {x, 0.03, 2.5 * x, 0.004 * sign, -0.003, 0.007 * sign});
  }
  return structure;
}

TEST(OwnDisplacement, IsotropicTensorsAreBIso) {
  const double u = 0.8 / kEightPiSquared;
  for (const FormFactors table : {FormFactors::it92, FormFactors::neutron, FormFactors::waasmaier_kirfel})
    for (const OwnedStructure& structure : {orthogonal(4.2, 5.3, 9.1), hexagonal(), triclinic()}) {
      OwnedStructure filled = structure;
      if (filled.atomic_number.empty()) filled.add(22, 0.1, 0.2, 0.3), filled.add(8, 0.6, 0.4, 0.9);
      PatternOptions options;
      options.simulation.form_factors = table;
      options.square_root = false;
      Simulator own(options);
      options.simulation.displacement.b_iso = 0.8;
      Simulator given(options);
      std::vector<Line> lines, expected;
      own.unscaled_lines(with_isotropic(filled, u).view(), lines);
      given.unscaled_lines(filled.view(), expected);
      ASSERT_EQ(lines.size(), expected.size());
      double strongest = 0;
      for (const Line& line : expected) strongest = std::max(strongest, line.intensity);
      for (std::size_t i = 0; i < lines.size(); ++i) ASSERT_NEAR(lines[i].intensity, expected[i].intensity, 1e-10 * strongest);
      std::vector<float> pattern(1024), expected_pattern(1024);
      own.pattern(with_isotropic(filled, u).view(), 0.01, pattern);
      given.pattern(filled.view(), 0.01, expected_pattern);
      for (std::size_t i = 0; i < pattern.size(); ++i) ASSERT_NEAR(pattern[i], expected_pattern[i], 5e-6);
    }
}

TEST(OwnDisplacement, AnisotropicTensorsEqualTheDirectSum) {
  OwnedStructure ions = with_anisotropic(hexagonal());
  ions.charge = {3, -2, 3};
  struct Case {
    FormFactors table;
    bool ions;
    OwnedStructure structure;
  };
  for (const Case& c : {Case{FormFactors::it92, false, with_anisotropic(triclinic())}, {FormFactors::neutron, false, with_anisotropic(triclinic())},
                        {FormFactors::waasmaier_kirfel, true, ions}}) {
    PatternOptions options;
    options.simulation.form_factors = c.table;
    options.simulation.ions = c.ions;
    options.square_root = false;
    options.grid = {10, 85, 4000};
    options.fwhm_deg = 0.08;
    Simulator simulator(options);
    std::vector<Reflection> reflections;
    simulator.reflections(c.structure.view(), reflections);
    const std::vector<DirectReflection> direct = direct_reflections(c.structure.view(), options.simulation);
    ASSERT_EQ(2 * reflections.size(), direct.size());
    double strongest = 0;
    for (const DirectReflection& r : direct) strongest = std::max(strongest, r.intensity);
    for (const Reflection& r : reflections) {
      double expected = 0;
      for (const DirectReflection& d : direct)
        if ((d.h == r.hkl[0] && d.k == r.hkl[1] && d.l == r.hkl[2]) || (d.h == -r.hkl[0] && d.k == -r.hkl[1] && d.l == -r.hkl[2])) expected += d.intensity;
      ASSERT_NEAR(r.intensity, expected, 1e-10 * strongest) << r.hkl[0] << ' ' << r.hkl[1] << ' ' << r.hkl[2];
    }
    std::vector<float> pattern(4000);
    simulator.pattern(c.structure.view(), 0, pattern);
    const std::vector<double> expected = direct_pattern(c.structure.view(), options);
    for (std::size_t i = 0; i < pattern.size(); ++i) ASSERT_NEAR(pattern[i], expected[i], 2e-5) << i;
  }
}

// The frame of the tensors is that of the lattice: turned together they are the same crystal.
TEST(OwnDisplacement, TurnedCrystalsScatterAlike) {
  const OwnedStructure structure = with_anisotropic(triclinic());
  // x, y, z to y, z, -x.
  OwnedStructure turned = structure;
  for (std::size_t i = 0; i < 3; ++i) {
    const double* v = &structure.lattice[3 * i];
    turned.lattice[3 * i] = v[1], turned.lattice[3 * i + 1] = v[2], turned.lattice[3 * i + 2] = -v[0];
  }
  for (std::size_t a = 0; a < structure.atomic_number.size(); ++a) {
    const double* u = &structure.displacement[6 * a];
    const std::array<double, 6> image = {u[1], u[2], u[0], u[5], -u[3], -u[4]};
    std::copy(image.begin(), image.end(), turned.displacement.begin() + static_cast<std::ptrdiff_t>(6 * a));
  }
  Simulator simulator(PatternOptions{});
  std::vector<Line> lines, expected;
  simulator.lines(turned.view(), lines);
  simulator.lines(structure.view(), expected);
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) ASSERT_NEAR(lines[i].intensity, expected[i].intensity, 1e-9);
}

// Rutile's symmetry group 4/mmm holds for tensors whose axes are the site's; the screw turns x to y.
TEST(OwnDisplacement, OneReflectionOfEachOrbitIsEnough) {
  OwnedStructure rutile;
  rutile.lattice = {4.594, 0, 0, 0, 4.594, 0, 0, 0, 2.959};
  rutile.add(22, 0, 0, 0), rutile.add(22, 0.5, 0.5, 0.5);
  for (const auto& [x, y, z] : {std::array{0.305, 0.305, 0.0}, {0.695, 0.695, 0.0}, {0.195, 0.805, 0.5}, {0.805, 0.195, 0.5}}) rutile.add(8, x, y, z);
  for (const double xy : {0.002, -0.002, -0.006, -0.006, 0.006, 0.006}) {
    const double across = std::abs(xy) < 0.005 ? 0.007 : 0.012, along = across / 2;
    rutile.displacement.insert(rutile.displacement.end(), {across, across, along, xy, 0, 0});
  }
  const std::array<Rotation, 2> generators = {Rotation{0, -1, 0, 1, 0, 0, 0, 0, 1}, Rotation{1, 0, 0, 0, -1, 0, 0, 0, -1}};
  StructureView known = rutile.view();
  known.laue_code = encode_laue_group(generators);
  ASSERT_EQ(laue_group_of(generators).size(), 8U);
  Simulator simulator(PatternOptions{});
  std::vector<Line> lines, expected;
  simulator.unscaled_lines(known, lines);
  simulator.unscaled_lines(rutile.view(), expected);
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_NEAR(lines[i].intensity, expected[i].intensity, 1e-9 * expected[i].intensity);
    EXPECT_EQ(lines[i].multiplicity, expected[i].multiplicity);
  }
}

// The next structure of the same simulator has no displacements.
TEST(OwnDisplacement, IsForgottenWithItsStructure) {
  Simulator simulator(PatternOptions{}), fresh(PatternOptions{});
  std::vector<Line> lines, expected;
  simulator.unscaled_lines(with_anisotropic(triclinic()).view(), lines);
  simulator.unscaled_lines(triclinic().view(), lines);
  fresh.unscaled_lines(triclinic().view(), expected);
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i].intensity, expected[i].intensity);
}

TEST(OwnDisplacement, ReachesRealisticPatterns) {
  PatternOptions options;
  PeakShape shape;
  shape.kind = PeakShape::Kind::tch;
  shape.caglioti_w_deg2 = 0.02;
  std::vector<float> own(1024), given(1024), still(1024);
  std::vector<std::uint8_t> measured(1024);
  RealisticSimulator(options, shape).pattern(with_isotropic(triclinic(), 0.02).view(), 0, {}, {}, own, measured);
  RealisticSimulator(options, shape).pattern(triclinic().view(), 0, {}, {}, still, measured);
  options.simulation.displacement.b_iso = 0.02 * kEightPiSquared;
  RealisticSimulator(options, shape).pattern(triclinic().view(), 0, {}, {}, given, measured);
  float change = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_NEAR(own[i], given[i], 1e-5);
    change = std::max(change, std::abs(own[i] - still[i]));
  }
  EXPECT_GT(change, 0.05F);
}

TEST(OwnDisplacement, TensorsThatCannotBeAreRefusedWithTheirAtom) {
  PatternOptions options;
  const auto message = [&](const std::function<void(OwnedStructure&)>& change) {
    OwnedStructure structure = with_isotropic(hexagonal(), 0.01);
    change(structure);
    std::vector<Line> lines;
    try {
      Simulator(options).lines(structure.view(), lines);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message([](OwnedStructure&) {}), "accepted");
  // Zero and a rounding below it are what refinements give for atoms that hardly move.
  EXPECT_EQ(message([](OwnedStructure& s) { s.displacement[0] = 0; }), "accepted");
  EXPECT_EQ(message([](OwnedStructure& s) { s.displacement[9] = 0.01005; }), "accepted");
  for (const double bad : {-0.01, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    EXPECT_NE(message([&](OwnedStructure& s) { s.displacement[8] = bad; }).find("atom 2 (O at 0.6875, 0.4375, 0.3438)"), std::string::npos) << bad;
  EXPECT_NE(message([](OwnedStructure& s) { s.displacement[15] = 0.02; }).find("atom 3 (La"), std::string::npos);
  EXPECT_NE(message([](OwnedStructure& s) { s.displacement[15] = s.displacement[16] = s.displacement[17] = -0.009; }).find("atom 3 (La"), std::string::npos);
  EXPECT_NE(message([](OwnedStructure& s) { s.displacement.pop_back(); }).find("17 numbers"), std::string::npos);
  options.simulation.displacement.b_iso = 0.5;
  EXPECT_NE(message([](OwnedStructure&) {}).find("displacements of its own"), std::string::npos);
}

}  // namespace
}  // namespace xxact::xrd
