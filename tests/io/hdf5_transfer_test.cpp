// Collective transfers really are collective, whatever each rank holds.
#include <gtest/gtest.h>
#include <mpi.h>

#include <filesystem>
#include <numeric>

#include "io/hdf5_transfer.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/scratch.hpp"

namespace xxact::io::hdf5 {
namespace {

/// Rank r writes r^2 * 100 rows of three numbers (rank 0 none), a few rows a transfer; all must arrive.
void write_ragged(int compress, std::int64_t max_transfer, const std::string& name) {
  const auto [rank, ranks] = World();
  const auto rows_of = [](int r) { return std::int64_t{100} * r * r + (r == 1 ? 7 : 0); };
  std::int64_t first = 0, total = 0;
  for (int r = 0; r < ranks; ++r) total += rows_of(r);
  for (int r = 0; r < rank; ++r) first += rows_of(r);
  const bool alone = ranks == 1;
  const std::int64_t rows = alone ? 50 : rows_of(rank);
  if (alone) total = rows;
  ArraySpec spec;
  spec.element = Element::f64;
  spec.shape = {total, 3};
  std::vector<double> data(static_cast<std::size_t>(3 * rows));
  std::iota(data.begin(), data.end(), static_cast<double>(3 * first));
  WriteReport report;
  {
    const auto file = create_file(scratch(name), {MPI_COMM_WORLD, 0});
    const Place place{scratch(name), "/a/b/values"};
    const auto dataset = create_array(file, spec, compress, place);
    report = write_rows(MPI_COMM_WORLD, dataset, spec, first, rows, data.data(), place, max_transfer);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_EQ(report.no_collective_cause, 0U);
  const std::int64_t most = alone ? rows : rows_of(ranks - 1), step = std::max<std::int64_t>(1, max_transfer / 24);
  EXPECT_EQ(report.rounds, (most + step - 1) / step);
  const auto file = open_file(scratch(name));
  const Place place{scratch(name), "/a/b/values"};
  const auto dataset = require<DatasetHandle>(H5Dopen2(file.get(), "/a/b/values", H5P_DEFAULT), "opening", place);
  std::vector<double> all(static_cast<std::size_t>(3 * total)), expected(all.size());
  std::iota(expected.begin(), expected.end(), 0.0);
  read_array(dataset, spec, all.data(), place);
  EXPECT_EQ(all, expected);
}

TEST(Hdf5Transfer, RaggedRowsInOneRoundAreWrittenCollectively) { write_ragged(0, kMaxTransfer, "one-round.h5"); }
TEST(Hdf5Transfer, RaggedRowsInManyRoundsAreWrittenCollectively) { write_ragged(0, 24 * 16, "rounds.h5"); }
TEST(Hdf5Transfer, DeflatedRowsInManyRoundsAreWrittenCollectively) { write_ragged(6, 24 * 100, "deflated.h5"); }
TEST(Hdf5Transfer, ATransferSmallerThanARowStillMovesRows) { write_ragged(0, 1, "tiny.h5"); }

TEST(Hdf5Transfer, ErrorsCarryFileObjectAndHdf5sStack) {
  const auto file = create_file(scratch("error.h5"), {MPI_COMM_WORLD, 0});
  const Place place{scratch("error.h5"), "/twice"};
  ArraySpec spec;
  spec.shape = {4};
  const auto first = create_array(file, spec, 0, place);
  try {
    const auto second = create_array(file, spec, 0, place);
    ADD_FAILURE() << "no error";
  } catch (const IoError& error) {
    const std::string text = error.what();
    for (const char* part : {"error.h5", "/twice", "H5Dcreate2", "name already exists"}) EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

TEST(Hdf5Transfer, AMovedFromOwnerIsEmpty) {
  Dataspace a(H5Screate(H5S_SCALAR));
  const hid_t id = a.get();
  Dataspace b(std::move(a));
  EXPECT_FALSE(a);
  EXPECT_EQ(b.get(), id);
  EXPECT_EQ(b.close(), 0);
  EXPECT_FALSE(H5Iis_valid(id) > 0);
}

}  // namespace
}  // namespace xxact::io::hdf5
