// Strained lattices keep what their crystal system keeps, whatever the cell and its orientation.
#include <gtest/gtest.h>

#include <spglib.h>

#include <cmath>
#include <numbers>

#include "pipeline/xrd/lattice_strain.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

using Lattice = std::array<double, 9>;
using Integers = std::array<int, 9>;
constexpr std::array<double, 6> kStrain = {0.010, -0.007, 0.004, 0.006, -0.003, 0.002};
constexpr Integers kAsItIs = {1, 0, 0, 0, 1, 0, 0, 0, 1};

Lattice cell(double a, double b, double c, double alpha, double beta, double gamma) {
  const double degree = std::numbers::pi / 180, ca = std::cos(alpha * degree), cb = std::cos(beta * degree), cg = std::cos(gamma * degree);
  const double sg = std::sin(gamma * degree), x = (ca - cb * cg) / sg;
  return {a, 0, 0, b * cg, b * sg, 0, c * cb, c * x, c * std::sqrt(1 - cb * cb - x * x)};
}

/// The lattice in another orientation, about an axis without meaning.
Lattice turned(const Lattice& l) {
  const double n[3] = {2 / 7.0, 3 / 7.0, 6 / 7.0}, c = std::cos(1.1), s = std::sin(1.1);
  Lattice out{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double* v = &l[3 * i];
    const double along = v[0] * n[0] + v[1] * n[1] + v[2] * n[2];
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t p = (k + 1) % 3, q = (k + 2) % 3;
      out[3 * i + k] = v[k] * c + (n[p] * v[q] - n[q] * v[p]) * s + n[k] * along * (1 - c);
    }
  }
  return out;
}

Lattice combined(const Integers& m, const Lattice& l, double divisor = 1) {
  Lattice out{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k) out[3 * i + j] += m[3 * i + k] * l[3 * k + j] / divisor;
  return out;
}

struct Cell {
  double a, b, c, alpha, beta, gamma;
};

Cell measured(const Lattice& l) {
  const auto dot = [&](std::size_t i, std::size_t j) { return l[3 * i] * l[3 * j] + l[3 * i + 1] * l[3 * j + 1] + l[3 * i + 2] * l[3 * j + 2]; };
  const double a = std::sqrt(dot(0, 0)), b = std::sqrt(dot(1, 1)), c = std::sqrt(dot(2, 2)), degree = std::numbers::pi / 180;
  return {a, b, c, std::acos(dot(1, 2) / (b * c)) / degree, std::acos(dot(0, 2) / (a * c)) / degree, std::acos(dot(0, 1) / (a * b)) / degree};
}

/// The conventional cell after a strain that was applied to the primitive cell `primitive` / 2 times the conventional one, in a turned
/// frame; `back` makes the conventional cell of it.
Cell strained(const Lattice& conventional, int system, const Integers& primitive = kAsItIs, double divisor = 1, const Integers& back = kAsItIs) {
  return measured(combined(back, strained_lattice(combined(primitive, turned(conventional), divisor), system, kStrain)));
}

constexpr Integers kBodyCentred = {-1, 1, 1, 1, -1, 1, 1, 1, -1}, kBodyBack = {0, 1, 1, 1, 0, 1, 1, 1, 0};

void expect_right_angles(const Cell& c) {
  EXPECT_NEAR(c.alpha, 90, 1e-9);
  EXPECT_NEAR(c.beta, 90, 1e-9);
  EXPECT_NEAR(c.gamma, 90, 1e-9);
}

TEST(LatticeStrain, CubicAndUnknownAreIsotropic) {
  for (const int system : {6, -1}) {
    const Cell c = strained(cell(4, 4, 4, 90, 90, 90), system, kBodyCentred, 2, kBodyBack);
    EXPECT_NEAR(c.a, 4.04, 1e-9);
    EXPECT_NEAR(c.b, 4.04, 1e-9);
    EXPECT_NEAR(c.c, 4.04, 1e-9);
    expect_right_angles(c);
  }
  const Cell skewed = strained(cell(4, 5, 6, 80, 95, 107), -1);
  EXPECT_NEAR(skewed.b, 5.05, 1e-9);
  EXPECT_NEAR(skewed.alpha, 80, 1e-9);
}

TEST(LatticeStrain, TetragonalKeepsTheBaseSquare) {
  for (const bool primitive : {false, true}) {
    const Cell c = primitive ? strained(cell(4, 4, 9.5, 90, 90, 90), 3, kBodyCentred, 2, kBodyBack) : strained(cell(4, 4, 9.5, 90, 90, 90), 3);
    EXPECT_NEAR(c.a, 4 * 1.010, 1e-9) << primitive;
    EXPECT_NEAR(c.b, 4 * 1.010, 1e-9);
    EXPECT_NEAR(c.c, 9.5 * 1.004, 1e-9);
    expect_right_angles(c);
  }
  EXPECT_NEAR(strained(cell(4, 4, 60, 90, 90, 90), 3).c, 60 * 1.004, 1e-9);  // a layered crystal
}

TEST(LatticeStrain, HexagonalAndTrigonalKeepTheirAngles) {
  for (const int system : {4, 5}) {
    const Cell c = strained(cell(3, 3, 5, 90, 90, 120), system);
    EXPECT_NEAR(c.a, 3 * 1.010, 1e-9);
    EXPECT_NEAR(c.b, 3 * 1.010, 1e-9);
    EXPECT_NEAR(c.c, 5 * 1.004, 1e-9);
    EXPECT_NEAR(c.gamma, 120, 1e-9);
    EXPECT_NEAR(c.alpha, 90, 1e-9);
  }
  // A rhombohedral cell stays rhombohedral, and its hexagonal axes change by the two strains.
  const Lattice rhombohedral = cell(5, 5, 5, 55, 55, 55);
  const Cell r = strained(rhombohedral, 4);
  EXPECT_NEAR(r.a, r.b, 1e-9);
  EXPECT_NEAR(r.a, r.c, 1e-9);
  EXPECT_NEAR(r.alpha, r.beta, 1e-9);
  EXPECT_NEAR(r.alpha, r.gamma, 1e-9);
  EXPECT_GT(std::abs(r.alpha - 55), 0.05);
  constexpr Integers hexagonal = {1, -1, 0, 0, 1, -1, 1, 1, 1};
  const Cell before = measured(combined(hexagonal, rhombohedral)), after = strained(rhombohedral, 4, kAsItIs, 1, hexagonal);
  EXPECT_NEAR(after.a / before.a, 1.010, 1e-9);
  EXPECT_NEAR(after.c / before.c, 1.004, 1e-9);
  EXPECT_NEAR(after.gamma, 120, 1e-9);
}

TEST(LatticeStrain, OrthorhombicKeepsRightAngles) {
  for (const bool primitive : {false, true}) {
    const Lattice conventional = cell(4, 5.5, 7.2, 90, 90, 90);
    const Cell c = primitive ? strained(conventional, 2, kBodyCentred, 2, kBodyBack) : strained(conventional, 2);
    expect_right_angles(c);
    // Which strain goes to which axis is not laid down; all three are used.
    const double ratios[3] = {c.a / 4 - 1, c.b / 5.5 - 1, c.c / 7.2 - 1};
    double sum = 0, product = 1;
    for (const double ratio : ratios) sum += ratio, product *= ratio;
    EXPECT_NEAR(sum, 0.010 - 0.007 + 0.004, 1e-9);
    EXPECT_NEAR(product, 0.010 * -0.007 * 0.004, 1e-12);
  }
}

TEST(LatticeStrain, MonoclinicKeepsTwoRightAngles) {
  const Cell c = strained(cell(4, 5.5, 7.2, 90, 104, 90), 1);
  EXPECT_NEAR(c.alpha, 90, 1e-9);
  EXPECT_NEAR(c.gamma, 90, 1e-9);
  EXPECT_GT(std::abs(c.beta - 104), 0.05);
  EXPECT_NEAR(c.b, 5.5 * (1 - 0.007), 1e-9);
  EXPECT_GT(std::abs(c.a / 4 - 1), 1e-4);
  EXPECT_GT(std::abs(c.c / 7.2 - 1), 1e-4);
  EXPECT_GT(std::abs(c.a / 4 - c.c / 7.2), 1e-4);
  // C-centred, by its primitive cell.
  const Cell centred = strained(cell(9, 5.5, 7.2, 90, 104, 90), 1, {1, 1, 0, -1, 1, 0, 0, 0, 2}, 2, {1, -1, 0, 1, 1, 0, 0, 0, 1});
  EXPECT_NEAR(centred.alpha, 90, 1e-9);
  EXPECT_NEAR(centred.gamma, 90, 1e-9);
  EXPECT_NEAR(centred.b, 5.5 * (1 - 0.007), 1e-9);
}

TEST(LatticeStrain, TriclinicUsesAllSix) {
  const Lattice lattice = cell(4, 5, 6, 80, 95, 107);
  const double e[3][3] = {{kStrain[0], kStrain[3], kStrain[4]}, {kStrain[3], kStrain[1], kStrain[5]}, {kStrain[4], kStrain[5], kStrain[2]}};
  const Lattice out = strained_lattice(lattice, 0, kStrain);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      double expected = lattice[3 * i + j];
      for (std::size_t k = 0; k < 3; ++k) expected += lattice[3 * i + k] * e[k][j];
      EXPECT_NEAR(out[3 * i + j], expected, 1e-12);
    }
  }
}

TEST(LatticeStrain, FallsBackToIsotropicWhereAxesAreNotDetermined) {
  // A tetragonal crystal on a cubic lattice, and lattices that are not what the system says.
  const Lattice cubic_lattice = cell(4, 4, 4, 90, 90, 90), triclinic_lattice = cell(4, 5, 6, 80, 95, 107), orthorhombic_lattice = cell(4, 4.1, 9, 90, 90, 90);
  for (const auto& [lattice, system] : {std::pair{cubic_lattice, 3}, {cubic_lattice, 2}, {triclinic_lattice, 1}, {orthorhombic_lattice, 3}}) {
    const Cell before = measured(lattice), c = strained(lattice, system);
    EXPECT_NEAR(c.a, before.a * 1.01, 1e-9);
    EXPECT_NEAR(c.c, before.c * 1.01, 1e-9);
    EXPECT_NEAR(c.beta, before.beta, 1e-9);
  }
  // Noise of a calculation below the tolerance does not hide the symmetry.
  Lattice noisy = cell(4, 4, 9.5, 90, 90, 90);
  noisy[0] += 2e-4, noisy[5] -= 1e-4;
  EXPECT_NEAR(strained(noisy, 3).c, 9.5 * 1.004, 1e-3);
}

int space_group(const Lattice& lattice, const OwnedStructure& structure) {
  double columns[3][3];
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) columns[j][i] = lattice[3 * i + j];
  std::vector<std::array<double, 3>> positions(structure.atomic_number.size());
  for (std::size_t i = 0; i < positions.size(); ++i)
    for (std::size_t k = 0; k < 3; ++k) positions[i][k] = static_cast<double>(structure.frac_coords[3 * i + k]);
  const std::vector<int> types(structure.atomic_number.begin(), structure.atomic_number.end());
  SpglibDataset* found = spg_get_dataset(columns, reinterpret_cast<double(*)[3]>(positions.data()), types.data(), static_cast<int>(types.size()), 2e-3);
  const int number = found ? found->spacegroup_number : 0;
  if (found) spg_free_dataset(found);
  return number;
}

TEST(LatticeStrain, KeepsTheSpaceGroupOfRealCrystals) {
  std::array<double, 6> strain = kStrain;
  for (double& component : strain) component *= 3;  // what spglib's tolerance cannot take for nothing
  std::array<int, 7> crystals{}, deformed{};
  for (const ReferenceStructure& reference : pymatgen_structures()) {
    const int group = space_group(reference.structure.lattice, reference.structure), system = crystal_system_of(group);
    const Lattice changed = strained_lattice(reference.structure.lattice, system, strain);
    EXPECT_EQ(space_group(changed, reference.structure), group) << reference.name;
    double isotropic = 0;
    for (std::size_t i = 0; i < 9; ++i) isotropic = std::max(isotropic, std::abs(changed[i] - (1 + strain[0]) * reference.structure.lattice[i]));
    ++crystals[static_cast<std::size_t>(system)];
    deformed[static_cast<std::size_t>(system)] += isotropic > 1e-6;
  }
  // Nearly every crystal that is not cubic gets strains of its own; a few lattices are more symmetric than their crystals.
  for (std::size_t system = 0; system < 6; ++system) {
    EXPECT_GE(crystals[system], 20) << crystal_system_name(static_cast<int>(system));
    EXPECT_GE(deformed[system], 0.85 * crystals[system]) << crystal_system_name(static_cast<int>(system));
  }
  EXPECT_EQ(deformed[6], 0);
}

TEST(LatticeStrain, ZeroIsTheLatticeItself) {
  const Lattice lattice = turned(cell(4, 5, 6, 80, 95, 107));
  for (int system = -1; system <= 6; ++system) EXPECT_EQ(strained_lattice(lattice, system, {}), lattice);
  EXPECT_THROW(strained_lattice(lattice, 7, {}), ConfigError);
  EXPECT_THROW(strained_lattice(lattice, 0, {0, 0, 0, 0, 0, std::nan("")}), ConfigError);
  EXPECT_THROW(strained_lattice(lattice, 0, {0.6, 0, 0, 0, 0, 0}), ConfigError);
  EXPECT_THROW(strained_lattice(Lattice{}, 3, kStrain), InputError);
}

}  // namespace
}  // namespace xxact::xrd
