// What must not change the pattern: order of atoms, origin, choice of cell, orientation; and what strain means.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "pipeline/xrd/simulator.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

std::vector<float> pattern_of(const OwnedStructure& structure, double strain = 0) {
  PatternOptions options;
  options.square_root = false;
  Simulator simulator(options);
  std::vector<float> pattern(1024);
  simulator.pattern(structure.view(), strain, pattern);
  return pattern;
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double(a[i]) - b[i]));
  return largest;
}

constexpr double kRounding = 2e-5;  // float32 coordinates and sums

TEST(Invariance, OrderOfAtoms) {
  const OwnedStructure structure = triclinic();
  OwnedStructure reversed;
  reversed.lattice = structure.lattice;
  for (std::size_t a = structure.atomic_number.size(); a-- > 0;)
    reversed.add(structure.atomic_number[a], structure.frac_coords[3 * a], structure.frac_coords[3 * a + 1], structure.frac_coords[3 * a + 2], structure.occupancy[a]);
  EXPECT_LE(difference(pattern_of(structure), pattern_of(reversed)), kRounding);
}

TEST(Invariance, OriginAndWholeCells) {
  const OwnedStructure structure = triclinic();
  OwnedStructure moved = structure;
  for (std::size_t i = 0; i < moved.frac_coords.size(); ++i) moved.frac_coords[i] += i % 3 == 0 ? 0.37F : i % 3 == 1 ? -2.0F : 3.25F;
  EXPECT_LE(difference(pattern_of(structure), pattern_of(moved)), kRounding);
}

TEST(Invariance, Supercell) {
  const OwnedStructure structure = triclinic();
  for (const auto& times : {std::array{2, 1, 1}, std::array{1, 3, 1}, std::array{1, 1, 2}, std::array{2, 2, 2}}) {
    OwnedStructure large;
    for (std::size_t i = 0; i < 9; ++i) large.lattice[i] = structure.lattice[i] * times[i / 3];
    for (int i = 0; i < times[0]; ++i)
      for (int j = 0; j < times[1]; ++j)
        for (int k = 0; k < times[2]; ++k)
          for (std::size_t a = 0; a < structure.atomic_number.size(); ++a)
            large.add(structure.atomic_number[a], (structure.frac_coords[3 * a] + i) / times[0], (structure.frac_coords[3 * a + 1] + j) / times[1],
                      (structure.frac_coords[3 * a + 2] + k) / times[2], structure.occupancy[a]);
    EXPECT_LE(difference(pattern_of(structure), pattern_of(large)), kRounding);
  }
}

TEST(Invariance, RotatedAndMirroredLattice) {
  const OwnedStructure structure = triclinic();
  const double c = std::cos(0.7), s = std::sin(0.7);
  for (const double hand : {1.0, -1.0}) {
    OwnedStructure turned = structure;
    for (std::size_t i = 0; i < 3; ++i) {
      const double x = structure.lattice[3 * i], y = structure.lattice[3 * i + 1], z = structure.lattice[3 * i + 2];
      turned.lattice[3 * i] = hand * (c * x - s * z);
      turned.lattice[3 * i + 1] = y;
      turned.lattice[3 * i + 2] = s * x + c * z;
    }
    EXPECT_LE(difference(pattern_of(structure), pattern_of(turned)), kRounding);
  }
}

// The same lattice in a basis so skewed that a cube of indices around the origin would miss most reflections.
TEST(Invariance, SkewedCell) {
  const OwnedStructure structure = triclinic();
  OwnedStructure skewed;
  skewed.lattice = structure.lattice;
  for (std::size_t j = 0; j < 3; ++j) {
    skewed.lattice[3 + j] += 4 * skewed.lattice[j];
    skewed.lattice[6 + j] += 3 * skewed.lattice[3 + j] - 2 * skewed.lattice[j];
  }
  for (std::size_t a = 0; a < structure.atomic_number.size(); ++a) {
    // r = x a + y b + z c with b = b' - 4 a and c = c' - 3 b' + 2 a.
    const double x = structure.frac_coords[3 * a], y = structure.frac_coords[3 * a + 1], z = structure.frac_coords[3 * a + 2];
    skewed.add(structure.atomic_number[a], x - 4 * y + 2 * z, y - 3 * z, z, structure.occupancy[a]);
  }
  EXPECT_LE(difference(pattern_of(structure), pattern_of(skewed)), 2 * kRounding);
}

TEST(Invariance, EdgesInAnotherOrder) {
  const OwnedStructure structure = triclinic();
  for (const auto& order : {std::array{1, 2, 0}, std::array{2, 0, 1}, std::array{1, 0, 2}}) {
    OwnedStructure other = structure;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto from = static_cast<std::size_t>(order[i]);
      for (std::size_t j = 0; j < 3; ++j) other.lattice[3 * i + j] = structure.lattice[3 * from + j];
      for (std::size_t a = 0; a < structure.atomic_number.size(); ++a) other.frac_coords[3 * a + i] = structure.frac_coords[3 * a + from];
    }
    EXPECT_LE(difference(pattern_of(structure), pattern_of(other)), kRounding);
    // Of g and -g the label is the one whose first index is positive, whichever was visited.
    std::vector<Line> lines;
    Simulator(PatternOptions{}).lines(other.view(), lines);
    for (const Line& line : lines) EXPECT_GT((std::array{line.h, line.k, line.l}), (std::array{0, 0, 0}));
  }
}

TEST(Invariance, StrainIsALargerLattice) {
  const OwnedStructure structure = triclinic();
  for (const double strain : {-0.03, 0.01, 0.2}) {
    OwnedStructure scaled = structure;
    for (double& x : scaled.lattice) x *= 1 + strain;
    EXPECT_LE(difference(pattern_of(structure, strain), pattern_of(scaled)), kRounding);
    EXPECT_GT(difference(pattern_of(structure, strain), pattern_of(structure)), 0.1);
  }
}

// The simulator keeps buffers: a large structure before a small one leaves nothing behind.
TEST(Invariance, OneSimulatorForManyStructures) {
  Simulator simulator(PatternOptions{});
  std::vector<float> first(1024), again(1024), between(1024);
  OwnedStructure large = orthogonal(14, 17, 23), iron = cubic(2.87);
  for (int i = 0; i < 60; ++i) large.add(1 + i, std::fmod(0.37 * i, 1), std::fmod(0.61 * i, 1), std::fmod(0.83 * i, 1), 0.5);
  iron.add(26, 0, 0, 0);
  iron.add(26, 0.5, 0.5, 0.5);
  simulator.pattern(iron.view(), 0, first);
  simulator.pattern(large.view(), 0, between);
  simulator.pattern(iron.view(), 0, again);
  EXPECT_EQ(first, again);
}

}  // namespace
}  // namespace xxact::xrd
