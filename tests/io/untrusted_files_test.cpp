// Dataset files that were made to harm or came to harm: each is refused with the file, the dataset and the reason.
#include <gtest/gtest.h>
#include <hdf5.h>
#include <mpi.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "dataset_example.hpp"
#include "io/checkpoint.hpp"
#include "io/dataset.hpp"
#include "io/dataset_writer.hpp"
#include "io/hdf5.hpp"
#include "io/results_table.hpp"
#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

/// Writes a sound dataset without checksums, which would find every change first, lets `harm` change it through HDF5
/// itself, and returns the reader's message.
std::string message_after(const std::function<void(hid_t)>& harm) {
  const auto path = scratch("harmed.h5");
  write_dataset(MPI_COMM_SELF, path, example_rows(0, 20), example_description());
  {
    const hdf5::File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Ldelete(file.get(), "/checksums", H5P_DEFAULT);
    harm(file.get());
  }
  try {
    read_dataset(path, HashCheck::verify);
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("harmed.h5"), std::string::npos) << error.what();
    return error.what();
  }
  return "accepted";
}

void expect_refused(const std::function<void(hid_t)>& harm, const std::string& part) {
  const auto message = message_after(harm);
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

template <class T>
void set_entry(hid_t file, const char* path, hid_t type, std::size_t entry, T value) {
  const hdf5::DatasetHandle dataset(H5Dopen2(file, path, H5P_DEFAULT));
  const hdf5::Dataspace space(H5Dget_space(dataset.get()));
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get())));
  H5Dread(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  values.at(entry) = value;
  ASSERT_GE(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
}

void set_int64(hid_t file, const char* path, std::size_t entry, std::int64_t value) { set_entry(file, path, H5T_NATIVE_INT64, entry, value); }
void set_byte(hid_t file, const char* path, std::size_t entry, std::uint8_t value) { set_entry(file, path, H5T_NATIVE_UINT8, entry, value); }
void set_float(hid_t file, const char* path, std::size_t entry, float value) { set_entry(file, path, H5T_NATIVE_FLOAT, entry, value); }

/// Replaces a dataset by an empty one of another type, extent or creation properties.
void replace(hid_t file, const char* path, hid_t type, std::vector<hsize_t> extent, hid_t creation = H5P_DEFAULT) {
  H5Ldelete(file, path, H5P_DEFAULT);
  const hdf5::Dataspace space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
  const hdf5::DatasetHandle dataset(H5Dcreate2(file, path, type, space.get(), H5P_DEFAULT, creation, H5P_DEFAULT));
  ASSERT_TRUE(static_cast<bool>(dataset));
}

TEST(UntrustedDataset, TheUnharmedFileIsAccepted) { EXPECT_EQ(message_after([](hid_t) {}), "accepted"); }

TEST(UntrustedDataset, LinksOutOfTheFileAreRefused) {
  expect_refused([](hid_t f) {
    H5Ldelete(f, "/split", H5P_DEFAULT);
    H5Lcreate_external("/etc/passwd", "/split", f, "/split", H5P_DEFAULT, H5P_DEFAULT);
  }, "/split is an external link");
  expect_refused([](hid_t f) {
    H5Lmove(f, "/atoms", f, "/moved", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/moved", f, "/atoms", H5P_DEFAULT, H5P_DEFAULT);
  }, "/atoms is a soft link");
  expect_refused([](hid_t f) { H5Lcreate_external("other.h5", "/x", f, "/labels/extra", H5P_DEFAULT, H5P_DEFAULT); }, "/labels/extra is an external link");
}

TEST(UntrustedDataset, DataElsewhereAreRefused) {
  expect_refused([](hid_t f) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_external(creation.get(), "/etc/passwd", 0, 20);
    replace(f, "/split", H5T_STD_U8LE, {20}, creation.get());
  }, "/split: keeps its data in another file");
  expect_refused([](hid_t f) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t extent = 20;
    const hdf5::Dataspace space(H5Screate_simple(1, &extent, nullptr));
    H5Pset_virtual(creation.get(), space.get(), "other.h5", "/split", space.get());
    replace(f, "/split", H5T_STD_U8LE, {20}, creation.get());
  }, "/split: is a virtual dataset");
  expect_refused([](hid_t f) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t chunk = 20;
    H5Pset_chunk(creation.get(), 1, &chunk);
    H5Pset_nbit(creation.get());
    replace(f, "/split", H5T_STD_U8LE, {20}, creation.get());
  }, "/split: uses filter 5");
}

TEST(UntrustedDataset, OtherTypesRanksAndExtentsAreRefused) {
  expect_refused([](hid_t f) { replace(f, "/split", H5T_STD_U16LE, {20}); }, "/split: its element type");
  expect_refused([](hid_t f) { replace(f, "/structures/lattice", H5T_IEEE_F32LE, {20, 3, 3}); }, "/structures/lattice: ");
  expect_refused([](hid_t f) { replace(f, "/structures/lattice", H5T_IEEE_F64LE, {20, 9}); }, "/structures/lattice: ");
  expect_refused([](hid_t f) { replace(f, "/structures/id", H5T_C_S1, {20}); }, "/structures/id: ");
  expect_refused([](hid_t f) { H5Ldelete(f, "/labels", H5P_DEFAULT); }, "/labels: there is no such group");
  expect_refused([](hid_t f) { H5Ldelete(f, "/composition/offset", H5P_DEFAULT); }, "/composition/offset: there is no such dataset");
}

TEST(UntrustedDataset, ExtentsThatTheFileCannotHoldAreRefusedBeforeAllocating) {
  const hsize_t huge = hsize_t{1} << 50;
  expect_refused([&](hid_t f) { replace(f, "/atoms/atomic_number", H5T_STD_U8LE, {huge}); }, "/atoms/atomic_number: claims 1125899906842624 bytes");
  expect_refused([&](hid_t f) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t chunk = 1000;
    H5Pset_chunk(creation.get(), 1, &chunk);
    H5Pset_deflate(creation.get(), 9);
    replace(f, "/split", H5T_STD_U8LE, {huge}, creation.get());
  }, "/split: claims 1125899906842624 bytes");
  expect_refused([&](hid_t f) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t chunk = hsize_t{1} << 31;
    H5Pset_chunk(creation.get(), 1, &chunk);
    replace(f, "/split", H5T_STD_U8LE, {huge}, creation.get());
  }, "/split: its chunks are larger");
}

TEST(UntrustedDataset, OffsetsMustRiseWithinBounds) {
  expect_refused([](hid_t f) { set_int64(f, "/structures/atom_offset", 5, 2); }, "/structures/atom_offset: falls from");
  expect_refused([](hid_t f) { set_int64(f, "/structures/atom_offset", 0, -4); }, "/structures/atom_offset: begins at -4");
  expect_refused([](hid_t f) { set_int64(f, "/structures/atom_offset", 20, std::int64_t{1} << 62); }, "/structures/atom_offset: ends at");
  expect_refused([](hid_t f) { set_int64(f, "/composition/offset", 20, std::numeric_limits<std::int64_t>::min()); }, "/composition/offset: falls from");
  expect_refused([](hid_t f) { set_int64(f, "/composition/offset", 3, 1000000); }, "/composition/offset: falls from 1000000");
}

TEST(UntrustedDataset, ValuesWithoutMeaningAreRefused) {
  const float infinity = std::numeric_limits<float>::infinity();
  expect_refused([](hid_t f) { set_byte(f, "/atoms/atomic_number", 3, 119); }, "/atoms/atomic_number: entry 3 is 119");
  expect_refused([](hid_t f) { set_byte(f, "/composition/atomic_number", 0, 0); }, "/composition/atomic_number: entry 0 is 0");
  expect_refused([](hid_t f) { set_byte(f, "/structures/space_group", 2, 231); }, "/structures/space_group: row 2 is 231");
  expect_refused([](hid_t f) { set_byte(f, "/split", 2, 3); }, "/split: row 2 is 3");
  expect_refused([&](hid_t f) { set_float(f, "/atoms/frac_coords", 4, infinity); }, "/atoms/frac_coords: entry 4 is inf");
  expect_refused([](hid_t f) { set_float(f, "/atoms/occupancy", 4, 1.5F); }, "/atoms/occupancy: entry 4 is 1.5");
  expect_refused([&](hid_t f) { set_float(f, "/labels/band_gap", 4, infinity); }, "/labels/band_gap: entry 4 is inf");
  expect_refused([](hid_t f) { set_float(f, "/composition/fraction", 0, 0.9F); }, "/composition/fraction: row 0 adds up");
  expect_refused([](hid_t f) { set_entry(f, "/structures/source_file", H5T_NATIVE_UINT32, 1, std::uint32_t{2}); }, "/structures/source_file: row 1 names source 2 of 2");
  expect_refused([](hid_t f) { set_entry(f, "/structures/laue_code", H5T_NATIVE_UINT32, 1, std::uint32_t{5}); }, "/structures/laue_code: row 1 is 5, which names no group");
}

TEST(UntrustedDataset, LatticesMustBeWholeOrMissing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto set = [](hid_t f, std::size_t entry, double value) { set_entry(f, "/structures/lattice", H5T_NATIVE_DOUBLE, entry, value); };
  expect_refused([&](hid_t f) { set(f, 1, nan); }, "/structures/lattice: row 0 is not finite");
  expect_refused([&](hid_t f) { set(f, 8, 0.00078125); }, "/structures/lattice: row 0 spans no volume");
  expect_refused([&](hid_t f) { set(f, 0, 1e300); }, "/structures/lattice: row 0 is not finite or beyond");
}

TEST(UntrustedDataset, AChangedValueIsFoundByItsHash) {
  expect_refused([](hid_t f) { set_float(f, "/labels/band_gap", 4, 0.125F); }, "it was changed after it was written");
}

TEST(UntrustedDataset, FilesCutShortAndOtherFilesAreRefused) {
  const auto path = scratch("short.h5");
  write_dataset(MPI_COMM_SELF, path, example_rows(0, 20), example_description());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_THROW(read_dataset(path), InputError);
  std::ofstream(path) << "id,formula\n1,Fe2O3\n";
  EXPECT_THROW(read_dataset(path), InputError);
  EXPECT_THROW(read_dataset(scratch("missing.h5")), InputError);
  EXPECT_THROW(read_dataset("/dev/zero"), InputError);
  write_results(MPI_COMM_SELF, path, {}, {});
  EXPECT_THROW(read_dataset(path), InputError);
}

/// Handles of every kind that are open in the library.
hsize_t open_handles() {
  hsize_t total = 0;
  for (const H5I_type_t kind : {H5I_FILE, H5I_GROUP, H5I_DATATYPE, H5I_DATASPACE, H5I_DATASET, H5I_ATTR, H5I_GENPROP_LST}) {
    hsize_t count = 0;
    H5Inmembers(kind, &count);
    total += count;
  }
  return total;
}

TEST(UntrustedDataset, NeitherReadingNorRefusingLeavesHandlesOpen) {
  message_after([](hid_t) {});
  const auto before = open_handles();
  message_after([](hid_t) {});
  message_after([](hid_t f) { set_byte(f, "/split", 2, 3); });
  message_after([](hid_t f) { replace(f, "/structures/lattice", H5T_IEEE_F64LE, {20, 9}); });
  message_after([](hid_t f) { H5Ldelete(f, "/composition/offset", H5P_DEFAULT); });
  EXPECT_EQ(open_handles(), before);
}

TEST(UntrustedResults, AReasonThatIsNotInTheTableIsRefused) {
  const auto path = scratch("reasons.h5");
  ResultRows rows;
  rows.id = {"a", "b", "c"};
  rows.source = {"x", "x", "x"};
  rows.status = {0, 2, 2};
  rows.reason = {"", "no pattern", "no composition"};
  write_results(MPI_COMM_SELF, path, rows, {});
  EXPECT_EQ(read_results(path, 1, 2).rows.reason, (std::vector<std::string>{"no pattern", "no composition"}));
  {
    const hdf5::File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    set_entry<std::uint32_t>(file.get(), "/reason", H5T_NATIVE_UINT32, 1, 3);
  }
  try {
    read_results(path);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("row 1 has reason 3, and /reasons has 3"), std::string::npos) << error.what();
  }
}

TEST(UntrustedCheckpoint, GroupsThatContainThemselvesEnd) {
  const auto path = scratch("loop.h5");
  const std::vector<float> values = {1};
  CheckpointContent content;
  content.arrays = {{"weights/a", {1}, std::span<const float>(values)}};
  write_checkpoint(path, content);
  {
    const hdf5::File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Lcreate_hard(file.get(), "/weights", file.get(), "/weights/again", H5P_DEFAULT, H5P_DEFAULT);
  }
  EXPECT_THROW(read_checkpoint(path), InputError);
}

}  // namespace
}  // namespace xxact::io
