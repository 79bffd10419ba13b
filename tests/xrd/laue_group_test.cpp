// Equivalent reflections: one of each orbit gives what all of them give, in every Laue class and setting.
#include <gtest/gtest.h>

#include <gemmi/symmetry.hpp>
#include <gemmi/unitcell.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "pipeline/xrd/laue_group.hpp"
#include "pipeline/xrd/reflections.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

constexpr Rotation kFourfold = {0, -1, 0, 1, 0, 0, 0, 0, 1};

struct Symmetric {
  OwnedStructure structure;
  std::vector<Rotation> rotations;
};

/// Four general positions of three elements under all operations of a space group; the cell is one that its system allows.
Symmetric crystal(const char* name) {
  const gemmi::SpaceGroup* group = gemmi::find_spacegroup_by_name(name);
  EXPECT_NE(group, nullptr) << name;
  gemmi::UnitCell cell;
  switch (group->crystal_system()) {
    case gemmi::CrystalSystem::Cubic: cell.set(7.1, 7.1, 7.1, 90, 90, 90); break;
    case gemmi::CrystalSystem::Tetragonal: cell.set(6.2, 6.2, 8.3, 90, 90, 90); break;
    case gemmi::CrystalSystem::Orthorhombic: cell.set(5.3, 6.4, 8.9, 90, 90, 90); break;
    case gemmi::CrystalSystem::Monoclinic: cell.set(5.3, 6.4, 8.9, 90, 103.7, 90); break;
    case gemmi::CrystalSystem::Triclinic: cell.set(5.3, 6.4, 7.9, 81, 103.7, 97); break;
    default: std::string(name).ends_with(":R") ? cell.set(6.1, 6.1, 6.1, 71, 71, 71) : cell.set(6.1, 6.1, 9.7, 90, 90, 120);
  }
  Symmetric crystal;
  for (int i = 0; i < 3; ++i) {
    gemmi::Fractional edge(i == 0, i == 1, i == 2);
    const gemmi::Position vector = cell.orthogonalize(edge);
    crystal.structure.lattice[static_cast<std::size_t>(3 * i)] = vector.x;
    crystal.structure.lattice[static_cast<std::size_t>(3 * i + 1)] = vector.y;
    crystal.structure.lattice[static_cast<std::size_t>(3 * i + 2)] = vector.z;
  }
  const struct { int z; double x, y, w, occupancy; } sites[] = {{26, 0.113, 0.271, 0.339, 1}, {8, 0.377, 0.083, 0.192, 1}, {8, 0.221, 0.409, 0.057, 0.5}, {56, 0, 0, 0, 1}};
  for (const gemmi::Op& op : group->operations()) {
    Rotation w{};
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) w[3 * i + j] = op.rot[i][j] / gemmi::Op::DEN;
    crystal.rotations.push_back(w);
    for (const auto& site : sites) {
      const auto image = op.apply_to_xyz({{site.x, site.y, site.w}});
      crystal.structure.add(site.z, image[0], image[1], image[2], site.occupancy);
    }
  }
  return crystal;
}

StructureView with_code(const Symmetric& crystal) {
  StructureView view = crystal.structure.view();
  view.laue_code = encode_laue_group(crystal.rotations);
  return view;
}

TEST(LaueGroups, OneOfEachOrbitGivesTheSameLinesAndPatterns) {
  for (const char* name : {"P 1", "P -1", "P 1 2/m 1", "C 1 2/c 1", "P 2 2 2", "P m n a", "F d d 2", "P 4", "I 41/a", "P 4 2 2", "I 4/m m m", "P 3", "R -3:H", "R -3:R",
                           "P 3 2 1", "P 3 1 2", "R -3 m:H", "R -3 m:R", "P 6", "P 63/m", "P 6/m m m", "P 2 3", "P a -3", "P 4 3 2", "I -4 3 m", "P m -3 m", "F d -3 m:1"}) {
    const Symmetric c = crystal(name);
    const StructureView known = with_code(c);
    ASSERT_NE(known.laue_code, kNoLaueCode) << name;
    PatternOptions options;
    options.simulation.two_theta_max_deg = 70;
    Simulator simulator(options);
    std::vector<Line> all, reduced;
    simulator.unscaled_lines(c.structure.view(), all);
    simulator.unscaled_lines(known, reduced);
    // Lines at the threshold of dropping may go either way.
    const double strongest = std::ranges::max_element(all, {}, &Line::intensity)->intensity;
    const auto weak = [&](const Line& line) { return line.intensity < 2e-5 * strongest; };
    std::erase_if(all, weak);
    std::erase_if(reduced, weak);
    ASSERT_EQ(all.size(), reduced.size()) << name;
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_NEAR(all[i].two_theta_deg, reduced[i].two_theta_deg, 1e-9) << name;
      // Coordinates are float32, so that equivalent reflections differ by their rounding.
      ASSERT_NEAR(all[i].intensity, reduced[i].intensity, 2e-6 * strongest) << name;
      ASSERT_EQ(all[i].multiplicity, reduced[i].multiplicity) << name << ' ' << all[i].h << ' ' << all[i].k << ' ' << all[i].l;
      ASSERT_EQ(all[i].h, reduced[i].h) << name;
      ASSERT_EQ(all[i].k, reduced[i].k) << name;
      ASSERT_EQ(all[i].l, reduced[i].l) << name;
    }
    std::vector<float> one(1024), other(1024);
    simulator.pattern(c.structure.view(), 0.002, one);
    simulator.pattern(known, 0.002, other);
    for (std::size_t i = 0; i < one.size(); ++i) ASSERT_NEAR(one[i] * one[i], other[i] * other[i], 1e-5) << name;
  }
}

TEST(LaueGroups, OrderIsThatOfTheLaueClass) {
  const struct { const char* name; std::size_t order; } known[] = {{"P 1", 1}, {"P -1", 1}, {"C 1 2/c 1", 2}, {"P m n a", 4}, {"I 41/a", 4}, {"I 4/m m m", 8}, {"R -3:R", 3},
                                                                   {"R -3 m:H", 6}, {"P 63/m", 6}, {"P 6/m m m", 12}, {"P a -3", 12}, {"F d -3 m:1", 24}};
  for (const auto& [name, order] : known) EXPECT_EQ(laue_group_of(crystal(name).rotations).size(), order) << name;
}

// Indices up to 1,500: a cell edge of 600 angstrom.
TEST(LaueGroups, LongCellsAreReducedToo) {
  OwnedStructure structure = orthogonal(3.1, 3.1, 600);
  structure.add(14, 0, 0, 0), structure.add(8, 0.5, 0.5, 0.25);
  PatternOptions options;
  options.simulation.wavelength_angstrom = 0.71073;
  options.simulation.two_theta_max_deg = 45;
  options.simulation.two_theta_min_deg = 40;
  std::vector<Line> all, reduced;
  Simulator simulator(options);
  simulator.unscaled_lines(structure.view(), all);
  StructureView known = structure.view();
  known.laue_code = encode_laue_group(std::vector{kFourfold});
  simulator.unscaled_lines(known, reduced);
  ASSERT_EQ(all.size(), reduced.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].multiplicity, reduced[i].multiplicity);
    EXPECT_NEAR(all[i].intensity, reduced[i].intensity, 1e-6 * all[i].intensity + 1e-6);
  }
}

/// Reflections between two spheres: the sum of the multiplicities of those that stand for their orbits.
std::int64_t reflections_of(const AsymmetricUnit& unit, const ReciprocalMetric& metric) {
  ReflectionEnumerator reflections(unit.symmetrised(metric), unit, 0.3, 1.6);
  ReflectionBatch batch;
  std::int64_t sum = 0;
  while (reflections.next(batch, 100)) {
    unit.label(batch);
    for (std::size_t i = 0; i < batch.reflections; ++i) sum += batch.multiplicity[i];
  }
  return sum;
}

constexpr int determinant(const Rotation& m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}

Rotation product(const Rotation& a, const Rotation& b) {
  Rotation c{};
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t k = 0; k < 3; ++k) c[i] += a[3 * (i / 3) + k] * b[3 * k + i % 3];
  return c;
}

// Every reflection belongs to exactly one orbit, so multiplicities add up to all reflections, in whatever basis the lattice is given.
TEST(LaueGroups, OrbitsFillTheSphereInAnyBasis) {
  CounterRandom random(7, Purpose::strain, 0, 0);
  int bases = 0;
  for (const char* name : {"P -1", "P 1 2/m 1", "P m m m", "P 4/m", "P 4/m m m", "R -3:R", "P 3 2 1", "P 6/m", "P 6/m m m", "P m -3", "P m -3 m"}) {
    const Symmetric c = crystal(name);
    const ReciprocalMetric metric = ReciprocalMetric::of(c.structure.lattice, 0);
    EXPECT_EQ(reflections_of(LaueGroup(c.rotations).unit(metric), metric), reflections_of(LaueGroup::none().unit(metric), metric)) << name;
    for (int turn = 0; turn < 60; ++turn) {
      // Rows of the basis are whole multiples of the lattice's vectors; coordinates, columns, change with the inverse transpose.
      Rotation basis, inverse_transpose;
      do
        for (int& entry : basis) entry = turn % 2 == 0 ? static_cast<int>(random.next_u64() % 3) - 1 : static_cast<int>(random.next_u64() % 5) - 2;
      while (std::abs(determinant(basis)) != 1);
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 3; ++j) {
          const std::size_t p = (i + 1) % 3, q = (i + 2) % 3, r = (j + 1) % 3, s = (j + 2) % 3;
          inverse_transpose[3 * i + j] = determinant(basis) * (basis[3 * p + r] * basis[3 * q + s] - basis[3 * p + s] * basis[3 * q + r]);
        }
      const Rotation& b = basis;
      const Rotation transpose = {b[0], b[3], b[6], b[1], b[4], b[7], b[2], b[5], b[8]};
      std::vector<Rotation> rotations;
      for (const Rotation& w : c.rotations) rotations.push_back(product(inverse_transpose, product(w, transpose)));
      std::array<double, 9> lattice{};
      for (std::size_t i = 0; i < 9; ++i)
        for (std::size_t k = 0; k < 3; ++k) lattice[i] += basis[3 * (i / 3) + k] * c.structure.lattice[3 * k + i % 3];
      const ReciprocalMetric turned = ReciprocalMetric::of(lattice, 0);
      const LaueGroup group(rotations);
      ASSERT_EQ(group.unit(turned).order(), laue_group_of(c.rotations).size()) << name;
      ASSERT_EQ(reflections_of(group.unit(turned), turned), reflections_of(LaueGroup::none().unit(turned), turned)) << name << ", turn " << turn;
      bases += encode_laue_group(rotations) != kNoLaueCode ? 1 : 0;
    }
  }
  EXPECT_GT(bases, 80) << "too few of the bases have a code";
}

// The image of a reflection in a slightly wrong cell may lie beyond the end of the range; its orbit is one line still.
TEST(LaueGroups, LatticesAreMadeSymmetric) {
  OwnedStructure structure = orthogonal(4, 4.003, 6);
  structure.add(14, 0, 0, 0);
  StructureView known = structure.view();
  known.laue_code = encode_laue_group(std::vector{kFourfold});
  std::vector<Line> lines, mean_lines;
  PatternOptions options;
  options.simulation.two_theta_max_deg = 45.335;  // 200 of the mean lattice lies at 45.3267, of the first edge alone beyond the end
  Simulator simulator(options);
  simulator.unscaled_lines(known, lines);
  OwnedStructure mean = orthogonal(4, 4, 6);
  mean.lattice[0] = mean.lattice[4] = std::sqrt(2 / (1 / 16.0 + 1 / (4.003 * 4.003)));
  mean.add(14, 0, 0, 0);
  simulator.unscaled_lines(mean.view(), mean_lines);
  ASSERT_EQ(lines.size(), mean_lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_NEAR(lines[i].two_theta_deg, mean_lines[i].two_theta_deg, 1e-9);
    EXPECT_EQ(lines[i].multiplicity, mean_lines[i].multiplicity);
  }
}

TEST(LaueGroups, WhatIsNoGroupOrNotOfTheLatticeIsRefused) {
  EXPECT_THROW(LaueGroup(std::vector<Rotation>{{2, 0, 0, 0, 1, 0, 0, 0, 1}}), InputError);
  EXPECT_THROW(LaueGroup(std::vector<Rotation>{{1, 1, 0, 0, 1, 0, 0, 0, 1}}), InputError) << "a shear has no order";
  OwnedStructure structure = orthogonal(4, 5, 6);
  structure.add(14, 0, 0, 0);
  std::vector<Line> lines;
  Simulator simulator(PatternOptions{});
  StructureView view = structure.view();
  view.laue_code = encode_laue_group(std::vector{kFourfold});
  EXPECT_THROW(simulator.lines(view, lines), InputError);
  view.laue_code = 1;
  EXPECT_THROW(simulator.lines(view, lines), InputError);
}

}  // namespace
}  // namespace xxact::xrd
