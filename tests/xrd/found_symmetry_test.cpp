// Symmetry as ingest finds it: real structures give the same lines with it as without.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <vector>

#include "io/ingest.hpp"
#include "io/space_group.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

io::StructureRecord record_of(const OwnedStructure& structure) {
  io::StructureRecord record;
  record.has_structure = true;
  record.lattice = structure.lattice;
  for (std::size_t a = 0; a < structure.atomic_number.size(); ++a)
    record.add_atom(structure.atomic_number[a], 0, {structure.frac_coords[3 * a], structure.frac_coords[3 * a + 1], structure.frac_coords[3 * a + 2]},
                    structure.occupancy.empty() ? 1.0 : structure.occupancy[a]);
  record.site.resize(record.atoms());
  std::iota(record.site.begin(), record.site.end(), 0U);
  return record;
}

TEST(FoundSymmetry, LinesOfRealStructuresAreThoseOfAllReflections) {
  Simulator simulator(PatternOptions{});
  std::size_t reduced_structures = 0, rotations = 0;
  double worst_intensity = 0, worst_angle = 0;
  for (const ReferenceStructure& reference : pymatgen_structures()) {
    StructureView view = reference.structure.view();
    const io::Symmetry symmetry = io::find_symmetry(record_of(reference.structure), io::IngestOptions().symprec);
    std::vector<Line> all, reduced;
    simulator.unscaled_lines(view, all);
    view.laue_code = symmetry.laue_code;
    simulator.unscaled_lines(view, reduced);
    if (view.laue_code == kNoLaueCode) continue;
    const std::size_t order = laue_group_of(decode_laue_group(view.laue_code)).size();
    reduced_structures += order > 1 ? 1 : 0;
    rotations += order;
    // Under a narrow window, since weak lines may be dropped in one list alone, and a line of a lattice that is symmetric
    // but for rounding may be two with all reflections.
    const double percent = std::ranges::max_element(reduced, {}, &Line::intensity)->intensity / 100;
    for (const Line& line : all) {
      const auto near = [&](const std::vector<Line>& lines) {
        double sum = 0;
        for (const Line& other : lines) sum += other.intensity * std::exp(-std::pow((other.two_theta_deg - line.two_theta_deg) / 0.02, 2));
        return sum;
      };
      worst_intensity = std::max(worst_intensity, std::abs(near(all) - near(reduced)) / percent);
      if (line.intensity < 0.1 * percent) continue;
      double apart = 1;
      for (const Line& other : reduced) apart = std::min(apart, std::abs(other.two_theta_deg - line.two_theta_deg));
      worst_angle = std::max(worst_angle, apart);
    }
  }
  std::cout << reduced_structures << " of 175 structures have symmetry, " << rotations << " rotations; worst " << worst_angle << " degrees, " << worst_intensity << " of 100\n";
  EXPECT_GT(reduced_structures, 140U) << "triclinic ones have none";
  EXPECT_LT(worst_intensity, 0.003);
  EXPECT_LT(worst_angle, 3e-5);
}

TEST(FoundSymmetry, OnlyWhatHoldsCounts) {
  OwnedStructure structure = cubic(4);
  structure.add(56, 0, 0, 0), structure.add(22, 0.5, 0.5, 0.5);
  structure.add(8, 0.5, 0.5, 0), structure.add(8, 0.5, 0, 0.5), structure.add(8, 0, 0.5, 0.5);
  const auto order = [&] { return laue_group_of(decode_laue_group(io::find_symmetry(record_of(structure), 0.01).laue_code)).size(); };
  EXPECT_EQ(order(), 24U);
  structure.frac_coords[5] = 0.501F;  // 0.004 angstrom along c: still cubic for spglib, but not to 1e-4
  EXPECT_EQ(io::find_symmetry(record_of(structure), 0.01).space_group, 221);
  EXPECT_EQ(order(), 8U) << "4mm is left, of the Laue class 4/mmm";
  structure.frac_coords[5] = 0.5F;
  structure.occupancy = {1, 1, 0.5004F, 0.4996F, 0.4996F};  // alike for spglib
  EXPECT_EQ(order(), 8U);
  structure.occupancy.clear();
  structure.lattice[8] = 4.0001;
  EXPECT_EQ(order(), 8U) << "the lattice is tetragonal";
}

}  // namespace
}  // namespace xxact::xrd
