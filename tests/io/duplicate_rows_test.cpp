// Equal rows are found whatever rank holds them: compared with a map over all keys on every rank.
#include "io/duplicate_rows.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "io/ingest.hpp"
#include "src/base/counter_random.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

constexpr std::int64_t kRows = 500;

/// Key of row `row`: 120 different ones, the second word alone tells some apart.
RowKey key_of(std::int64_t row) {
  CounterRandom random(5, Purpose::mask, 0, static_cast<std::uint64_t>(row));
  const std::uint64_t which = random.next_u32() % 120;
  return {which / 2, which % 2};
}

TEST(DuplicateRows, AreThoseThatAMapFinds) {
  const World world;
  const std::int64_t first = kRows * world.rank / world.ranks, end = kRows * (world.rank + 1) / world.ranks;
  std::vector<RowKey> keys;
  for (std::int64_t row = first; row < end; ++row) keys.push_back(key_of(row));
  std::map<RowKey, std::int64_t> seen;
  std::vector<DuplicateRow> expected;
  for (std::int64_t row = 0; row < end; ++row) {
    const auto [place, is_new] = seen.emplace(key_of(row), row);
    if (!is_new && row >= first) expected.push_back({row, place->second});
  }
  EXPECT_EQ(find_duplicates(MPI_COMM_WORLD, keys), expected);
}

TEST(DuplicateRows, RanksWithoutRowsTakePart) {
  const World world;
  const bool last = world.rank + 1 == world.ranks;
  const auto found = find_duplicates(MPI_COMM_WORLD, last ? std::vector<RowKey>{{7, 7}, {8, 7}, {7, 7}} : std::vector<RowKey>{});
  if (last) EXPECT_EQ(found, (std::vector<DuplicateRow>{{2, 0}}));
  else EXPECT_TRUE(found.empty());
}

TEST(DuplicateRows, IngestNamesStructuresThatRepeatOthersBitForBit) {
  const auto folder = shared_folder("duplicates");
  if (World().rank == 0) {
    const auto cif = testing_files::rock_salt_cif();
    auto other = cif;
    other.replace(other.find("_cell_length_a"), 14, "_cell_length_a 5.0 #");
    testing_files::write_file(folder / "x.csv", fmt::format("id,space_group_number,cif\na,225,\"{0}\"\nb,225,\"{0}\"\na,225,\"{1}\"\nc,225,\"{0}\"\n", cif, other));
    testing_files::write_file(folder / "y.csv", "id,formula\nd,NaCl\ne,Na2Cl2\nf,KCl\n");
  }
  MPI_Barrier(MPI_COMM_WORLD);
  IngestOptions options;
  options.inputs = {folder / "x.csv", folder / "y.csv"};
  options.output = folder / "x.h5";
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(summary.duplicate_ids, 1);
  EXPECT_EQ(summary.duplicate_contents, 3);
  std::ifstream in(summary.duplicates);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(text, "{\"row\":1,\"id\":\"b\",\"same_as\":0}\n{\"row\":3,\"id\":\"c\",\"same_as\":0}\n{\"row\":5,\"id\":\"e\",\"same_as\":4}\n");
}

}  // namespace
}  // namespace xxact::io
