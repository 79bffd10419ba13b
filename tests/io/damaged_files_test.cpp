// Files that lost their end or had bits flipped: every one is refused with its name, or read as it was before. Never
// another error, never a crash, never other numbers in a dataset or a checkpoint.
#include <gtest/gtest.h>
#include <mpi.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>

#include "dataset_example.hpp"
#include "io/checkpoint.hpp"
#include "io/dataset.hpp"
#include "io/dataset_writer.hpp"
#include "io/results_table.hpp"
#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

template <class T>
void append(std::string& out, std::span<const T> values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  out += '|';
}

/// All arrays of the dataset, byte by byte.
std::string content_of_dataset(const std::filesystem::path& path) {
  const Dataset dataset = read_dataset(path);
  const DatasetArrays& a = dataset.arrays();
  std::string out;
  append(out, a.id);
  append(out, a.lattice);
  append(out, a.atom_offset);
  append(out, a.space_group);
  append(out, a.space_group_spglib);
  append(out, a.laue_code);
  append(out, a.source_file);
  append(out, a.record);
  append(out, a.atomic_number);
  append(out, a.frac_coords);
  append(out, a.occupancy);
  append(out, a.composition_offset);
  append(out, a.composition_number);
  append(out, a.composition_fraction);
  for (const auto& label : a.labels) append(out, label);
  append(out, a.split);
  return out;
}

std::string content_of_checkpoint(const std::filesystem::path& path) {
  const Checkpoint checkpoint = read_checkpoint(path);
  std::string out;
  for (const auto& array : checkpoint.content().arrays) {
    out += array.name + '|';
    std::visit([&](const auto& values) { append(out, values); }, array.data);
  }
  for (const auto& [name, text] : checkpoint.content().texts) out += name + '=' + text + '|';
  for (const auto& [name, value] : checkpoint.content().integers) out += fmt::format("{}={}|", name, value);
  for (const auto& [name, value] : checkpoint.content().reals) out += fmt::format("{}={}|", name, value);
  return out;
}

/// A result table has no checksums of its values: what is read of it may differ, so only its rows are told.
std::string rows_of_results(const std::filesystem::path& path) { return std::to_string(read_results(path).rows.size()); }

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

using Read = std::function<std::string(const std::filesystem::path&)>;

/// Whether a file of these bytes is refused; a failure of the test when it is read as anything but `expected`.
bool refused(const std::string& bytes, const Read& read, const std::string& expected, const std::string& what) {
  const auto path = scratch("damaged.h5");
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    EXPECT_TRUE(read(path) == expected) << what << " changed the content unnoticed";
    return false;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("damaged.h5"), std::string::npos) << what << ": " << error.what();
    return true;
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": " << error.what();
    return true;
  }
}

void expect_cuts_refused(const std::filesystem::path& path, const Read& read) {
  const std::string good = bytes_of(path), expected = read(path);
  ASSERT_GT(good.size(), 8192U);
  for (std::size_t size = 0; size < good.size(); size += 4096) EXPECT_TRUE(refused(good.substr(0, size), read, expected, fmt::format("cut at {}", size))) << size;
}

void expect_flips_found_or_harmless(const std::filesystem::path& path, const Read& read, int flips) {
  const std::string good = bytes_of(path), expected = read(path);
  std::mt19937_64 random(20240229);
  int found = 0;
  for (int i = 0; i < flips; ++i) {
    std::string bad = good;
    const std::uint64_t bit = random() % (8 * good.size());
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    found += refused(bad, read, expected, fmt::format("bit {} of byte {}", bit % 8, bit / 8));
  }
  EXPECT_GT(found, flips / 20);
}

std::filesystem::path dataset_file(int compress) {
  const auto path = scratch(fmt::format("dataset-{}.h5", compress));
  DatasetWriteOptions options;
  options.compress = compress;
  write_dataset(MPI_COMM_SELF, path, example_rows(0, 200), example_description(), options);
  return path;
}

std::filesystem::path checkpoint_file() {
  std::vector<float> weight(3000);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = 0.001F * static_cast<float>(i);
  const std::vector<std::int64_t> seen = {1, -2};
  CheckpointContent content;
  content.arrays = {{"weights/a", {30, 100}, std::span<const float>(weight)}, {"optimizer/seen", {2}, std::span<const std::int64_t>(seen)}};
  content.texts = {{"configuration", "[train]\nepochs = 3\n"}};
  content.integers = {{"step", 7}};
  content.reals = {{"best_validation", 0.0731}};
  write_checkpoint(scratch("checkpoint.h5"), content);
  return scratch("checkpoint.h5");
}

std::filesystem::path results_file() {
  ResultRows rows;
  rows.predictions.resize(1);
  for (int i = 0; i < 300; ++i) {
    rows.id.push_back(fmt::format("row-{}", i));
    rows.source.emplace_back("input.csv");
    rows.status.push_back(i % 3 == 1 ? 2 : 0);
    rows.reason.emplace_back(i % 3 == 1 ? "no structure" : "");
    rows.predictions[0].value.push_back(0.25F * static_cast<float>(i));
  }
  ResultDescription description;
  description.labels = {{"band_gap", "eV"}};
  description.attributes = {{"model_hash", "abc"}};
  write_results(MPI_COMM_SELF, scratch("results.h5"), rows, description);
  return scratch("results.h5");
}

TEST(DamagedFiles, CutsAreRefused) {
  expect_cuts_refused(dataset_file(0), content_of_dataset);
  expect_cuts_refused(dataset_file(6), content_of_dataset);
  expect_cuts_refused(results_file(), rows_of_results);
  expect_cuts_refused(checkpoint_file(), content_of_checkpoint);
}

TEST(DamagedFiles, FlippedBitsOfADatasetAreFoundOrHarmless) { expect_flips_found_or_harmless(dataset_file(0), content_of_dataset, 1000); }
TEST(DamagedFiles, FlippedBitsOfACompressedDatasetAreFoundOrHarmless) { expect_flips_found_or_harmless(dataset_file(6), content_of_dataset, 1000); }
TEST(DamagedFiles, FlippedBitsOfACheckpointAreFoundOrHarmless) { expect_flips_found_or_harmless(checkpoint_file(), content_of_checkpoint, 1000); }
TEST(DamagedFiles, FlippedBitsOfAResultTableAreNoOtherErrors) { expect_flips_found_or_harmless(results_file(), rows_of_results, 1000); }

}  // namespace
}  // namespace xxact::io
