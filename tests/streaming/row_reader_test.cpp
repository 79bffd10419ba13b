// Rows that are read part by part are those of the whole, and what is wrong with them is found in the part where it is.
#include "io/row_reader.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "pipeline/streaming/row_pass.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/scratch.hpp"
#include "tests/streaming/streaming_case.hpp"

namespace xxact::streaming {
namespace {

constexpr std::int64_t kRows = 3001;

/// Collective on the world. Overwrites bytes of an array, from one of its entries on, once all ranks are done with what was there.
void overwrite(const io::DatasetPlan& plan, const std::string& array, std::int64_t entry, const void* bytes, std::size_t count) {
  MPI_Barrier(MPI_COMM_WORLD);
  if (io::World().rank == 0) {
    const auto found = std::find_if(plan.arrays.begin(), plan.arrays.end(), [&](const auto& a) { return a.path == array; });
    std::fstream file(plan.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(found->extents.front().in_file + static_cast<std::size_t>(entry) * found->spec.row_bytes()));
    file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

std::string message_of(const io::DatasetPlan& plan, std::int64_t first, std::int64_t end) {
  try {
    io::RowReader(plan).read(first, end);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RowReader, ReadsTheRowsOfTheWhole) {
  const auto path = write_rows("parts.h5", kRows);
  const auto whole = io::read_dataset(path);
  const auto plan = io::plan_dataset(path);
  io::RowReader reader(plan);
  for (const auto& [first, end] : std::vector<std::array<std::int64_t, 2>>{{0, 1}, {0, kRows}, {kRows - 1, kRows}, {17, 18}, {1000, 2345}, {3, 4}}) {
    const auto& part = reader.read(first, end);
    ASSERT_EQ(part.size(), end - first);
    std::int64_t structures = 0;
    for (auto row = first; row < end; ++row) {
      ASSERT_EQ(difference(part, row - first, whole, row), "") << row << " of " << first << " to " << end;
      structures += whole.has_structure(row) ? 1 : 0;
    }
    EXPECT_EQ(part.structures(), structures);
  }
}

TEST(RowReader, CompressedFilesAreRefusedWithTheWayOut) {
  const auto plan = io::plan_dataset(write_rows("compressed.h5", kRows, 4));
  const auto message = message_of(plan, 0, 1);
  EXPECT_NE(message.find("--compress 0"), std::string::npos) << message;
}

TEST(RowReader, DamageIsNamedWhereItIs) {
  const auto path = write_rows("wrong.h5", kRows);
  const auto plan = io::plan_dataset(path);
  const std::uint8_t element = 200;
  overwrite(plan, "/structures/space_group", 1234, &element, 1);
  EXPECT_EQ(message_of(plan, 0, 1234), "accepted");
  EXPECT_EQ(message_of(plan, 1200, 1300), "accepted") << "200 is a space group";
  const std::uint8_t beyond = 231;
  overwrite(plan, "/structures/space_group", 1234, &beyond, 1);
  EXPECT_EQ(message_of(plan, 1200, 1300), path.string() + ": /structures/space_group: row 34 is 231, which means nothing (counted from row 1200 and its first atom)");
  EXPECT_EQ(message_of(plan, 1235, 1300), "accepted");
}

TEST(RowReader, FalseOffsetsNeverLeadOutOfTheArrays) {
  const auto path = write_rows("offsets.h5", kRows);
  const auto plan = io::plan_dataset(path);
  const std::int64_t huge = std::int64_t{1} << 60, negative = -1;
  overwrite(plan, "/structures/atom_offset", 2000, &huge, sizeof huge);
  EXPECT_NE(message_of(plan, 1990, 2000).find("/structures/atom_offset: rows 1990 to 1999 are said to be entries"), std::string::npos) << message_of(plan, 1990, 2000);
  EXPECT_NE(message_of(plan, 1990, 2010).find("falls from 1152921504606846976 to"), std::string::npos) << message_of(plan, 1990, 2010);
  overwrite(plan, "/structures/atom_offset", 2000, &negative, sizeof negative);
  EXPECT_NE(message_of(plan, 1990, 2010).find("/structures/atom_offset: falls from"), std::string::npos) << message_of(plan, 1990, 2010);
  EXPECT_NE(message_of(plan, 2000, 2010).find("are said to be entries -1 to"), std::string::npos) << message_of(plan, 2000, 2010);
}

TEST(RowPass, VisitsTheWantedBlocksOfAllSharesOnce) {
  const auto path = write_rows("pass.h5", kRows);
  const auto whole = io::read_dataset(path);
  const auto plan = io::plan_dataset(path);
  const Blocks blocks{kRows, 128};
  for (const int threads : {1, 3}) {
    std::vector<int> seen(static_cast<std::size_t>(kRows), 0);
    std::mutex mutex;
    for (std::int64_t share = 0; share < 4; ++share)
      visit_blocks(plan, blocks, {{share, 4}, threads, [](std::int64_t block) { return block != 5; }}, [&](const io::Dataset& rows, std::int64_t block, int) {
        const std::lock_guard lock(mutex);
        for (std::int64_t i = 0; i < rows.size(); ++i) {
          ++seen[static_cast<std::size_t>(blocks.first(block) + i)];
          EXPECT_EQ(rows.id(i), whole.id(blocks.first(block) + i));
        }
      });
    for (std::int64_t row = 0; row < kRows; ++row) ASSERT_EQ(seen[static_cast<std::size_t>(row)], row / 128 == 5 ? 0 : 1) << row;
  }
}

TEST(RowPass, ThrowsWhatTheFirstBlockThrew) {
  const auto plan = io::plan_dataset(write_rows("thrown.h5", kRows));
  const auto visit = [](const io::Dataset&, std::int64_t block, int) {
    if (block % 10 == 7) throw InputError("block {}", block);
  };
  try {
    visit_blocks(plan, {kRows, 128}, {{}, 2}, visit);
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "block 7");
  }
}

}  // namespace
}  // namespace xxact::streaming
