// What `inspect` says, against numbers known in closed form.
#include "io/inspect.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dataset_example.hpp"
#include "io/checkpoint.hpp"
#include "io/dataset_writer.hpp"
#include "io/hdf5.hpp"
#include "io/results_table.hpp"
#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

nlohmann::json inspect(const std::filesystem::path& path, HashCheck check = HashCheck::skip) { return nlohmann::json::parse(inspect_file(path, check).json); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(InspectDataset, CountsRangesClassesAndElementsAreRight) {
  const auto path = scratch("dataset.h5");
  const auto written = write_dataset(MPI_COMM_SELF, path, example_rows(0, 57), example_description());
  const auto d = inspect(path, HashCheck::verify);
  EXPECT_EQ(d["content_hash"], written.content_hash);
  EXPECT_EQ(d["rows"], 57);
  EXPECT_EQ(d["structures"], 46);  // rows 3, 8, ..., 53 have none
  EXPECT_EQ(d["composition_only"], 11);
  const auto& energy = d["labels"]["formation_energy_per_atom"];
  EXPECT_EQ(energy["known"], 57);
  EXPECT_NEAR(energy["min"].get<double>(), -0.56, 1e-6);
  EXPECT_NEAR(energy["mean"].get<double>(), -0.28, 1e-6);
  EXPECT_NEAR(energy["std"].get<double>(), 0.01 * std::sqrt((57.0 * 57.0 - 1) / 12), 1e-6);
  EXPECT_EQ(d["labels"]["band_gap"]["unknown"], 9);  // rows 0, 7, ..., 56
  EXPECT_EQ(d["labels"]["band_gap"]["definition"], example_description().labels[1].definition);
  const nlohmann::json systems = {{"triclinic", 2}, {"monoclinic", 13}, {"orthorhombic", 42}, {"tetragonal", 0}, {"trigonal", 0}, {"hexagonal", 0}, {"cubic", 0}};
  EXPECT_EQ(d["crystal_systems"], systems);  // space groups 1 to 57, one each
  EXPECT_EQ(d["space_groups"]["distinct"], 57);
  EXPECT_EQ(d["elements"], (nlohmann::json{{"O", 57}, {"Fe", 38}}));
  EXPECT_EQ(d["split"], (nlohmann::json{{"train", 15}, {"validation", 14}, {"test", 14}, {"none", 14}}));
  EXPECT_EQ(d["atoms_per_structure"]["min"], 2);
  EXPECT_EQ(d["atoms_per_structure"]["max"], 3);
  EXPECT_EQ(d["sources"][0], (nlohmann::json{{"name", "first.json.bz2"}, {"rows", 29}}));
  const auto text = inspect_file(path).text;
  for (const char* part : {"57 (46 with structure, 11 composition only)", "orthorhombic 42", "made up for a test", "CC0"}) EXPECT_TRUE(contains(text, part)) << text;
}

TEST(InspectDataset, ALongFileIsCountedPartByPart) {
  // Longer than what is read at once; a compressed file is read in another way. Row i has the energy -0.01 i; every seventh has no gap.
  constexpr std::int64_t kRows = 150'000;
  for (const int compress : {0, 1}) {
    const auto path = scratch("long.h5");
    write_dataset(MPI_COMM_SELF, path, example_rows(0, kRows), example_description(), {.compress = compress});
    const auto d = inspect(path, compress == 0 ? HashCheck::verify : HashCheck::skip);
    EXPECT_EQ(d["rows"], kRows);
    EXPECT_EQ(d["structures"], kRows / 5 * 4);
    EXPECT_EQ(d["composition_only"], kRows / 5);
    const auto& energy = d["labels"]["formation_energy_per_atom"];
    EXPECT_NEAR(energy["min"].get<double>(), -0.01 * (kRows - 1), 1e-3);
    EXPECT_NEAR(energy["mean"].get<double>(), -0.005 * (kRows - 1), 1e-3);
    EXPECT_EQ(d["labels"]["band_gap"]["unknown"], (kRows + 6) / 7);
    EXPECT_EQ(d["elements"]["O"], kRows);
    EXPECT_EQ(d["sources"][0]["rows"].get<std::int64_t>() + d["sources"][1]["rows"].get<std::int64_t>(), kRows);
  }
}

TEST(InspectDataset, DamageIsFoundInCompressedArraysToo) {
  const auto path = scratch("damaged.h5");
  write_dataset(MPI_COMM_SELF, path, example_rows(0, 5000), example_description(), {.compress = 1});
  {
    // Through HDF5, so that the compressed chunk itself is sound: only the checksum tells.
    const hdf5::File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    const hdf5::DatasetHandle dataset(H5Dopen2(file.get(), "/labels/formation_energy_per_atom", H5P_DEFAULT));
    std::vector<float> values(5000);
    ASSERT_GE(H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    values[17] = 1;
    ASSERT_GE(H5Dwrite(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  }
  for (const auto check : {HashCheck::skip, HashCheck::verify}) {
    try {
      inspect_file(path, check);
      FAIL() << "accepted";
    } catch (const InputError& error) {
      EXPECT_TRUE(contains(error.what(), "/labels/formation_energy_per_atom: block 0 (bytes 0 to 19999, rows 0 to 4999)")) << error.what();
    }
  }
}

TEST(InspectDataset, AskedForANodeItSaysHowTheDatasetIsLoadedThere) {
  const auto path = scratch("node.h5");
  write_dataset(MPI_COMM_SELF, path, example_rows(0, 57), example_description());
  const auto on = [&](std::uint64_t bytes) { return nlohmann::json::parse(inspect_file(path, HashCheck::skip, {bytes, 4}).json)["memory"]; };
  EXPECT_EQ(inspect(path)["memory"], nullptr);
  // 57 rows of 9 + 72 + 8 + 1 + 1 + 4 + 4 + 4 + 8 + 2 * 4 + 1 bytes and more for atoms: some 10 kB.
  const auto large = on(1U << 30U);
  EXPECT_EQ(large["mode"], "whole");
  EXPECT_EQ(large["window_rows"], 57);
  EXPECT_GT(large["array_bytes"], 57 * 120);
  EXPECT_LT(large["array_bytes"], 57 * 240);
  const auto bytes = large["array_bytes"].get<std::uint64_t>();
  const auto small = on(bytes);
  EXPECT_EQ(small["mode"], "streamed");
  EXPECT_EQ(small["window_rows"], 12);  // 0.45 of the memory, two windows: 0.225 of 57 rows
  EXPECT_TRUE(contains(inspect_file(path, HashCheck::skip, {bytes, 4}).text, "streamed: train with --window-rows 12, of which 2 windows"));
}

TEST(InspectDataset, AnEmptyDatasetAndControlCharactersDoNoHarm) {
  auto description = example_description();
  description.licence = "\x1b[31mred";
  write_dataset(MPI_COMM_SELF, scratch("none.h5"), example_rows(0, 0), description);
  const auto got = inspect_file(scratch("none.h5"));
  EXPECT_TRUE(contains(got.text, "?[31mred")) << got.text;
  EXPECT_EQ(nlohmann::json::parse(got.json)["labels"]["band_gap"]["mean"], nullptr);
}

TEST(InspectCheckpoint, ARunFolderShowsItsBestModelOrItsNewestCheckpoint) {
  const std::vector<float> weight(12), moment(24);
  CheckpointContent content;
  content.arrays = {{"weights/a", {3, 4}, std::span<const float>(weight)}, {"optimizer/m", {24}, std::span<const float>(moment)}};
  content.texts = {{"configuration", "width = 64\nheads = 4\n"}, {"dataset_hash", "abc"}};
  content.integers = {{"consumed_samples", 1234567}};
  const auto run = scratch("run");
  std::filesystem::remove_all(run);
  EXPECT_THROW(inspect_file((std::filesystem::create_directories(run), run)), InputError);
  write_checkpoint(run / "checkpoints" / checkpoint_file_name(1), content);
  content.integers["consumed_samples"] = 7654321;
  write_checkpoint(run / "checkpoints" / checkpoint_file_name(20), content);
  EXPECT_EQ(inspect(run)["consumed_samples"], 7654321);
  content.integers["consumed_samples"] = 42;
  write_checkpoint(run / "best.h5", content);
  const auto d = inspect(run);
  EXPECT_EQ(d["consumed_samples"], 42);
  EXPECT_EQ(d["parameters"], 12);
  EXPECT_EQ(d["groups"]["optimizer"]["elements"], 24);
  const auto text = inspect_file(run).text;
  for (const char* part : {"width = 64\n", "3 x 4", "abc"}) EXPECT_TRUE(contains(text, part)) << text;
}

TEST(InspectResults, StatusReasonsAndRangesAreRight) {
  ResultRows rows;
  rows.id = {"a", "b", "c"};
  rows.source = {"s", "s", "s"};
  rows.status = {0, 3, 0};
  rows.reason = {"", "no composition", ""};
  rows.predictions.resize(1);
  rows.predictions[0].value = {1.0F, NAN, 3.0F};
  rows.crystal_system_probability = {0, 0, 0, 0, 0, 0, 1, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0.9F, 0.1F, 0, 0, 0, 0, 0};
  ResultDescription description;
  description.labels = {{"band_gap", "eV"}};
  description.attributes = {{"model_hash", "feed"}};
  write_results(MPI_COMM_SELF, scratch("results.h5"), rows, description);
  const auto d = inspect(scratch("results.h5"));
  EXPECT_EQ(d["status"], (nlohmann::json{{"0", 2}, {"3", 1}}));
  EXPECT_EQ(d["reasons"][0], (nlohmann::json{{"reason", "no composition"}, {"rows", 1}}));
  EXPECT_EQ(d["predictions"]["band_gap"]["value"]["mean"], 2.0);
  EXPECT_EQ(d["predictions"]["band_gap"]["value"]["unknown"], 1);
  EXPECT_EQ(d["crystal_systems"]["cubic"], 1);
  EXPECT_EQ(d["crystal_systems"]["triclinic"], 1);
  EXPECT_EQ(d["attributes"]["model_hash"], "feed");
  EXPECT_TRUE(contains(inspect_file(scratch("results.h5")).text, "3 (2 ok, 1 without a prediction)"));
}

TEST(Inspect, OtherFilesAreRefused) {
  EXPECT_THROW(inspect_file(scratch("missing.h5")), InputError);
  EXPECT_THROW(inspect_file(XXACT_SOURCE_DIR "/CMakeLists.txt"), InputError);
}

}  // namespace
}  // namespace xxact::io
