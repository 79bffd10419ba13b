// Dataset files: what is written by any number of ranks, however shared out, is read back, and is the same file.
#include <gtest/gtest.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "dataset_example.hpp"
#include "h5py_oracle.hpp"
#include "io/dataset.hpp"
#include "io/dataset_shared.hpp"
#include "io/dataset_writer.hpp"
#include "io/hdf5.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

constexpr std::int64_t kRows = 57;

/// This rank's rows of the example; the last rank has the largest share.
DatasetRows example_share() {
  const World world;
  const auto bound = [&](std::int64_t rank) { return kRows * rank * rank / (std::int64_t{world.ranks} * world.ranks); };
  return example_rows(bound(world.rank), bound(world.rank + 1));
}

DatasetWritten write_example(const std::string& name, DatasetRows rows, const DatasetWriteOptions& options = {}) {
  return write_dataset(MPI_COMM_WORLD, scratch(name), std::move(rows), example_description(), options);
}

/// The hash of the example written by this process alone: what any number of ranks must give.
std::string single_rank_hash() {
  const auto path = scratch("alone-" + std::to_string(World().rank) + ".h5");
  return write_dataset(MPI_COMM_SELF, path, example_rows(0, kRows), example_description()).content_hash;
}

template <class T>
bool same(std::span<const T> a, std::span<const T> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](T x, T y) { return x == y || (std::isnan(static_cast<double>(x)) && std::isnan(static_cast<double>(y))); });
}

void expect_example(const Dataset& d) {
  ASSERT_EQ(d.size(), kRows);
  auto expected = example_rows(0, kRows);
  std::int64_t structures = 0;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    SCOPED_TRACE(row);
    EXPECT_EQ(d.id(row), expected.id[i]);
    EXPECT_EQ(d.has_structure(row), row % 5 != 3);
    structures += row % 5 != 3 ? 1 : 0;
    const auto got = d.structure(row), want = expected.structures[i];
    EXPECT_TRUE(same<double>(got.lattice, want.lattice));
    EXPECT_TRUE(same(got.atomic_number, want.atomic_number));
    EXPECT_TRUE(same(got.frac_coords, want.frac_coords));
    EXPECT_TRUE(same(got.occupancy, want.occupancy));
    EXPECT_EQ(got.laue_code, want.laue_code);
    EXPECT_EQ(d.formula(row), row % 3 == 2 ? "O" : "Fe2O3");
    EXPECT_EQ(d.source_of(row), example_description().sources[i % 2]);
    EXPECT_EQ(d.record_of(row), i / 2);
    EXPECT_EQ(d.space_group()[i], expected.space_group[i]);
    EXPECT_EQ(d.space_group_spglib()[i], expected.space_group_spglib[i]);
    EXPECT_EQ(d.split()[i], expected.split[i]);
  }
  EXPECT_EQ(d.structures(), structures);
  EXPECT_TRUE(same<float>(d.label("formation_energy_per_atom"), expected.labels[0]));
  EXPECT_TRUE(same<float>(d.label("band_gap"), expected.labels[1]));
}

void expect_description(const Dataset& d) {
  const auto want = example_description();
  ASSERT_NE(d.find_label("band_gap"), nullptr);
  EXPECT_EQ(*d.find_label("band_gap"), want.labels[1]);
  EXPECT_EQ(d.find_label("bulk_modulus"), nullptr);
  EXPECT_EQ(d.description().source, want.source);
  EXPECT_EQ(d.description().licence, want.licence);
  EXPECT_EQ(d.description().created, want.created);
  EXPECT_EQ(d.description().split_rule, want.split_rule);
  EXPECT_EQ(d.description().symprec, want.symprec);
  EXPECT_EQ(d.description().sources, want.sources);
}

TEST(DatasetStore, SharedOutRowsComeBackInTheirOrder) {
  const World world;
  const auto written = write_example("shared-out.h5", example_share());
  EXPECT_EQ(written.rows, kRows);
  expect_example(read_dataset(scratch("shared-out.h5"), HashCheck::verify));
  expect_description(read_dataset(scratch("shared-out.h5")));
  EXPECT_EQ(written.content_hash, single_rank_hash());
}

TEST(DatasetStore, EveryNaNInTheFileIsTheSameOne) {
  const World world;
  write_example("nan.h5", example_share());  // rows bring negative and signalling ones
  const auto d = read_dataset(scratch("nan.h5"));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(d.label("band_gap")[7]), 0x7FC00000U);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(d.structure(3).lattice[5]), 0x7FF8000000000000U);
}

TEST(DatasetStore, AllRowsOnTheLastRankGiveTheSameFile) {
  const World world;
  const auto written = write_example("last.h5", world.rank == world.ranks - 1 ? example_rows(0, kRows) : example_rows(0, 0));
  expect_example(read_dataset(scratch("last.h5"), HashCheck::verify));
  EXPECT_EQ(written.content_hash, single_rank_hash());
}

TEST(DatasetStore, FewerRowsThanRanksAreWrittenAndRead) {
  const World world;
  const auto written = write_example("one.h5", world.rank == 0 ? example_rows(1, 2) : example_rows(0, 0));
  const auto d = read_dataset(scratch("one.h5"), HashCheck::verify);
  EXPECT_EQ(written.rows, 1);
  EXPECT_EQ(d.size(), 1);
  EXPECT_EQ(d.id(0), "row-1");
}

TEST(DatasetStore, ADatasetWithoutRowsIsWrittenAndRead) {
  write_example("empty.h5", example_rows(0, 0));
  const auto d = read_dataset(scratch("empty.h5"), HashCheck::verify);
  EXPECT_EQ(d.size(), 0);
  EXPECT_EQ(d.labels().size(), 2U);
}

TEST(DatasetStore, CompressionChangesTheFileNotItsHash) {
  const World world;
  const auto written = write_example("deflated.h5", example_share(), {9, 0});
  EXPECT_EQ(written.content_hash, single_rank_hash());
  expect_example(read_dataset(scratch("deflated.h5"), HashCheck::verify));
}

TEST(DatasetStore, H5pyReadsTheFileAndFindsTheSameHash) {
  const World world;
  const auto written = write_example("h5py.h5", example_share(), {4, 0});
  if (world.rank != 0) return;
  if (!have_h5py()) GTEST_SKIP() << "no Python with h5py at " XXACT_H5PY_PYTHON;
  EXPECT_EQ(ask_h5py("hash", scratch("h5py.h5")), written.content_hash);
  const auto text = ask_h5py("dataset", scratch("h5py.h5"));
  EXPECT_NE(text.find("generators of row 1 [[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]]"), std::string::npos) << text;
  EXPECT_NE(text.find("xxact-dataset 1 57 46"), std::string::npos) << text;
  EXPECT_NE(text.find("band_gap eV PBE, Kohn-Sham \xc3\xa9"), std::string::npos) << text;
  EXPECT_NE(text.find("row-36 4.060 [28, 8, 8] [0.5, 1.0, 1.0] [(8, 0.6), (26, 0.4)] 3.000 2"), std::string::npos) << text;
  EXPECT_NE(text.find("row-64 nan [] [] [(8, 1.0)] 4.000 0"), std::string::npos) << text;
}

/// Whether an address lies in memory that processes share, as the kernel says.
bool is_shared_memory(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) != 2) continue;
    const auto at = reinterpret_cast<unsigned long>(address);
    if (at >= begin && at < end) return line.find("/dev/shm/xxact-") != std::string::npos;
  }
  return false;
}

TEST(DatasetStore, RanksOfAHostLookAtOneCopy) {
  write_example("shared.h5", example_share());
  const auto d = read_dataset_shared(MPI_COMM_WORLD, scratch("shared.h5"), HashCheck::verify);
  expect_example(d);
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  int ranks_of_host = 1;
  MPI_Comm_size(host, &ranks_of_host);
  MPI_Comm_free(&host);
  EXPECT_EQ(is_shared_memory(d.arrays().lattice.data()), ranks_of_host > 1);
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
    EXPECT_FALSE(entry.path().filename().string().starts_with("xxact-" + std::to_string(::getpid()) + "-")) << entry.path();
}

TEST(DatasetStore, ADamagedFileIsAnErrorOnAllRanksThatShareIt) {
  const World world;
  write_example("damaged.h5", example_share());
  if (world.rank == 0) {
    const hdf5::File file(H5Fopen(scratch("damaged.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    const hdf5::DatasetHandle split(H5Dopen2(file.get(), "/split", H5P_DEFAULT));
    const std::vector<std::uint8_t> nonsense(kRows, 77);
    H5Dwrite(split.get(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, nonsense.data());
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_THROW(read_dataset_shared(MPI_COMM_WORLD, scratch("damaged.h5")), InputError);
  EXPECT_THROW(read_dataset_shared(MPI_COMM_WORLD, scratch("missing.h5")), InputError);
}

TEST(DatasetStore, ALabelThatIsNotThereIsNamedWithThoseThatAre) {
  const World world;
  write_example("labels.h5", example_share());
  try {
    read_dataset(scratch("labels.h5")).label("bulk_modulus");
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("it has band_gap, formation_energy_per_atom"), std::string::npos) << error.what();
  }
}

TEST(DatasetStore, AnErrorOnOneRankIsAnErrorOnAllAndLeavesNoFile) {
  const World world;
  for (const char* name : {"long-id.h5", "too-short.h5"}) std::filesystem::remove(scratch(name));  // of an earlier run
  MPI_Barrier(MPI_COMM_WORLD);
  auto rows = example_share();
  if (world.rank == world.ranks - 1) rows.id.back() = std::string(65, 'x');
  EXPECT_THROW(write_example("long-id.h5", std::move(rows)), InputError);
  EXPECT_FALSE(std::filesystem::exists(scratch("long-id.h5")));
  rows = example_share();
  if (world.rank == world.ranks - 1) rows.record.pop_back();
  EXPECT_THROW(write_example("too-short.h5", std::move(rows)), CommError);
  EXPECT_FALSE(std::filesystem::exists(scratch("too-short.h5")));
}

TEST(DatasetStore, AFailedWriteRemovesItsTemporaryFileAndKeepsTheOldOne) {
  const World world;
  const auto path = scratch("kept.h5");
  write_example("kept.h5", example_share());
  auto description = example_description();
  description.sources.push_back(std::string(70000, 's'));
  description.licence = std::string(17U << 20, 'l');  // more than an attribute takes: fails with the file open
  EXPECT_THROW(write_dataset(MPI_COMM_WORLD, path, example_share(), description), IoError);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".partial"));
  expect_example(read_dataset(path, HashCheck::verify));
}

TEST(DatasetStore, OnlyDatasetFilesAreTakenForDatasets) {
  const World world;
  write_example("is.h5", example_rows(0, 5));
  EXPECT_TRUE(is_dataset_file(scratch("is.h5")));
  EXPECT_FALSE(is_dataset_file(scratch("missing.h5")));
  EXPECT_FALSE(is_dataset_file(XXACT_SOURCE_DIR "/CMakeLists.txt"));
  EXPECT_FALSE(is_dataset_file("/dev/zero"));
}

}  // namespace
}  // namespace xxact::io
