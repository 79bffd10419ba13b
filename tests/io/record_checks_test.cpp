// The contract of structures: what is merged, what is rejected and why. The pair search is compared with brute force.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "io/close_pairs.hpp"
#include "io/record_checks.hpp"
#include "io/species_symbol.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

StructureRecord cube(double a) {
  StructureRecord record;
  record.id = "cube";
  record.has_structure = true;
  record.lattice = {a, 0, 0, 0, a, 0, 0, 0, a};
  return record;
}

void add(StructureRecord& record, const char* symbol, std::array<double, 3> frac, double occupancy = 1.0) {
  const Species species = species_of_symbol(symbol);
  record.add_atom(species.atomic_number, species.code, frac, occupancy);
}

std::string reason(StructureRecord record, std::size_t max_atoms = 1000) {
  try {
    check_record(record, {max_atoms});
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(RecordChecks, MergesOneSiteWrittenTwice) {
  auto record = cube(5);
  add(record, "Na", {0, 0, 0});
  add(record, "Cl", {0.5, 0.5, 0.5});
  add(record, "Na", {1.0, 0.0001, 0});  // 5e-4 A from the image of the first
  check_record(record, {});
  EXPECT_EQ(record.atomic_number, (std::vector<std::uint8_t>{11, 17}));
  EXPECT_EQ(record.site, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(record.frac_coords.size(), 6U);
}

TEST(RecordChecks, AddsValencesOfOneElement) {
  auto record = cube(5);
  add(record, "Fe2+", {0, 0, 0}, 0.5);
  add(record, "Fe3+", {0, 0, 0}, 0.3);
  add(record, "Mn", {0, 0, 0}, 0.2);
  check_record(record, {});
  EXPECT_EQ(record.atomic_number, (std::vector<std::uint8_t>{26, 25}));
  EXPECT_DOUBLE_EQ(record.occupancy[0], 0.8);
  EXPECT_EQ(record.site, (std::vector<std::uint32_t>{0, 0}));
}

TEST(RecordChecks, RejectsOverfullSites) {
  auto record = cube(5);
  add(record, "Fe", {0, 0, 0}, 0.6);
  add(record, "Mn", {0, 0, 0}, 0.5);
  EXPECT_TRUE(says(reason(record), "total occupancy of 1.1"));
  auto valences = cube(5);
  add(valences, "Fe2+", {0, 0, 0}, 0.6);
  add(valences, "Fe3+", {0, 0, 0}, 0.5);
  EXPECT_TRUE(says(reason(valences), "total occupancy of 1.1"));
  auto rounded = cube(5);
  for (const char* symbol : {"Fe", "Mn", "Co"}) add(rounded, symbol, {0, 0, 0}, 0.3334);
  EXPECT_EQ(reason(rounded), "accepted");
}

TEST(RecordChecks, RejectsCloseAtomsThroughTheCellBoundary) {
  auto record = cube(5);
  add(record, "Fe", {0.01, 0.5, 0.5});
  add(record, "O", {0.98, 0.5, 0.5});
  EXPECT_TRUE(says(reason(record), "Fe (atom 1) and O (atom 2) are 0.150 angstrom apart"));
  record.frac_coords[3] = 0.9;  // 0.55 A
  EXPECT_EQ(reason(record), "accepted");
}

TEST(RecordChecks, RejectsImpossibleCells) {
  auto record = cube(5);
  add(record, "Fe", {0, 0, 0});
  EXPECT_EQ(reason(record), "accepted");
  auto broken = record;
  broken.lattice[4] = NAN;
  EXPECT_TRUE(says(reason(broken), "lattice is not finite"));
  broken.lattice = {5, 0, 0, 5, 0, 0, 0, 0, 5};
  EXPECT_TRUE(says(reason(broken), "cell volume is 0"));
  broken.lattice = {5, 0, 0, 0, 5, 0, 0, 0, 0.3};
  EXPECT_TRUE(says(reason(broken), "planes are 0.3 angstrom apart"));
  broken.lattice = {5000, 0, 0, 0, 5, 0, 0, 0, 5};
  EXPECT_TRUE(says(reason(broken), "longer than 1000"));
}

TEST(RecordChecks, RejectsBadAtomsAndIds) {
  auto record = cube(5);
  EXPECT_TRUE(says(reason(record), "no atoms"));
  add(record, "Fe", {0, 0, 0});
  for (const double occupancy : {0.0, -0.5, 1.5, static_cast<double>(NAN)}) {
    record.occupancy[0] = occupancy;
    EXPECT_TRUE(says(reason(record), "not in (0, 1]")) << occupancy;
  }
  record.occupancy[0] = 1;
  record.frac_coords[1] = INFINITY;
  EXPECT_TRUE(says(reason(record), "coordinate y of Fe (atom 1)"));
  record.frac_coords[1] = 0;
  record.id = std::string(65, 'x');
  EXPECT_TRUE(says(reason(record), "longer than 64 bytes"));
  record.id = std::string(64, 'x');
  EXPECT_EQ(reason(record), "accepted");
  record.id = "\xFF\xFE";
  EXPECT_TRUE(says(reason(record), "not UTF-8"));
  record.id = "a\nb";
  EXPECT_TRUE(says(reason(record), "control characters"));
  record.id = "";
  EXPECT_TRUE(says(reason(record), "empty"));
}

TEST(RecordChecks, CountsAtomsAfterMerging) {
  auto record = cube(5);
  for (int i = 0; i < 4; ++i) add(record, "Fe", {0.25 * i, 0, 0});
  for (int i = 0; i < 4; ++i) add(record, "Fe", {0.25 * i, 0, 0});
  EXPECT_EQ(reason(record, 4), "accepted");
  EXPECT_EQ(reason(record, 3), "4 atoms, more than 3");
  EXPECT_EQ(reason(record, 1), "8 atoms, more than 1");
}

TEST(RecordChecks, AThousandAtomsOnOnePlaceAreRejectedNotCounted) {
  auto record = cube(5);
  for (int i = 0; i < 1000; ++i) add(record, i % 2 ? "Fe" : "O", {0.1 + 1e-3 * i / 1000, 0.1, 0.1});
  EXPECT_TRUE(says(reason(record), "pairs of atoms are closer"));
}

TEST(ClosePairs, AgreeWithBruteForceInSkewedCells) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (int trial = 0; trial < 60; ++trial) {
    std::array<double, 9> lattice{};
    const double size = trial % 3 == 0 ? 1.2 : 4.0;  // small cells: the cutoff reaches around
    for (double& x : lattice) x = size * uniform(random);
    const PlaneSpacings spacings = plane_spacings(lattice);
    if (std::min({spacings.along[0], spacings.along[1], spacings.along[2]}) < 0.5) continue;
    std::vector<double> frac(3 * 40);
    for (double& x : frac) x = 2 * uniform(random);
    std::set<std::pair<std::uint32_t, std::uint32_t>> expected, found;
    for (std::uint32_t i = 0; i < 40; ++i)
      for (std::uint32_t j = i + 1; j < 40; ++j) {
        double best = 1e9;
        for (int a = -8; a <= 8; ++a)
          for (int b = -8; b <= 8; ++b)
            for (int c = -8; c <= 8; ++c) {
              const double f[3] = {frac[3 * i] - frac[3 * j] + a, frac[3 * i + 1] - frac[3 * j + 1] + b, frac[3 * i + 2] - frac[3 * j + 2] + c};
              double square = 0;
              for (std::size_t x = 0; x < 3; ++x) square += std::pow(f[0] * lattice[x] + f[1] * lattice[3 + x] + f[2] * lattice[6 + x], 2);
              best = std::min(best, square);
            }
        if (best < 0.25) expected.emplace(i, j);
      }
    for (const ClosePair& pair : close_pairs(lattice, frac, 0.5, 100000)) EXPECT_TRUE(found.emplace(pair.first, pair.second).second) << "met twice";
    EXPECT_EQ(found, expected) << "trial " << trial;
  }
}

}  // namespace
}  // namespace xxact::io
