// Windows hold the rows of their order, whatever the ranks' speed; gathered rows are those that were chosen.
#include "pipeline/streaming/row_windows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "io/collective_step.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/scratch.hpp"
#include "tests/streaming/streaming_case.hpp"

namespace xxact::streaming {
namespace {

constexpr std::int64_t kRows = 5003, kBlock = 64;

/// A file, a selection, and what is needed to go through its windows.
struct Case {
  explicit Case(const std::string& name, std::int64_t window_blocks)
      : path(write_rows(name, kRows)), whole(io::read_dataset(path)), plan(io::plan_dataset(MPI_COMM_WORLD, path)), host(MPI_COMM_WORLD),
        rows(sampling::RowSelection::where(kRows, [](std::int64_t row) { return row % 10 != 7 && !(row > 640 && row < 900); })),
        order(11, rows, {kBlock, window_blocks}), selected(plan, rows, kBlock, host) {
    visit_blocks(plan, selected.blocks(), {selected.share(), 2}, [&](const io::Dataset& read, std::int64_t block, int) { selected.count(read, block); });
    MPI_Barrier(MPI_COMM_WORLD);
  }
  std::filesystem::path path;
  io::Dataset whole;
  io::DatasetPlan plan;
  io::HostRanks host;
  sampling::RowSelection rows;
  sampling::WindowedOrder order;
  SelectedBlocks selected;
};

/// Goes through windows first .. end - 1 as training does; how many rows were wrong.
std::int64_t wrong_rows(Case& c, std::int64_t first, std::int64_t end, std::chrono::microseconds delay) {
  RowWindows windows(MPI_COMM_WORLD, c.host, c.selected, c.order, first, end);
  std::int64_t wrong = 0;
  for (auto window = first; window < end; ++window) {
    windows.release_before(window);
    const auto epoch = c.order.epoch(window / c.order.windows());
    const auto local = window % c.order.windows();
    const auto& held = windows.wait_for(window);
    wrong += held.size() == epoch.first(local + 1) - epoch.first(local) ? 0 : 1;
    for (auto position = epoch.first(local); position < epoch.first(local + 1); ++position) {
      const auto visit = epoch.visit_at(position);
      wrong += difference(held, visit.place, c.whole, c.rows.row(visit.sample)).empty() ? 0 : 1;
    }
    std::this_thread::sleep_for(delay);
  }
  return wrong;
}

TEST(RowWindows, HoldTheRowsOfTheirOrder) {
  for (const std::int64_t window_blocks : {3, 10, 1000}) {
    Case c("windows.h5", window_blocks);
    EXPECT_EQ(wrong_rows(c, 0, 2 * c.order.windows() + 1, {}), 0) << window_blocks;
    // From the middle of an epoch, as a resumed run does; and ranks that are slower than others.
    EXPECT_EQ(wrong_rows(c, c.order.windows() + 1, 2 * c.order.windows(), std::chrono::milliseconds(io::World().rank)), 0) << window_blocks;
  }
}

TEST(RowWindows, EndWhileTheyAreFilled) {
  Case c("ended.h5", 5);
  RowWindows windows(MPI_COMM_WORLD, c.host, c.selected, c.order, 0, 100);
  windows.wait_for(0);
}

TEST(RowWindows, AFileThatIsCutIsNoticed) {
  Case c("cut.h5", 5);
  if (io::World().rank == 0) std::filesystem::resize_file(c.path, std::filesystem::file_size(c.path) / 2);
  MPI_Barrier(MPI_COMM_WORLD);
  RowWindows windows(MPI_COMM_WORLD, c.host, c.selected, c.order, 0, 100);
  EXPECT_THROW(windows.wait_for(0), InputError);
}

TEST(RowWindows, WhatOneRankMeetsAllRanksAreTold) {
  Case c("changed.h5", 5);
  // A space group that is none, in a block of the second half of window 1, which only one of several ranks reads.
  const auto epoch = c.order.epoch(0);
  const auto block = epoch.blocks(1).back();
  if (io::World().rank == 0) {
    const auto array = std::find_if(c.plan.arrays.begin(), c.plan.arrays.end(), [](const auto& a) { return a.path == "/structures/space_group"; });
    std::fstream file(c.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(array->extents.front().in_file + block * kBlock + 3));
    file.put('\xff');
  }
  MPI_Barrier(MPI_COMM_WORLD);
  RowWindows windows(MPI_COMM_WORLD, c.host, c.selected, c.order, 0, c.order.windows());
  windows.wait_for(0);
  try {
    windows.wait_for(1);
    ADD_FAILURE() << "a row without a space group was accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("/structures/space_group: row 3 is 255"), std::string::npos) << error.what();
  }
  EXPECT_THROW(windows.release_before(1), InputError) << "a rank that asks for no sample learns it too";
}

TEST(GatheredRows, AreThoseThatWereChosen) {
  Case c("gathered.h5", 5);
  const auto gathered = gather_rows(MPI_COMM_WORLD, c.host, c.plan, c.rows, 2);
  ASSERT_EQ(gathered.size(), c.rows.size());
  EXPECT_EQ(gathered.content_hash(), c.whole.content_hash());
  for (std::int64_t k = 0; k < gathered.size(); ++k) ASSERT_EQ(difference(gathered, k, c.whole, c.rows.row(k)), "") << k;
  EXPECT_EQ(gather_rows(MPI_COMM_WORLD, c.host, c.plan, sampling::RowSelection::where(kRows, [](std::int64_t) { return false; }), 1).size(), 0);
}

TEST(GatheredRows, DamageIsToldToEveryRank) {
  Case c("torn.h5", 5);
  if (io::World().rank == 0) std::filesystem::resize_file(c.path, std::filesystem::file_size(c.path) - 1000);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_THROW(gather_rows(MPI_COMM_WORLD, c.host, c.plan, c.rows, 1), InputError);
}

}  // namespace
}  // namespace xxact::streaming
