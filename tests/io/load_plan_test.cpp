// Which datasets fit a node whole, and the windows of those that do not.
#include "io/load_plan.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30U;

TEST(LoadPlan, WhatFitsTheUsableShareIsHeldWhole) {
  const auto plan = plan_load(9 * kGib, 600, 20 * kGib);
  EXPECT_EQ(plan.mode, LoadMode::whole);
  EXPECT_EQ(plan.usable_bytes, 9 * kGib);
  EXPECT_EQ(plan.window_rows, static_cast<std::int64_t>(9 * kGib / 600));
  EXPECT_EQ(plan_load(9 * kGib + 1, 600, 20 * kGib).mode, LoadMode::streamed);
}

TEST(LoadPlan, TwoWindowsFillTheUsableShare) {
  const auto plan = plan_load(1000 * kGib, 512, 100 * kGib, 0.5);
  EXPECT_EQ(plan.mode, LoadMode::streamed);
  EXPECT_EQ(plan.window_rows, static_cast<std::int64_t>(25 * kGib / 512));
}

TEST(LoadPlan, AMachineHasMemoryAndNoMoreThanItsLimit) {
  const auto memory = memory_of_this_machine();
  EXPECT_GT(memory, kGib / 16);
  EXPECT_LE(memory, static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

/// A folder with the files in which a system says what memory it has.
class PretendedSystem {
 public:
  explicit PretendedSystem(const std::string& name) : root_(scratch(name)) {
    std::filesystem::remove_all(root_);
    write("proc/meminfo", "MemTotal:       64000000 kB\nMemFree:         1000000 kB\nMemAvailable:   32000000 kB\n");
  }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::uint64_t available() const { return memory_available(root_); }

 private:
  std::filesystem::path root_;
};

TEST(MemoryAvailable, IsWhatTheSystemSaysWithoutControlGroups) { EXPECT_EQ(PretendedSystem("plain").available(), 32'000'000'000ULL * 128 / 125); }

TEST(MemoryAvailable, IsWhatControlGroupsLeaveAndTheirCacheGivesWay) {
  const PretendedSystem system("groups");
  system.write("proc/self/cgroup", "0::/job/step\n");
  system.write("sys/fs/cgroup/job/memory.max", "8000000000\n");
  system.write("sys/fs/cgroup/job/memory.current", "5000000000\n");
  system.write("sys/fs/cgroup/job/memory.stat", "anon 3500000000\nfile 1500000000\ninactive_file 1200000000\n");
  system.write("sys/fs/cgroup/job/step/memory.max", "max\n");
  system.write("sys/fs/cgroup/job/step/memory.current", "4900000000\n");
  EXPECT_EQ(system.available(), 8'000'000'000U - (5'000'000'000U - 1'200'000'000U));
  system.write("sys/fs/cgroup/job/step/memory.max", "4000000000\n");
  EXPECT_EQ(system.available(), 0U) << "more is used than may be";
}

TEST(MemoryAvailable, IsReadFromTheFirstVersionOfControlGroupsToo) {
  const PretendedSystem system("groups-1");
  system.write("proc/self/cgroup", "5:cpu:/\n4:memory:/job\n");
  system.write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2000000000\n");
  system.write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "700000000\n");
  system.write("sys/fs/cgroup/memory/job/memory.stat", "inactive_file 1\ntotal_inactive_file 200000000\n");
  EXPECT_EQ(system.available(), 1'500'000'000U);
}

TEST(MemoryAvailable, OfThisMachineIsNoMoreThanItHas) {
  EXPECT_GT(memory_available(), kGib / 64);
  EXPECT_LE(memory_available(), memory_of_this_machine());
  const PretendedSystem system("silent");
  system.write("proc/meminfo", "MemTotal: 64000000 kB\n");
  EXPECT_THROW(system.available(), ConfigError);
}

TEST(LoadPlan, OddCasesHaveAPlan) {
  EXPECT_EQ(plan_load(0, 0, kGib).mode, LoadMode::whole);
  EXPECT_EQ(plan_load(0, 0, kGib).window_rows, 0);
  EXPECT_EQ(plan_load(kGib, 1e9, 1000).window_rows, 1);
}

}  // namespace
}  // namespace xxact::io
