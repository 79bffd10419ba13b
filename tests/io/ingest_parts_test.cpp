// An ingest that was interrupted goes on behind its parts, with any number of ranks, to the file that it would have made at once.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "io/dataset.hpp"
#include "io/ingest.hpp"
#include "io/source_pass.hpp"
#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

namespace fs = std::filesystem;

/// Three sources with rejects among them, one compressed, one that breaks off.
std::vector<fs::path> write_sources(const fs::path& folder) {
  std::string formulas = "id,formula,target\n", more = formulas;
  for (int i = 0; i < 700; ++i) formulas += fmt::format("f{},{}{}O{},{}\n", i, i % 31 == 7 ? "Xx" : "Fe", i % 5 + 1, i % 7 + 1, 0.01 * i);
  for (int i = 0; i < 300; ++i) more += fmt::format("g{},Na{}Cl,{}\n", i, i % 9 + 1, -0.01 * i);
  testing_files::write_file(folder / "a.csv", formulas);
  testing_files::write_file(folder / "b.csv.gz", testing_files::gzip(more));
  const auto whole = testing_files::gzip(formulas);
  testing_files::write_file(folder / "cut.csv.gz", whole.substr(0, whole.size() / 2));
  return {folder / "a.csv", folder / "b.csv.gz", folder / "cut.csv.gz"};
}

IngestOptions options_for(const std::vector<fs::path>& inputs, const fs::path& output) {
  IngestOptions options;
  options.inputs = inputs;
  options.output = output;
  options.symmetry = SymmetryPolicy::none;
  options.parts.rows = 40;
  return options;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Parts of a run that had many small ones and was interrupted: leaves the sources of a real ingest in the folder.
std::vector<fs::path> make_parts(MPI_Comm comm, const IngestOptions& options, const fs::path& keep) {
  // The dataset cannot be written where a folder has its name, so the ingest fails behind its parts.
  fs::create_directories(options.output);
  EXPECT_THROW(ingest(comm, options), IoError);
  fs::remove_all(options.output);
  std::vector<fs::path> parts;
  fs::create_directories(keep);
  for (const auto& entry : fs::directory_iterator(options.output.string() + ".parts")) parts.push_back(entry.path());
  std::sort(parts.begin(), parts.end());
  return parts;
}

TEST(IngestParts, AnyPartsThatAreLeftLeadToTheSameDataset) {
  const World world;
  const auto folder = shared_folder("resume");
  if (world.rank == 0) write_sources(folder);
  MPI_Barrier(MPI_COMM_WORLD);
  const std::vector<fs::path> inputs = {folder / "a.csv", folder / "b.csv.gz", folder / "cut.csv.gz"};
  const IngestSummary at_once = ingest(MPI_COMM_WORLD, options_for(inputs, folder / "at-once.h5"));
  EXPECT_FALSE(fs::exists(folder / "at-once.h5.parts"));
  EXPECT_GT(at_once.rejected, 22);
  // Each rank of its own: parts by one rank, some removed at random, the rest found by the next run.
  const auto own = folder / fmt::format("rank{}", world.rank);
  for (std::uint64_t round = 0; round < 8; ++round) {
    const auto options = options_for(inputs, own / "resumed.h5");
    fs::remove(options.output);
    const auto parts = make_parts(MPI_COMM_SELF, options, own);
    ASSERT_GT(parts.size(), 20U);
    std::size_t left = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      CounterRandom random(11, Purpose::mask, round, i);
      if (random.uniform() < 0.15F * static_cast<float>(round)) fs::remove(parts[i]);
      else ++left;
    }
    if (round == 5) testing_files::write_file(parts.front(), "no part");
    if (round == 6) testing_files::write_file(own / "resumed.h5.parts/half.part.partial", "half");
    const IngestSummary resumed = ingest(MPI_COMM_SELF, options);
    EXPECT_EQ(resumed.content_hash, at_once.content_hash) << "round " << round << ", " << left << " of " << parts.size() << " parts left";
    EXPECT_EQ(resumed.rows, at_once.rows);
    EXPECT_EQ(resumed.rejected, at_once.rejected);
    EXPECT_EQ(resumed.tallies.split, at_once.tallies.split);
    EXPECT_EQ(bytes_of(resumed.rejects), bytes_of(at_once.rejects));
    EXPECT_FALSE(fs::exists(own / "resumed.h5.parts"));
  }
}

TEST(IngestParts, PartsOfOneRankAreTakenUpByAllAndTheOtherWayRound) {
  const World world;
  const auto folder = shared_folder("handover");
  if (world.rank == 0) write_sources(folder);
  MPI_Barrier(MPI_COMM_WORLD);
  const std::vector<fs::path> inputs = {folder / "a.csv", folder / "b.csv.gz", folder / "cut.csv.gz"};
  const auto hash = ingest(MPI_COMM_WORLD, options_for(inputs, folder / "at-once.h5")).content_hash;
  const auto options = options_for(inputs, folder / "x.h5");
  if (world.rank == 0) {
    const auto parts = make_parts(MPI_COMM_SELF, options, folder);
    for (std::size_t i = 0; i < parts.size(); i += 3) fs::remove(parts[i]);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_EQ(ingest(MPI_COMM_WORLD, options).content_hash, hash);
}

TEST(IngestParts, PartsOfAChangedSourceOrOfOtherOptionsAreNotUsed) {
  const World world;
  const auto folder = shared_folder("changed") / fmt::format("rank{}", world.rank);
  fs::create_directories(folder);
  const auto inputs = write_sources(folder);
  auto options = options_for(inputs, folder / "x.h5");
  make_parts(MPI_COMM_SELF, options, folder);
  testing_files::write_file(inputs[0], "id,formula\nonly,KBr\n");
  ingest(MPI_COMM_SELF, options);
  EXPECT_EQ(read_dataset(folder / "x.h5").id(0), "only");
  fs::remove(options.output);
  make_parts(MPI_COMM_SELF, options, folder);
  options.split_as = Split::test;
  EXPECT_EQ(ingest(MPI_COMM_SELF, options).tallies.split[0], 0);
}

TEST(IngestParts, DamageToAPartIsFound) {
  const World world;
  const auto folder = shared_folder("flipped") / fmt::format("rank{}", world.rank);
  fs::create_directories(folder);
  const auto options = options_for(write_sources(folder), folder / "x.h5");
  const auto parts = make_parts(MPI_COMM_SELF, options, folder);
  std::string bytes = bytes_of(parts[3]);
  for (std::size_t at = bytes.size() - 300; at < bytes.size(); ++at) bytes[at] ^= 4;  // more than the gap between two arrays
  testing_files::write_file(parts[3], bytes);
  try {
    ingest(MPI_COMM_SELF, options);
    ADD_FAILURE() << "no error";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find(parts[3].string()), std::string::npos) << error.what();
  }
}

TEST(IngestParts, ASourceThatCouldNotBeReadIsTriedAgain) {
  const World world;
  const auto folder = shared_folder("again");
  if (world.rank == 0) write_sources(folder);
  MPI_Barrier(MPI_COMM_WORLD);
  const std::vector<fs::path> inputs = {folder / "a.csv", folder / "late.csv"};
  const auto options = options_for(inputs, folder / "x.h5");
  if (world.rank == 0) fs::create_symlink("b.csv", folder / "late.csv");  // to nothing yet
  MPI_Barrier(MPI_COMM_WORLD);
  if (world.rank == 0) fs::create_directories(options.output);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_THROW(ingest(MPI_COMM_WORLD, options), IoError);
  MPI_Barrier(MPI_COMM_WORLD);
  if (world.rank == 0) {
    fs::remove_all(options.output);
    // The same size and time of change as nothing, as for a file whose permissions change.
    testing_files::write_file(folder / "b.csv", "id,formula\nx,NaCl\n");
  }
  MPI_Barrier(MPI_COMM_WORLD);
  const auto summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(read_dataset(options.output).id(summary.rows - 1), "x");
  EXPECT_EQ(testing_files::read_file(summary.rejects).find("late.csv"), std::string::npos);
}

TEST(IngestParts, TwoRunsMustNotMakeTheSameFile) {
  const World world;
  const auto folder = shared_folder("two");
  if (world.rank == 0) write_sources(folder);
  MPI_Barrier(MPI_COMM_WORLD);
  const auto options = options_for({folder / "a.csv"}, folder / "x.h5");
  {
    FileLock other;
    if (world.rank == 0) {
      fs::create_directories(folder / "x.h5.parts");
      other = FileLock(folder / "x.h5.parts/lock");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    try {
      ingest(MPI_COMM_WORLD, options);
      ADD_FAILURE() << "two runs at once";
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("x.h5.parts is being made by another run (process "), std::string::npos) << error.what();
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_EQ(ingest(MPI_COMM_WORLD, options).rejected, 23);
}

TEST(RecordCoverage, KnowsWhatIsDoneAndWhenAllIs) {
  RecordCoverage coverage;
  coverage.add({0, 10, 5, 0, 5, false});
  coverage.add({0, 0, 4, 0, 4, false});
  coverage.add({0, 20, 0, 0, 0, true});
  coverage.finish();
  for (const std::int64_t record : {0, 3, 10, 14}) EXPECT_TRUE(coverage.has(record)) << record;
  for (const std::int64_t record : {4, 9, 15, 20}) EXPECT_FALSE(coverage.has(record)) << record;
  EXPECT_EQ(coverage.records(), 9);
  EXPECT_FALSE(coverage.complete());
  coverage.add({0, 4, 6, 0, 6, false});
  coverage.add({0, 15, 5, 0, 5, false});
  coverage.finish();
  EXPECT_TRUE(coverage.complete());
}

}  // namespace
}  // namespace xxact::io
