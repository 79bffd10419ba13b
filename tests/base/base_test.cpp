// Hashes against published vectors, random numbers against their moments, names and numbers of elements.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "src/base/counter_random.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "src/base/laue_code.hpp"
#include "src/base/log.hpp"
#include "src/base/nearest_name.hpp"
#include "src/base/sha256.hpp"
#include "src/base/stop_signals.hpp"
#include "src/base/structure.hpp"

namespace xxact {
namespace {

TEST(Sha256, PublishedVectors) {  // FIPS 180-4 examples
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, ModuloReadsTheDigestAsOneNumber) {
  // python3 -c "import hashlib; print(int(hashlib.sha256(b'8:3 26:2').hexdigest(), 16) % 10)"
  EXPECT_EQ(modulo(sha256("8:3 26:2"), 10), 0U);
}

TEST(CounterRandom, PhiloxKnownAnswer) {  // Random123's kat_vectors: philox4x32-10, counter and key zero
  CounterRandom random(0, static_cast<Purpose>(0), 0, 0);
  EXPECT_EQ(random.next_u32(), 0x6627e8d5U);
  EXPECT_EQ(random.next_u32(), 0xe169c58dU);
  EXPECT_EQ(random.next_u32(), 0xbc57ac4cU);
  EXPECT_EQ(random.next_u32(), 0x9b00dbd8U);
}

TEST(CounterRandom, StreamsAreFunctionsOfTheirKeyAndDiffer) {
  CounterRandom a(1, Purpose::strain, 2, 3), again(1, Purpose::strain, 2, 3);
  EXPECT_EQ(a.next_u64(), again.next_u64());
  std::set<std::uint64_t> firsts;
  for (const auto purpose : {Purpose::strain, Purpose::dropout})
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
      for (std::uint64_t sample = 0; sample < 3; ++sample) firsts.insert(CounterRandom(1, purpose, epoch, sample).next_u64());
  EXPECT_EQ(firsts.size(), 18U);
}

TEST(CounterRandom, MomentsOfUniformAndNormal) {
  CounterRandom random(9, Purpose::bootstrap, 0, 0);
  double uniform = 0, normal = 0, squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double u = random.uniform(), z = random.normal();
    ASSERT_TRUE(u >= 0 && u < 1);
    uniform += u;
    normal += z;
    squares += z * z;
  }
  EXPECT_NEAR(uniform / kCount, 0.5, 5 / std::sqrt(12.0 * kCount));
  EXPECT_NEAR(normal / kCount, 0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0 / kCount));
}

TEST(Elements, SymbolsAndNumbersAreInverse) {
  for (int z = 1; z <= kMaxAtomicNumber; ++z) EXPECT_EQ(atomic_number_of(element_symbol(z)), z);
  EXPECT_EQ(element_symbol(26), "Fe");
  EXPECT_EQ(element_symbol(118), "Og");
  EXPECT_EQ(atomic_number_of("D"), 1);
  EXPECT_FALSE(atomic_number_of("Xx").has_value());
  EXPECT_FALSE(atomic_number_of("fe").has_value());
  EXPECT_EQ(element_symbol(0), "?");
}

TEST(CrystalSystems, FollowTheNumbersOfSpaceGroups) {
  const std::vector<std::pair<int, int>> bounds = {{1, 2}, {3, 15}, {16, 74}, {75, 142}, {143, 167}, {168, 194}, {195, 230}};
  for (std::size_t system = 0; system < bounds.size(); ++system)
    for (int group = bounds[system].first; group <= bounds[system].second; ++group) ASSERT_EQ(crystal_system_of(group), static_cast<int>(system));
  EXPECT_EQ(crystal_system_of(0), -1);
  EXPECT_EQ(crystal_system_of(231), -1);
}

TEST(NearestName, SuggestsWhatWasMeant) {
  const std::vector<std::string> known = {"learning-rate", "seed", "output"};
  EXPECT_EQ(nearest_name("learnig-rate", known), "learning-rate");
  EXPECT_EQ(nearest_name("zzzz", known), "");
}

TEST(StructureArrays, OccupanciesAppearWithTheFirstPartialSite) {
  const std::array<double, 9> lattice = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const std::array<std::uint8_t, 2> z = {1, 8};
  const std::array<float, 6> frac = {0, 0, 0, 0.5F, 0.5F, 0.5F};
  const std::array<float, 2> occupancy = {1, 0.5F};
  StructureArrays arrays;
  arrays.push_back({lattice, z, frac, {}});
  EXPECT_TRUE(arrays[0].occupancy.empty());
  arrays.push_back({lattice, z, frac, occupancy});
  arrays.push_back({lattice, z, frac, {}});
  ASSERT_EQ(arrays.size(), 3U);
  EXPECT_EQ(arrays[0].occupancy_of(1), 1.0F);
  EXPECT_EQ(arrays[1].occupancy_of(1), 0.5F);
  EXPECT_EQ(arrays[2].occupancy_of(1), 1.0F);
  EXPECT_EQ(arrays[2].atoms(), 2U);
}

TEST(LaueCode, TwoRotationsStandForTheirGroup) {
  const Rotation fourfold = {0, -1, 0, 1, 0, 0, 0, 0, 1}, threefold = {0, 0, 1, 1, 0, 0, 0, 1, 0}, mirror = {1, 0, 0, 0, -1, 0, 0, 0, 1};
  EXPECT_EQ(laue_group_of(std::vector{fourfold}).size(), 4U);
  EXPECT_EQ(laue_group_of(std::array{fourfold, mirror}).size(), 8U) << "a mirror counts as the two-fold axis across it";
  const std::vector<Rotation> cubic = laue_group_of(std::array{fourfold, threefold});
  EXPECT_EQ(cubic.size(), 24U);
  const std::uint32_t code = encode_laue_group(cubic);
  EXPECT_EQ(laue_group_of(decode_laue_group(code)), cubic);
  EXPECT_EQ(encode_laue_group(std::array{threefold, mirror, fourfold}), code) << "whatever the generators";
  EXPECT_NE(encode_laue_group({}), kNoLaueCode) << "no rotation but the identity is knowledge too";
  EXPECT_EQ(laue_group_of(decode_laue_group(encode_laue_group({}))).size(), 1U);
  EXPECT_EQ(encode_laue_group(std::vector{Rotation{1, 1, 0, 0, 1, 0, 0, 0, 1}}), kNoLaueCode) << "a shear is no rotation";
  EXPECT_TRUE(laue_group_of(std::vector{Rotation{1000, 999, 0, 1001, 1000, 0, 0, 0, 1}}).empty()) << "grows without end";
  // Mirrors x and y exchange in a cell whose edges were chosen badly: an entry of 2 does not fit.
  const Rotation skewed = {1, 0, 0, 2, -1, 0, 0, 0, -1};
  EXPECT_EQ(laue_group_of(std::vector{skewed}).size(), 2U);
  EXPECT_EQ(encode_laue_group(std::vector{skewed}), kNoLaueCode);
}

TEST(StopSignals, AreHeldUntilAskedForAndReleasedAfterwards) {
  EXPECT_FALSE(stop_requested());
  hold_stop_signals();
  EXPECT_FALSE(stop_requested());
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) {
    kill(getpid(), signal);
    EXPECT_TRUE(stop_requested()) << signal;
    EXPECT_FALSE(stop_requested()) << signal;
  }
  // A thread started meanwhile holds them too; one that did not would be ended by the signal.
  std::jthread([] {
    kill(getpid(), SIGUSR1);
    EXPECT_TRUE(stop_requested());
  }).join();
  release_stop_signals();
  EXPECT_EXIT(kill(getpid(), SIGTERM), ::testing::KilledBySignal(SIGTERM), "");
}

TEST(Log, RefusesUnknownLevels) { EXPECT_THROW(log::parse_level("loud"), ConfigError); }

}  // namespace
}  // namespace xxact
