// What a made-up structure keeps of its parent: one-to-one elements, space group by spglib, split, distances, volume by radii.
#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "io/close_pairs.hpp"
#include "io/dataset.hpp"
#include "io/ingest.hpp"
#include "io/record_checks.hpp"
#include "io/space_group.hpp"
#include "pipeline/synthesis/oxidation_states.hpp"
#include "pipeline/synthesis/synthesizer.hpp"
#include "tests/io/mpi_world.hpp"

namespace xxact::synthesis {
namespace {

/// The perovskites (cubic and distorted, five atoms) or the Materials Project's sample, split by formula with this seed.
const io::Dataset& parents(const std::string& name, std::optional<std::uint64_t> split_seed = std::nullopt) {
  static std::map<std::string, io::Dataset> known;
  const std::string key = name + (split_seed ? std::to_string(*split_seed) : "");
  if (const auto found = known.find(key); found != known.end()) return found->second;
  io::IngestOptions ingest;
  ingest.inputs = {std::string(XXACT_SOURCE_DIR) + "/data/" + name + ".csv.gz"};
  ingest.output = scratch(key + ".h5");
  ingest.symmetry = io::SymmetryPolicy::none;
  ingest.split_seed = split_seed;
  io::ingest(MPI_COMM_WORLD, ingest);
  return known.emplace(key, io::read_dataset(ingest.output)).first->second;
}

int group_of(const StructureView& s) {
  io::StructureRecord record;
  record.id = "x";
  record.has_structure = true;
  std::copy(s.lattice.begin(), s.lattice.end(), record.lattice.begin());
  for (std::size_t i = 0; i < s.atoms(); ++i)
    record.add_atom(s.atomic_number[i], 0, {s.frac_coords[3 * i], s.frac_coords[3 * i + 1], s.frac_coords[3 * i + 2]}, static_cast<double>(s.occupancy_of(i)));
  io::check_record(record, {});
  return io::find_symmetry(record, 0.1).space_group;
}

TEST(Synthesizer, IsAPureFunctionOfSeedAndIndex) {
  const Synthesizer one(parents("mp20"), {.seed = 7}), again(parents("mp20"), {.seed = 7}), other(parents("mp20"), {.seed = 8});
  SynthesizedStructure a, b;
  int different = 0;
  for (int i = 0; i < 200; ++i) {
    one.make(i, a);
    again.make(199 - i, b);
    again.make(i, b);
    EXPECT_EQ(a.lattice, b.lattice);
    EXPECT_EQ(a.atomic_number, b.atomic_number);
    other.make(i, b);
    different += a.lattice != b.lattice;
  }
  EXPECT_EQ(different, 200);
}

TEST(Synthesizer, ElementsChangeOneToOneIntoSimilarOnes) {
  const io::Dataset& from = parents("mp20");
  const Synthesizer synthesizer(from, {.seed = 1});
  SynthesizedStructure made;
  int changed = 0;
  for (int i = 0; i < 5000; ++i) {
    synthesizer.make(i, made);
    const StructureView parent = from.structure(made.parent);
    std::map<int, int> there, back;
    for (std::size_t atom = 0; atom < parent.atoms(); ++atom) {
      const int z = parent.atomic_number[atom], to = made.atomic_number[atom];
      EXPECT_EQ(there.try_emplace(z, to).first->second, to);
      EXPECT_EQ(back.try_emplace(to, z).first->second, z);
      if (z == to) continue;
      EXPECT_NE(common_oxidation_states(z) & common_oxidation_states(to), 0) << z << " became " << to;
      EXPECT_TRUE(exchangeable_elements()[static_cast<std::size_t>(to)]) << to;
    }
    changed += !std::ranges::equal(parent.atomic_number, made.atomic_number);
    EXPECT_EQ(from.split()[static_cast<std::size_t>(made.parent)], 0);
  }
  EXPECT_GT(changed, 4000);
}

TEST(Synthesizer, VolumeFollowsTheCubesOfTheRadii) {
  const io::Dataset& from = parents("mp20");
  const Synthesizer synthesizer(from, {.seed = 2, .strain = 0});
  SynthesizedStructure made;
  for (int i = 0; i < 500; ++i) {
    synthesizer.make(i, made);
    const StructureView parent = from.structure(made.parent);
    double before = 0, after = 0;
    for (std::size_t atom = 0; atom < parent.atoms(); ++atom) {
      before += std::pow(covalent_radius(parent.atomic_number[atom]), 3);
      after += std::pow(covalent_radius(made.atomic_number[atom]), 3);
    }
    EXPECT_NEAR(io::plane_spacings(made.lattice).volume / io::plane_spacings(parent.lattice).volume, after / before, 1e-9 * after / before);
  }
}

TEST(Synthesizer, StrainStaysWithinItsBound) {
  const io::Dataset& from = parents("mp20");
  const Synthesizer strained(from, {.seed = 3, .strain = 0.02});
  const Synthesizer still(from, {.seed = 3, .strain = 0});
  SynthesizedStructure a, b;
  int moved = 0;
  for (int i = 0; i < 500; ++i) {
    strained.make(i, a);
    still.make(i, b);
    ASSERT_EQ(a.parent, b.parent);
    for (std::size_t v = 0; v < 3; ++v) {
      const double ratio = std::hypot(a.lattice[3 * v], a.lattice[3 * v + 1], a.lattice[3 * v + 2]) / std::hypot(b.lattice[3 * v], b.lattice[3 * v + 1], b.lattice[3 * v + 2]);
      EXPECT_NEAR(ratio, 1, 0.061);
      moved += std::abs(ratio - 1) > 0.002;
    }
  }
  EXPECT_GT(moved, 750);
}

TEST(Synthesizer, SpglibFindsTheGroupAsOftenAsForTheParents) {
  const io::Dataset& from = parents("mp20");
  const Synthesizer synthesizer(from, {.seed = 4});
  SynthesizedStructure made;
  int parents_agree = 0, made_agree = 0;
  for (int i = 0; i < 400; ++i) {
    synthesizer.make(i, made);
    const int given = from.space_group()[static_cast<std::size_t>(made.parent)];
    parents_agree += group_of(from.structure(made.parent)) == given;
    made_agree += group_of(synthesizer.view(made)) == given;
  }
  EXPECT_GT(parents_agree, 350);
  EXPECT_NEAR(made_agree, parents_agree, 8) << "of 400";
}

/// The split of a whole-number formula by the documented rule, from the atoms alone.
bool trains(const StructureView& s, std::optional<std::uint64_t> seed) {
  std::map<std::uint8_t, double> count;
  for (const std::uint8_t z : s.atomic_number) count[z] += 1;
  std::vector<io::ElementAmount> formula;
  for (const auto& [z, amount] : count) formula.push_back({z, amount});
  return io::split_of(io::reduced_formula(formula), seed) == io::Split::train;
}

TEST(Synthesizer, HeldOutFormulasAndCloseAtomsNeverComeOut) {
  for (const std::optional<std::uint64_t> seed : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(11)}) {
    const Synthesizer synthesizer(parents("perovskites", seed), {.seed = 5, .all_elements = true});
    SynthesizedStructure made;
    for (int i = 0; i < 3000; ++i) {
      synthesizer.make(i, made);
      const StructureView s = synthesizer.view(made);
      EXPECT_TRUE(trains(s, seed)) << i;
      const std::vector<double> frac(s.frac_coords.begin(), s.frac_coords.end());
      EXPECT_TRUE(io::close_pairs(s.lattice, frac, io::kClosestAtoms, 1).empty()) << i;
    }
  }
}

TEST(Synthesizer, WordsOfASplitGiveItsRule) {
  for (const std::optional<std::uint64_t> seed : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0), std::optional<std::uint64_t>(~0ULL)}) {
    const auto rule = io::formula_split_of(io::split_rule(seed));
    ASSERT_TRUE(rule.has_value());
    EXPECT_EQ(rule->seed, seed);
  }
  EXPECT_FALSE(io::formula_split_of("published split, given at ingest"));
  EXPECT_FALSE(io::formula_split_of("SHA-256 of the seed x"));
}

}  // namespace
}  // namespace xxact::synthesis
