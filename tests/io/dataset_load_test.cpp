// Loading by all ranks of a host: every layout of the file gives the same arrays, a flipped bit is found where it is, a
// bad value is named alike by any number of ranks. Layouts and flipped bits are made by h5py.
#include <gtest/gtest.h>
#include <mpi.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dataset_example.hpp"
#include "h5py_oracle.hpp"
#include "io/block_checksums.hpp"
#include "io/dataset.hpp"
#include "io/dataset_reader.hpp"
#include "io/dataset_schema.hpp"
#include "io/dataset_shared.hpp"
#include "io/dataset_writer.hpp"
#include "io/file_bytes.hpp"
#include "io/inspect.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"

namespace xxact::io {
namespace {

constexpr std::int64_t kRows = 60000;  // several blocks in lattice, frac_coords and id

std::filesystem::path write_example(const std::string& name, std::int64_t rows = kRows) {
  const World world;
  const auto path = scratch(name);
  write_dataset(MPI_COMM_WORLD, path, example_rows(rows * world.rank / world.ranks, rows * (world.rank + 1) / world.ranks), example_description());
  return path;
}

/// Collective on the world. Runs the script on rank 0 and returns what it prints, there.
std::string change(const std::filesystem::path& path, const std::string& arguments) {
  std::string said;
  if (World().rank == 0) {
    const std::string line = "'" XXACT_H5PY_PYTHON "' '" XXACT_DAMAGE_SCRIPT "' '" + path.string() + "' " + arguments;
    FILE* pipe = ::popen(line.c_str(), "r");
    char buffer[4096];
    while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr) said += buffer;
    EXPECT_TRUE(pipe != nullptr && ::pclose(pipe) == 0) << line;
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return said;
}

std::string message_of(const std::filesystem::path& path, HashCheck check = HashCheck::skip) {
  try {
    read_dataset_shared(MPI_COMM_WORLD, path, check);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(BlockChecksums, AreThoseOfTheAlgorithmForAnyPieces) {
  EXPECT_EQ(block_checksum({}), 0x2D06800538D394C2U);  // of nothing, in the algorithm's own test suite
  std::vector<std::byte> bytes(3 * kBlockBytes + 12345);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 2654435761U >> 13U);
  std::vector<std::uint64_t> expected;
  for (std::size_t begin = 0; begin < bytes.size(); begin += kBlockBytes)
    expected.push_back(block_checksum(std::span(bytes).subspan(begin, std::min(kBlockBytes, bytes.size() - begin))));
  for (const std::size_t piece : {std::size_t{7777}, kBlockBytes, kBlockBytes + 1, bytes.size()}) {
    BlockHasher hasher;
    for (std::size_t begin = 0; begin < bytes.size(); begin += piece) hasher.update(std::span(bytes).subspan(begin, std::min(piece, bytes.size() - begin)));
    EXPECT_EQ(hasher.finish(), expected) << piece;
  }
  EXPECT_TRUE(BlockHasher().finish().empty());
}

TEST(DatasetLoad, ChecksumsAreThoseThatXxhashGives) {
  if (std::system("'" XXACT_H5PY_PYTHON "' -c 'import h5py, xxhash' > /dev/null 2>&1") != 0) GTEST_SKIP() << "no Python with h5py and xxhash";
  const auto said = change(write_example("xxhash.h5"), "--checksums");
  if (World().rank != 0) return;
  std::istringstream words(said);
  std::string algorithm;
  int blocks = 0, agree = 0;
  words >> algorithm >> blocks >> agree;
  EXPECT_EQ(algorithm, "XXH3-64");
  EXPECT_GT(blocks, 20);
  EXPECT_EQ(agree, blocks) << said;
}

TEST(DatasetLoad, EveryLayoutOfTheFileGivesTheSameArrays) {
  if (!have_h5py()) GTEST_SKIP() << "no Python with h5py";
  const auto path = write_example("layout.h5");
  const auto expected = read_dataset(path, HashCheck::verify);
  for (const char* mode : {"contiguous", "rows", "many", "columns", "deflate"}) {
    SCOPED_TRACE(mode);
    change(path, std::string("--repack ") + mode);
    EXPECT_EQ(plan_dataset(path).arrays[1].direct, std::string(mode) == "contiguous" || std::string(mode) == "rows");
    const auto d = read_dataset_shared(MPI_COMM_WORLD, path, HashCheck::verify);
    EXPECT_EQ(d.content_hash(), expected.content_hash());
    EXPECT_EQ(d.structures(), expected.structures());
    EXPECT_GT(plan_dataset(path).blocks.size(), 20U);
    EXPECT_EQ(std::memcmp(d.arrays().lattice.data(), expected.arrays().lattice.data(), d.arrays().lattice.size_bytes()), 0);
    EXPECT_EQ(std::memcmp(d.arrays().frac_coords.data(), expected.arrays().frac_coords.data(), d.arrays().frac_coords.size_bytes()), 0);
    EXPECT_EQ(d.id(kRows - 1), expected.id(kRows - 1));
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST(DatasetLoad, AFlippedBitIsFoundInEveryArray) {
  if (!have_h5py()) GTEST_SKIP() << "no Python with h5py";
  const auto path = write_example("flipped.h5");
  const auto plan = plan_dataset(path);
  ASSERT_EQ(plan.arrays.size(), 17U);
  std::string mend;
  for (const auto& array : plan.arrays) {
    const std::size_t bytes = array.spec.bytes(), byte = bytes - bytes / 3, block = byte >> 20U, row = array.spec.row_bytes();
    const std::size_t begin = block << 20U, end = std::min(begin + (std::size_t{1} << 20U), bytes);
    const auto where = array.path + "=" + std::to_string(byte);
    change(path, mend + where);
    mend = where + " ";
    const auto message = message_of(path);
    const auto expected = fmt::format("{}: {}: block {} (bytes {} to {}, rows {} to {}) does not match its checksum: the file was damaged after it was written",
                                      path.string(), array.path, block, begin, end - 1, begin / row, (end - 1) / row);
    EXPECT_EQ(message, expected);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  change(path, mend);
  EXPECT_EQ(message_of(path, HashCheck::verify), "accepted");
}

TEST(DatasetLoad, VerifyingNamesAllDamagedBlocks) {
  if (!have_h5py()) GTEST_SKIP() << "no Python with h5py";
  const auto path = write_example("two.h5");
  change(path, "/structures/lattice=0 /structures/lattice=2097153 /split=5");
  EXPECT_TRUE(contains(message_of(path), "/structures/lattice: block 0 ")) << message_of(path);
  EXPECT_TRUE(contains(message_of(path), "so do 2 more"));
  const auto all = message_of(path, HashCheck::verify);
  for (const char* part : {"3 blocks do not match", "/structures/lattice: block 0 (bytes 0 to 1048575, rows 0 to 14563)", "/structures/lattice: block 2 ", "/split: block 0 "})
    EXPECT_TRUE(contains(all, part)) << all;
}

TEST(DatasetLoad, AFlippedBitOfCompressedDataIsFoundByTheChecksumOfTheBlock) {
  if (!have_h5py()) GTEST_SKIP() << "no Python with h5py";
  const auto path = write_example("squeezed.h5");
  change(path, "/atoms/frac_coords=1400000");
  change(path, "--repack deflate");  // sound compression of spoilt data
  EXPECT_TRUE(contains(message_of(path), "/atoms/frac_coords: block 1 ")) << message_of(path);
}

/// Changes one value without checksums to find it first.
template <class T>
void set_entry(const std::filesystem::path& path, const char* name, hid_t type, std::size_t entry, T value) {
  if (World().rank == 0) {
    const hdf5::File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    if (H5Lexists(file.get(), "/checksums", H5P_DEFAULT) > 0) H5Ldelete(file.get(), "/checksums", H5P_DEFAULT);
    const hdf5::DatasetHandle dataset(H5Dopen2(file.get(), name, H5P_DEFAULT));
    const hdf5::Dataspace space(H5Dget_space(dataset.get())), one(H5Screate(H5S_SCALAR));
    const hsize_t at = entry, count = 1;
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &at, nullptr, &count, nullptr);
    EXPECT_GE(H5Dwrite(dataset.get(), type, one.get(), space.get(), H5P_DEFAULT, &value), 0);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST(DatasetLoad, TheFirstBadValueIsNamedWhateverTheRanks) {
  const auto path = write_example("values.h5");
  set_entry(path, "/split", H5T_NATIVE_UINT8, 59999, std::uint8_t{9});
  EXPECT_TRUE(contains(message_of(path), "/split: row 59999 is 9")) << message_of(path);
  MPI_Barrier(MPI_COMM_WORLD);
  set_entry(path, "/split", H5T_NATIVE_UINT8, 30001, std::uint8_t{7});
  EXPECT_TRUE(contains(message_of(path), "/split: row 30001 is 7")) << message_of(path);
  MPI_Barrier(MPI_COMM_WORLD);
  // An earlier check in a later row goes before a later check in an earlier row, as for one rank alone.
  set_entry(path, "/structures/space_group", H5T_NATIVE_UINT8, 59000, std::uint8_t{231});
  EXPECT_TRUE(contains(message_of(path), "/structures/space_group: row 59000 is 231")) << message_of(path);
  MPI_Barrier(MPI_COMM_WORLD);
  set_entry(path, "/composition/offset", H5T_NATIVE_INT64, 20000, std::int64_t{1} << 40U);
  EXPECT_TRUE(contains(message_of(path), "/composition/offset: falls from 1099511627776")) << message_of(path);
}

TEST(DatasetLoad, FilesOfEarlierVersionsHaveNoChecksumsAndInspectSaysSo) {
  const auto path = write_example("earlier.h5", 50);
  EXPECT_TRUE(contains(inspect_file(path, HashCheck::verify).text, "blocks of 1.0 MiB verified (XXH3-64)"));
  MPI_Barrier(MPI_COMM_WORLD);
  set_entry(path, "/split", H5T_NATIVE_UINT8, 0, std::uint8_t{0});
  EXPECT_TRUE(plan_dataset(path).blocks.empty());
  EXPECT_EQ(read_dataset_shared(MPI_COMM_WORLD, path).size(), 50);
  EXPECT_TRUE(contains(inspect_file(path, HashCheck::verify).text, "none, the file is of an earlier version"));
}

TEST(DatasetLoad, ChecksumsOfAnotherMakeAreRefused) {
  const auto path = write_example("other.h5", 50);
  if (World().rank == 0) {
    const hdf5::File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Ldelete(file.get(), "/checksums/blocks", H5P_DEFAULT);
    const hsize_t extent = 3;
    const hdf5::Dataspace space(H5Screate_simple(1, &extent, nullptr));
    const hdf5::DatasetHandle blocks(H5Dcreate2(file.get(), "/checksums/blocks", H5T_STD_U64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const std::uint64_t values[3] = {1, 2, 3};
    H5Dwrite(blocks.get(), H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_TRUE(contains(message_of(path), "/checksums/blocks @algorithm: there is no such attribute")) << message_of(path);
}

TEST(ReadPieces, CoverEveryByteOnceForAnyNumberOfShares) {
  const auto plan = plan_dataset(write_example("pieces.h5"));
  for (const std::int64_t count : {1, 2, 3, 7, 64, 1000}) {
    std::vector<std::vector<std::uint8_t>> seen;
    for (const auto& array : plan.arrays) seen.emplace_back(array.spec.bytes());
    std::size_t most = 0, total = 0;
    for (std::int64_t index = 0; index < count; ++index) {
      std::size_t own = 0;
      for (const auto& piece : pieces_of(plan, {index, count})) {
        EXPECT_EQ(piece.begin % kBlockBytes, 0U);
        for (std::size_t byte = piece.begin; byte < piece.begin + piece.bytes; ++byte) ++seen.at(piece.array).at(byte);
        own += piece.bytes;
      }
      most = std::max(most, own);
      total += own;
    }
    for (const auto& array : seen) EXPECT_EQ(std::count(array.begin(), array.end(), 1), std::ssize(array));
    EXPECT_LE(most, total / static_cast<std::size_t>(count) + 2 * kBlockBytes) << count;
  }
}

TEST(FileBytes, FilesThatAreMissingOrChangeAreErrors) {
  const auto path = scratch("bytes-" + std::to_string(World().rank));
  std::ofstream(path) << "0123456789";
  std::string got(4, ' ');
  FileBytes(path, 10).read(3, std::as_writable_bytes(std::span(got)));
  EXPECT_EQ(got, "3456");
  EXPECT_THROW(FileBytes(path, 11), InputError);
  EXPECT_THROW(FileBytes(path.string() + ".none", 10), IoError);
  const FileBytes file(path, 10);
  std::filesystem::resize_file(path, 5);
  EXPECT_THROW(file.read(3, std::as_writable_bytes(std::span(got))), InputError);
}

TEST(FileExtents, OverlapsAndPlacesBeyondTheEndAreRefused) {
  const std::filesystem::path path = "some.h5";
  EXPECT_NO_THROW(check_extents({{"/a", {{0, 100, 50}, {50, 200, 50}}}, {"/b", {{0, 150, 50}}}}, 250, path));
  EXPECT_THROW(check_extents({{"/a", {{0, 100, 50}}}, {"/b", {{0, 149, 50}}}}, 250, path), InputError);
  EXPECT_THROW(check_extents({{"/a", {{0, 201, 50}}}}, 250, path), InputError);
  EXPECT_THROW(check_extents({{"/a", {{0, ~std::uint64_t{0} - 5, 50}}}}, 250, path), InputError);
}

}  // namespace
}  // namespace xxact::io
