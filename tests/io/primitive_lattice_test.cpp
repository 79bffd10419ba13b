// The lattice of a structure, whatever cell it is written in. Oracles: closed forms of centred cells, spglib's primitive cells of real structures.
#include "io/primitive_lattice.hpp"

#include <gtest/gtest.h>
#include <spglib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include "io/read_structures.hpp"

namespace xxact::io {
namespace {

struct Crystal {
  std::array<double, 9> lattice{};
  std::vector<std::uint8_t> element;
  std::vector<float> frac;

  StructureView view() const { return {lattice, element, frac, {}}; }
};

Crystal cubic(double a, const std::vector<std::array<float, 3>>& places) {
  Crystal crystal{{a, 0, 0, 0, a, 0, 0, 0, a}, {}, {}};
  for (const auto& place : places) {
    crystal.element.push_back(29);
    crystal.frac.insert(crystal.frac.end(), place.begin(), place.end());
  }
  return crystal;
}

void expect_lattice(const Crystal& crystal, std::array<double, 3> length, double volume) {
  const auto found = primitive_lattice(crystal.view());
  ASSERT_TRUE(found);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(found->length[i], length[i], 1e-5) << i;
  EXPECT_NEAR(found->volume, volume, 1e-5 * volume);
}

TEST(PrimitiveLattice, CentredCellsHaveShorterTranslations) {
  const double face = 4 / std::sqrt(2.0), body = 2 * std::sqrt(3.0);
  expect_lattice(cubic(4, {{0, 0, 0}}), {4, 4, 4}, 64);
  expect_lattice(cubic(4, {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}}), {face, face, face}, 16);
  expect_lattice(cubic(4, {{0.1F, 0.2F, 0.3F}, {0.6F, 0.7F, 0.8F}}), {body, body, body}, 32);
  auto ordered = cubic(4, {{0, 0, 0}, {0.5, 0.5, 0.5}});
  ordered.element[1] = 30;  // of CsCl's kind
  expect_lattice(ordered, {4, 4, 4}, 64);
  const float nearly = 0.5F + 0.02F / 4;  // twice the tolerance
  expect_lattice(cubic(4, {{0, 0, 0}, {0.5, 0.5, nearly}}), {4, 4, 4}, 64);
}

TEST(PrimitiveLattice, TranslationsAreAGroupOrNone) {
  // Three quarters and a half hold within 0.01 angstrom, one quarter does not.
  const float off = 0.25F + 0.0075F / 12;
  expect_lattice(cubic(12, {{0, 0, 0}, {off, 0, 0}, {0.5, 0, 0}, {0.75, 0, 0}}), {12, 12, 12}, 1728);
  expect_lattice(cubic(12, {{0, 0, 0}, {0.25, 0, 0}, {0.5, 0, 0}, {0.75, 0, 0}}), {3, 12, 12}, 432);
}

TEST(PrimitiveLattice, SitesOfAnotherOccupancyAreOthers) {
  const auto crystal = cubic(4, {{0, 0, 0}, {0.5, 0.5, 0.5}});
  const std::vector<float> half = {1, 0.5F}, full = {1, 1};
  const auto volume = [&](const std::vector<float>& occupancy) { return primitive_lattice({crystal.lattice, crystal.element, crystal.frac, occupancy})->volume; };
  EXPECT_NEAR(volume(full), 32, 1e-4);
  EXPECT_NEAR(volume(half), 64, 1e-4);
}

TEST(PrimitiveLattice, TheSameCrystalInAnotherCellHasTheSameLattice) {
  // a, b + 3 a, c - 2 b of a monoclinic cell, then twice as long a first vector with two atoms.
  Crystal plain{{3, 0, 0, 0, 5, 0, -1, 0, 7}, {14}, {0.3F, 0.4F, 0.5F}};
  const auto want = primitive_lattice(plain.view());
  ASSERT_TRUE(want);
  EXPECT_NEAR(want->volume, 105, 1e-4);
  Crystal sheared = plain;
  sheared.lattice = {3, 0, 0, 9, 5, 0, -1, -10, 7};
  expect_lattice(sheared, want->length, want->volume);
  Crystal longer{{6, 0, 0, 9, 5, 0, -1, -10, 7}, {14, 14}, {0.1F, 0.4F, 0.5F, 0.6F, 0.4F, 0.5F}};
  expect_lattice(longer, want->length, want->volume);
}

TEST(PrimitiveLattice, NothingFollowsFromNothing) {
  EXPECT_FALSE(primitive_lattice(Crystal{}.view()));
  EXPECT_FALSE(primitive_lattice(Crystal{{1, 0, 0, 2, 0, 0, 0, 0, 1}, {1}, {0, 0, 0}}.view()));
}

/// spglib's primitive cell, reduced.
std::optional<PrimitiveLattice> by_spglib(const StructureView& structure) {
  double lattice[3][3];
  std::vector<double> frac(structure.frac_coords.begin(), structure.frac_coords.end());
  std::vector<int> type(structure.atomic_number.begin(), structure.atomic_number.end());
  for (std::size_t v = 0; v < 3; ++v)
    for (std::size_t x = 0; x < 3; ++x) lattice[x][v] = structure.lattice[3 * v + x];
  if (spg_find_primitive(lattice, reinterpret_cast<double(*)[3]>(frac.data()), type.data(), static_cast<int>(type.size()), kTranslationDistance) == 0 || spg_niggli_reduce(lattice, 1e-5) == 0) return std::nullopt;
  PrimitiveLattice out;
  for (std::size_t v = 0; v < 3; ++v) out.length[v] = std::hypot(lattice[0][v], lattice[1][v], lattice[2][v]);
  std::ranges::sort(out.length);
  const auto minor = [&](std::size_t a, std::size_t b) { return lattice[1][a] * lattice[2][b] - lattice[2][a] * lattice[1][b]; };
  out.volume = std::abs(lattice[0][0] * minor(1, 2) - lattice[0][1] * minor(0, 2) + lattice[0][2] * minor(0, 1));
  return out;
}

TEST(PrimitiveLattice, IsThatOfSpglibForRealStructures) {
  const auto folder = std::filesystem::path(XXACT_SOURCE_DIR) / "data";
  int compared = 0;
  for (const auto& named : read_structures(folder / "mp20.csv.gz")) {
    const auto view = named.view();
    if (++compared > 1500) break;
    // Doubled, so that there is something to find in each.
    Crystal twice;
    std::ranges::copy(view.lattice, twice.lattice.begin());
    for (std::size_t x = 0; x < 3; ++x) twice.lattice[3 + x] *= 2;
    for (std::size_t i = 0; i < 2 * view.atoms(); ++i) {
      const auto atom = i % view.atoms();
      twice.element.push_back(view.atomic_number[atom]);
      for (std::size_t x = 0; x < 3; ++x) twice.frac.push_back(x == 1 ? (view.frac_coords[3 * atom + 1] + (i == atom ? 0.0F : 1.0F)) / 2 : view.frac_coords[3 * atom + x]);
    }
    const auto want = by_spglib(view), found = primitive_lattice(twice.view());
    if (!want) continue;
    ASSERT_TRUE(found) << named.id;
    // spglib moves a primitive cell's vectors to fit all atoms; ours lie between two of them.
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(found->length[i], want->length[i], 2 * kTranslationDistance) << named.id << " " << i;
    EXPECT_NEAR(found->volume / want->volume, 1, 0.01) << named.id;
    const auto direct = primitive_lattice(view);
    ASSERT_TRUE(direct) << named.id;
    EXPECT_NEAR(direct->volume / want->volume, 1, 0.01) << named.id;
  }
  EXPECT_GT(compared, 1000);
}

}  // namespace
}  // namespace xxact::io
