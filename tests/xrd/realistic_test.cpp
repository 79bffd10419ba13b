// The whole chain of a measurement: nothing drawn changes nothing, and each step is where it belongs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "pipeline/xrd/realistic.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

constexpr int kPoints = 2000;

PatternOptions options() {
  PatternOptions options;
  options.grid = {10, 85, kPoints};
  options.square_root = false;
  return options;
}

PeakShape instrument() {
  PeakShape shape;
  shape.caglioti_w_deg2 = 0.02;
  return shape;
}

std::vector<float> pattern(RealisticSimulator& simulator, const Artefacts& artefacts, std::vector<std::uint8_t>* mask = nullptr, std::span<const float> impurity = {}) {
  const OwnedStructure structure = triclinic();
  std::vector<float> out(kPoints);
  std::vector<std::uint8_t> measured(kPoints);
  simulator.pattern(structure.view(), 0, artefacts, impurity, out, measured);
  if (mask != nullptr) *mask = measured;
  return out;
}

TEST(RealisticPattern, WithoutArtefactsIsTheSumOfItsLines) {
  RealisticSimulator realistic(options(), instrument());
  std::vector<std::uint8_t> mask;
  const auto clean = pattern(realistic, Artefacts{}, &mask);
  EXPECT_EQ(pattern(realistic, draw_artefacts(ArtefactRanges{}, 1, 2, 3, 0)), clean);
  EXPECT_EQ(std::ranges::count(mask, 1), kPoints);
  const OwnedStructure structure = triclinic();
  std::vector<Line> lines;
  Simulator(options()).unscaled_lines(structure.view(), lines);
  std::vector<double> angle, area;
  for (const Line& line : lines) angle.push_back(line.two_theta_deg), area.push_back(line.intensity);
  PeakProfile profile(options().grid, instrument());
  profile.clear();
  profile.add(angle, area);
  std::vector<float> expected(kPoints);
  profile.write_scaled(false, expected);
  // Lists of lines leave out what is below 1e-5 of the strongest.
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(clean[i], expected[i], 1e-4) << i;
}

TEST(RealisticPattern, IsTheSameOnEveryThreadAndDiffersByEpochSampleAndSeed) {
  const auto drawn = [](std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample) {
    RealisticSimulator realistic(options(), instrument());
    return pattern(realistic, draw_artefacts(ArtefactRanges{}, seed, epoch, sample, 1));
  };
  const auto first = drawn(1, 2, 3);
  std::vector<float> other;
  std::jthread([&] { other = drawn(1, 2, 3); }).join();
  EXPECT_EQ(first, other);
  EXPECT_NE(first, drawn(2, 2, 3));
  EXPECT_NE(first, drawn(1, 3, 3));
  EXPECT_NE(first, drawn(1, 2, 4));
  for (const float value : first) ASSERT_TRUE(value >= 0 && value <= 1);
}

TEST(RealisticPattern, ImpurityMissingEndsAndTextureAreApplied) {
  RealisticSimulator realistic(options(), instrument());
  const auto clean = pattern(realistic, Artefacts{});
  std::vector<float> impurity(kPoints, 0.0F);
  const auto empty = static_cast<std::size_t>(std::ranges::min_element(clean) - clean.begin());
  impurity[empty] = 1;
  Artefacts artefacts;
  artefacts.impurity_fraction = 0.25;
  const auto mixed = pattern(realistic, artefacts, nullptr, impurity);
  EXPECT_NEAR(mixed[empty], 0.25F + clean[empty], 1e-6);
  artefacts = Artefacts{};
  artefacts.missing_low_deg = 5;
  std::vector<std::uint8_t> mask;
  const auto cut = pattern(realistic, artefacts, &mask);
  const auto hidden = static_cast<std::size_t>(std::ranges::count(mask, 0));
  EXPECT_NEAR(static_cast<double>(hidden) * options().grid.step_deg(), 5, 2 * options().grid.step_deg());
  EXPECT_TRUE(std::all_of(cut.begin(), cut.begin() + static_cast<std::ptrdiff_t>(hidden), [](float value) { return value == 0; }));
  artefacts = Artefacts{};
  artefacts.texture_r = 0.5;
  EXPECT_NE(pattern(realistic, artefacts), clean);
}

TEST(RealisticPattern, RefusesRoomOfAnotherSize) {
  RealisticSimulator realistic(options(), instrument());
  std::vector<float> out(10);
  std::vector<std::uint8_t> measured(kPoints);
  const OwnedStructure structure = triclinic();
  EXPECT_THROW(realistic.pattern(structure.view(), 0, Artefacts{}, {}, out, measured), ConfigError);
}

// Unmerged reflections add up to the lines.
TEST(Reflections, AddUpToTheLines) {
  for (const ReferenceStructure& reference : textbook_structures()) {
    Simulator simulator(options());
    std::vector<Reflection> reflections;
    std::vector<Line> lines;
    simulator.reflections(reference.structure.view(), reflections);
    simulator.unscaled_lines(reference.structure.view(), lines);
    for (const Line& line : lines) {
      double sum = 0;
      int members = 0;
      bool named = false;
      for (const Reflection& r : reflections) {
        if (std::abs(r.two_theta_deg - line.two_theta_deg) > 2e-5) continue;
        sum += r.intensity;
        members += 2;
        const auto [h, k, l] = r.hkl;
        named = named || (h == line.h && k == line.k && l == line.l) || (h == -line.h && k == -line.k && l == -line.l);
      }
      EXPECT_NEAR(sum, line.intensity, 1e-9 * line.intensity) << reference.name;
      EXPECT_EQ(members, line.multiplicity) << reference.name;
      EXPECT_TRUE(named) << reference.name;
    }
  }
}

}  // namespace
}  // namespace xxact::xrd
