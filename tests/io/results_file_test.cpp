// Tables written in rounds: read while they are written, and taken up again behind the last round by any number of ranks.
#include "io/results_file.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "h5py_oracle.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

constexpr std::int64_t kRows = 50;

ResultRows rows_of(std::int64_t first, std::int64_t end) {
  ResultRows rows;
  rows.predictions.resize(1);
  for (std::int64_t i = first; i < end; ++i) {
    const bool ok = i % 7 != 3;
    rows.id.push_back("row-" + std::to_string(i * i));
    rows.source.emplace_back("in.csv");
    rows.formula.emplace_back(i % 2 == 0 ? "Fe2O3" : "O");
    rows.status.push_back(ok ? 0 : 1);
    rows.reason.push_back(ok ? "" : i % 2 == 0 ? "no structure" : "no composition \xc3\xa9");
    rows.predictions[0].value.push_back(ok ? 0.5F * static_cast<float>(i) : std::numeric_limits<float>::quiet_NaN());
    for (int c = 0; c < 7; ++c) rows.crystal_system_probability.push_back(0.1F * static_cast<float>(c));
  }
  return rows;
}

ResultDescription description() {
  ResultDescription d;
  d.labels = {{"band_gap", "eV"}};
  d.attributes = {{"model_hash", "abc"}};
  return d;
}

ResultLayout layout() { return layout_of(rows_of(0, kRows), description()); }

/// Rows [file.done(), end), shared out over the ranks of comm.
void write_round(MPI_Comm comm, ResultsFile& file, std::int64_t end) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const std::int64_t first = file.done(), count = end - first;
  const std::int64_t low = first + count * rank / ranks, high = first + count * (rank + 1) / ranks;
  file.write(low, rows_of(low, high), end);
}

void expect_whole(const std::filesystem::path& path) {
  const auto got = read_results(path), want = Results{rows_of(0, kRows), description()};
  EXPECT_EQ(got.rows.id, want.rows.id);
  EXPECT_EQ(got.rows.formula, want.rows.formula);
  EXPECT_EQ(got.rows.status, want.rows.status);
  EXPECT_EQ(got.rows.reason, want.rows.reason);
  EXPECT_EQ(got.rows.crystal_system_probability, want.rows.crystal_system_probability);
  ASSERT_EQ(got.rows.predictions.size(), 1U);
  for (std::size_t i = 0; i < want.rows.size(); ++i)
    if (want.rows.status[i] == 0) {
      EXPECT_EQ(got.rows.predictions[0].value[i], want.rows.predictions[0].value[i]) << i;
    }
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".partial"));
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".rounds.jsonl"));
}

void remove_all_of(const std::filesystem::path& path) {
  if (World().rank == 0)
    for (const char* suffix : {"", ".partial", ".rounds.jsonl"}) std::filesystem::remove(path.string() + suffix);
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST(ResultsFile, GoesOnBehindItsLastRound) {
  const auto path = scratch("rounds.h5");
  remove_all_of(path);
  for (const std::int64_t end : {10, 11, 40}) {
    ResultsFile file(MPI_COMM_WORLD, path, layout(), "model data");
    EXPECT_EQ(file.done(), end == 10 ? 0 : end == 11 ? 10 : 11);
    write_round(MPI_COMM_WORLD, file, end);
  }
  ResultsFile file(MPI_COMM_WORLD, path, layout(), "model data");
  write_round(MPI_COMM_WORLD, file, kRows);
  file.finish();
  expect_whole(path);
}

TEST(ResultsFile, OneRankGoesOnWhereAllWereInterrupted) {
  const World world;
  const auto path = scratch("handover.h5");
  remove_all_of(path);
  {
    ResultsFile file(MPI_COMM_WORLD, path, layout(), "k");
    write_round(MPI_COMM_WORLD, file, 30);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (world.rank == 0) {
    std::ofstream(path.string() + ".rounds.jsonl", std::ios::app) << "{\"done\": 45, \"rea";  // the line that was being written
    ResultsFile file(MPI_COMM_SELF, path, layout(), "k");
    EXPECT_EQ(file.done(), 30);
    write_round(MPI_COMM_SELF, file, 40);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (world.rank == 0) {
    ResultsFile file(MPI_COMM_SELF, path, layout(), "k");
    EXPECT_EQ(file.done(), 40) << "the half line was not in the way of the next one";
    write_round(MPI_COMM_SELF, file, kRows);
    file.finish();
  }
  MPI_Barrier(MPI_COMM_WORLD);
  expect_whole(path);
}

TEST(ResultsFile, AnotherKeyOrLayoutBeginsAgain) {
  const auto path = scratch("again.h5");
  remove_all_of(path);
  const auto begin = [&](const std::string& key, const ResultLayout& l) {
    ResultsFile file(MPI_COMM_WORLD, path, l, key);
    const auto done = file.done();
    if (done == 0) write_round(MPI_COMM_WORLD, file, 5);
    return done;
  };
  EXPECT_EQ(begin("one", layout()), 0);
  EXPECT_EQ(begin("one", layout()), 5);
  EXPECT_EQ(begin("two", layout()), 0);
  auto wider = layout();
  wider.id_width += 1;
  EXPECT_EQ(begin("two", wider), 0);
}

TEST(ResultsFile, WithoutAKeyNothingIsLeftOfAnInterruptedTable) {
  const auto path = scratch("no-key.h5");
  remove_all_of(path);
  {
    ResultsFile file(MPI_COMM_WORLD, path, layout(), "");
    write_round(MPI_COMM_WORLD, file, 5);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".partial"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ResultsFile, H5pyReadsWhatIsThereWhileMoreIsWritten) {
  const World world;
  const auto path = scratch("while.h5");
  remove_all_of(path);
  ResultsFile file(MPI_COMM_WORLD, path, layout(), "k");
  write_round(MPI_COMM_WORLD, file, 20);
  if (have_h5py()) {
    if (world.rank == 0) {
      EXPECT_EQ(ask_h5py("pending-results", path.string() + ".partial"), "20 of 50 rows, the last is row-361 O 9.50");
    }
  } else {
    std::puts("no Python with h5py at " XXACT_H5PY_PYTHON);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  write_round(MPI_COMM_WORLD, file, kRows);
  file.finish();
  expect_whole(path);
}

TEST(ResultsFile, RowsOfOneBlockAreRead) {
  write_results(MPI_COMM_SELF, scratch("block" + std::to_string(World().rank) + ".h5"), rows_of(0, kRows), description());
  const auto got = read_results(scratch("block" + std::to_string(World().rank) + ".h5"), 45, 100).rows;
  EXPECT_EQ(got.id, rows_of(45, kRows).id);
  EXPECT_EQ(got.reason, rows_of(45, kRows).reason);
}

}  // namespace
}  // namespace xxact::io
