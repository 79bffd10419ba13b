// Many structures on several threads give what one simulator gives for each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "pipeline/xrd/batch_simulator.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

constexpr std::size_t kBroken[] = {3, 100};

/// The reference structures; two of them broken, one without atoms and one with a flat cell.
struct Structures {
  std::vector<ReferenceStructure> reference = pymatgen_structures();
  std::vector<StructureView> views;

  Structures() {
    reference[kBroken[0]].structure = cubic(4);
    reference[kBroken[1]].structure.lattice[8] = std::numeric_limits<double>::quiet_NaN();
    for (const ReferenceStructure& each : reference) views.push_back(each.structure.view());
    // Every thread works out the groups that it meets; that of the identity alone holds for all.
    for (std::size_t i = 0; i < views.size(); i += 2) views[i].laue_code = encode_laue_group({});
  }
};

TEST(BatchSimulator, ThreadsDoNotMatterAndBrokenStructuresStopNoOther) {
  const Structures structures;
  PatternOptions options;
  options.grid.points = 500;
  BatchSimulator one(options, 1), three(options, 3);
  std::vector<float> single(structures.views.size() * 500, -1.0F), several = single;
  const auto failures = one.patterns(structures.views, single), again = three.patterns(structures.views, several);
  EXPECT_EQ(std::memcmp(single.data(), several.data(), single.size() * sizeof(float)), 0);
  ASSERT_EQ(failures.size(), 2U);
  ASSERT_EQ(again.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(failures[i].structure, kBroken[i]);
    EXPECT_EQ(again[i].structure, kBroken[i]);
    EXPECT_EQ(again[i].reason, failures[i].reason);
    EXPECT_TRUE(std::all_of(single.begin() + static_cast<long>(kBroken[i] * 500), single.begin() + static_cast<long>(kBroken[i] * 500 + 500), [](float x) { return x == 0; }));
  }
  Simulator simulator(options);
  std::vector<float> pattern(500);
  simulator.pattern(structures.views[7], 0, pattern);
  EXPECT_TRUE(std::equal(pattern.begin(), pattern.end(), single.begin() + 7 * 500));

  std::vector<std::vector<Line>> lists;
  EXPECT_EQ(three.lines(structures.views, lists).size(), 2U);
  std::vector<Line> list;
  simulator.lines(structures.views[174], list);
  ASSERT_EQ(lists[174].size(), list.size());
  EXPECT_EQ(lists[174].back().intensity, list.back().intensity);
  EXPECT_TRUE(lists[3].empty());
}

TEST(BatchSimulator, WrongRoomAndNoThreadsAreRefused) {
  EXPECT_THROW(BatchSimulator({}, 0), ConfigError);
  const Structures structures;
  std::vector<float> room(10);
  EXPECT_THROW(BatchSimulator({}, 2).patterns(structures.views, room), ConfigError);
  std::vector<float> none;
  EXPECT_TRUE(BatchSimulator({}, 2).patterns({}, none).empty());
}

}  // namespace
}  // namespace xxact::xrd
