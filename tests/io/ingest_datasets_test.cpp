// Datasets as inputs: what is appended to a dataset is what ingesting all its sources at once would have given.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mpi.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "io/dataset.hpp"
#include "io/dataset_plan.hpp"
#include "io/ingest.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

namespace fs = std::filesystem;

std::string data(const std::string& name) { return std::string(XXACT_SOURCE_DIR) + "/data/" + name; }

IngestOptions options_for(std::vector<fs::path> inputs, const fs::path& output) {
  IngestOptions options;
  options.inputs = std::move(inputs);
  options.output = output;
  options.symmetry = SymmetryPolicy::none;
  options.parts.rows = 300;
  return options;
}

/// Formulas alone, a partial occupancy, a source without any good record, real structures: in this order.
std::vector<fs::path> write_sources(const fs::path& folder) {
  if (World().rank == 0) {
    std::string formulas = "id,formula,target\n";
    for (int i = 0; i < 40; ++i) formulas += fmt::format("f{},{}{}O{},{}\n", i, i % 13 == 7 ? "Xx" : "Fe", i % 5 + 1, i % 7 + 1, 0.01 * i);
    testing_files::write_file(folder / "a.csv", formulas);
    testing_files::write_file(folder / "empty.csv", "id,formula\n");
    testing_files::write_file(folder / "partial.cif", testing_files::with(testing_files::rock_salt_cif(), "0.5 0.5 0.5 1", "0.5 0.5 0.5 0.9"));
    testing_files::write_file(folder / "more.csv", "id,formula,band_gap\nm0,NaCl,5.0\nm1,KCl,\n");
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return {folder / "a.csv", folder / "empty.csv", folder / "partial.cif", data("alexandria_sample.json.bz2"), data("mp20.csv.gz")};
}

TEST(IngestDatasets, AppendingGivesWhatAllSourcesAtOnceGive) {
  const auto folder = shared_folder("append");
  auto inputs = write_sources(folder);
  const auto first = ingest(MPI_COMM_WORLD, options_for(inputs, folder / "first.h5"));
  EXPECT_GT(first.rejected, 2);
  inputs.push_back(folder / "more.csv");
  const auto at_once = ingest(MPI_COMM_WORLD, options_for(inputs, folder / "at-once.h5"));
  const auto appended = ingest(MPI_COMM_WORLD, options_for({folder / "first.h5", folder / "more.csv"}, folder / "appended.h5"));
  EXPECT_EQ(appended.content_hash, at_once.content_hash);
  EXPECT_EQ(appended.rows, at_once.rows);
  EXPECT_EQ(appended.rejected, 0) << "what the first ingest rejected is in its own list";
  EXPECT_EQ(appended.labels, at_once.labels);
  EXPECT_EQ(appended.tallies.split, at_once.tallies.split);
  EXPECT_EQ(appended.duplicate_contents, at_once.duplicate_contents);
  const Dataset a = read_dataset(folder / "appended.h5", HashCheck::verify), b = read_dataset(folder / "at-once.h5");
  EXPECT_EQ(a.description().sources, b.description().sources);
  EXPECT_EQ(a.description().split_rule, b.description().split_rule);
}

TEST(IngestDatasets, CompressedOnesAreWrittenAgainAsTheyAre) {
  const auto folder = shared_folder("rewrite");
  auto options = options_for(write_sources(folder), folder / "compressed.h5");
  options.write.compress = 6;
  const auto compressed = ingest(MPI_COMM_WORLD, options);
  const auto plain = ingest(MPI_COMM_WORLD, options_for({folder / "compressed.h5"}, folder / "plain.h5"));
  EXPECT_EQ(plain.content_hash, compressed.content_hash);
  EXPECT_GT(fs::file_size(folder / "plain.h5"), fs::file_size(folder / "compressed.h5"));
  // And back, by each rank alone.
  const auto own = folder / fmt::format("back{}.h5", World().rank);
  auto back = options_for({folder / "plain.h5"}, own);
  back.write.compress = 6;
  EXPECT_EQ(ingest(MPI_COMM_SELF, back).content_hash, compressed.content_hash);
}

TEST(IngestDatasets, DefinitionsAreJoinedOneByOne) {
  const auto folder = shared_folder("definitions");
  auto options = options_for({data("perovskites.csv.gz")}, folder / "a.h5");
  options.label_definitions["band_gap"] = "mine";
  ingest(MPI_COMM_WORLD, options);
  const auto both = ingest(MPI_COMM_WORLD, options_for({folder / "a.h5", data("alexandria_sample.json.bz2")}, folder / "b.h5"));
  EXPECT_EQ(both.labels.at(1).definition, "mixed: Alexandria: PBE Kohn-Sham gap, indirect | mine");
  const auto again = ingest(MPI_COMM_WORLD, options_for({folder / "b.h5", folder / "a.h5"}, folder / "c.h5"));
  EXPECT_EQ(again.labels.at(1).definition, both.labels.at(1).definition);
  EXPECT_EQ(again.duplicate_contents, 3787) << "every row of a.h5 is there twice";
}

TEST(IngestDatasets, ADamagedOneIsRejectedWhole) {
  const auto folder = shared_folder("damaged");
  const auto sources = write_sources(folder);
  ingest(MPI_COMM_WORLD, options_for({data("mp20.csv.gz")}, folder / "a.h5"));
  if (World().rank == 0) {
    const auto plan = plan_dataset(folder / "a.h5");
    std::fstream file(folder / "a.h5", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(plan.arrays.at(1).extents.at(0).in_file + 1000));
    file.put('\x5a');
  }
  MPI_Barrier(MPI_COMM_WORLD);
  const auto summary = ingest(MPI_COMM_WORLD, options_for({folder / "a.h5", folder / "more.csv"}, folder / "b.h5"));
  EXPECT_EQ(summary.rows, 2);
  EXPECT_EQ(summary.rejected, 1);
  const auto rejects = testing_files::read_file(summary.rejects);
  EXPECT_NE(rejects.find("/structures/lattice: block 0"), std::string::npos) << rejects;
}

TEST(IngestDatasets, WhatCannotBeMeantIsRefused) {
  const auto folder = shared_folder("refused");
  write_sources(folder);
  ingest(MPI_COMM_WORLD, options_for({folder / "more.csv"}, folder / "a.h5"));
  EXPECT_THROW(ingest(MPI_COMM_WORLD, options_for({folder / "a.h5"}, folder / "a.h5")), ConfigError) << "into itself";
  auto other_split = options_for({folder / "a.h5"}, folder / "b.h5");
  other_split.split_seed = 4;
  EXPECT_THROW(ingest(MPI_COMM_WORLD, other_split), ConfigError);
  other_split.split_seed.reset();
  other_split.split_as = Split::test;
  EXPECT_EQ(ingest(MPI_COMM_WORLD, other_split).tallies.split[2], 2);
}

TEST(IngestDatasets, SetsThatWerePublishedApartAreJoinedAsTheyWereSplit) {
  const auto folder = shared_folder("published");
  write_sources(folder);
  const auto split_as = [&](const char* name, Split split) {
    auto options = options_for({folder / "more.csv"}, folder / name);
    options.split_as = split;
    ingest(MPI_COMM_WORLD, options);
    return options.output;
  };
  auto joined = options_for({split_as("train.h5", Split::train), split_as("test.h5", Split::test)}, folder / "joined.h5");
  ingest(MPI_COMM_WORLD, options_for({folder / "a.csv"}, folder / "by-formula.h5"));
  joined.keep_split = true;
  ingest(MPI_COMM_WORLD, joined);
  auto again = options_for({folder / "by-formula.h5", folder / "joined.h5"}, folder / "again.h5");
  again.keep_split = true;
  const auto summary = ingest(MPI_COMM_WORLD, again);

  const auto by_formula = plan_dataset(MPI_COMM_WORLD, folder / "by-formula.h5"), all = plan_dataset(MPI_COMM_WORLD, folder / "again.h5");
  const auto own = by_formula.description->split_rule;
  EXPECT_EQ(all.description->split_rule, "mixed: " + own + " | published split, given at ingest");
  const auto rows = read_dataset(folder / "again.h5");
  const auto split = rows.split();
  ASSERT_EQ(static_cast<std::int64_t>(split.size()), summary.rows);
  EXPECT_EQ(std::vector<std::uint8_t>(split.end() - 4, split.end()), (std::vector<std::uint8_t>{0, 0, 2, 2}));
  EXPECT_NE(std::count(split.begin(), split.end() - 4, std::uint8_t{0}), summary.rows - 4) << "by formula";

  again.inputs.emplace_back(folder / "more.csv");
  EXPECT_THROW(ingest(MPI_COMM_WORLD, again), ConfigError) << "a table has no split";
  again.inputs.pop_back();
  again.split_seed = 3;
  EXPECT_THROW(ingest(MPI_COMM_WORLD, again), ConfigError);
}

TEST(InputFiles, WhatIsNoFileInAFolderIsRejectedByName) {
  const auto folder = shared_folder("odd");
  write_sources(folder);
  if (World().rank == 0) {
    fs::create_directories(folder / "in");
    fs::copy_file(folder / "more.csv", folder / "in/good.csv");
    fs::create_symlink("nowhere.csv", folder / "in/dangling.csv");
    ASSERT_EQ(::mkfifo((folder / "in/pipe.json").c_str(), 0600), 0);
    fs::create_symlink("nowhere", folder / "in/notes.txt");
  }
  MPI_Barrier(MPI_COMM_WORLD);
  const auto summary = ingest(MPI_COMM_WORLD, options_for({folder / "in"}, folder / "odd.h5"));
  EXPECT_EQ(summary.rows, 2);
  EXPECT_EQ(summary.rejected, 2);
  const auto rejects = testing_files::read_file(summary.rejects);
  EXPECT_NE(rejects.find("dangling.csv\",\"record\":null,\"reason\":\"is a link to nothing\""), std::string::npos) << rejects;
  EXPECT_NE(rejects.find("pipe.json\",\"record\":null,\"reason\":\"is a pipe, no regular file\""), std::string::npos) << rejects;
}

}  // namespace
}  // namespace xxact::io
