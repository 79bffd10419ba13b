// Formats of source files: CSV, ComputedStructureEntry JSON and CIF, plain and compressed, and the genuine Alexandria
// sample. Expected labels of the sample: its JSON read with Python.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/csv_records.hpp"
#include "io/json_entries.hpp"
#include "io/json_numbers.hpp"
#include "io/read_structures.hpp"
#include "io/source.hpp"
#include "src/base/error.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

std::vector<StructureRecord> read_all(const std::filesystem::path& path) {
  std::vector<StructureRecord> records;
  const auto reader = open_records(path, {});
  while (reader->next()) {
    reader->parse(records.emplace_back());
    check_record(records.back(), {});
  }
  return records;
}

std::vector<std::vector<std::string>> csv_of(const std::string& text, const std::string& name) {
  const auto folder = fresh_folder(name);
  write_file(folder / "x.csv", text);
  CsvRecords records{ByteStream(folder / "x.csv")};
  std::vector<std::vector<std::string>> all;
  while (records.next()) all.push_back(records.cells());
  return all;
}

TEST(CsvRecords, FollowRfc4180) {
  const auto rows = csv_of("\xEF\xBB\xBF" "a,b,c\r\n1,\"x, \"\"y\"\"\nz\",\r\n\r\n,,\"\"\nlast,\"\",end", "csv");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(rows[1], (std::vector<std::string>{"1", "x, \"y\"\nz", ""}));
  EXPECT_EQ(rows[2], (std::vector<std::string>{"", "", ""}));
  EXPECT_EQ(rows[3], (std::vector<std::string>{"last", "", "end"}));
}

TEST(CsvRecords, AreTheSameAcrossChunkBoundaries) {
  std::string text = "id,cell\n";
  const std::string big(300'000, 'q');  // longer than a chunk of the stream
  for (int i = 0; i < 7; ++i) text += std::to_string(i) + ",\"" + big + "\"\"\n" + big + "\"\n";
  const auto rows = csv_of(text, "csv-big");
  ASSERT_EQ(rows.size(), 8U);
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_EQ(rows[i][1], big + "\"\n" + big);
}

std::vector<std::string> entries_of(const std::string& text, const std::string& name) {
  const auto folder = fresh_folder(name);
  write_file(folder / "x.json", text);
  JsonEntries entries{ByteStream(folder / "x.json")};
  std::vector<std::string> all;
  while (entries.next()) all.push_back(entries.text());
  return all;
}

TEST(JsonEntries, AreFoundInListsAndObjects) {
  const std::vector<std::string> expected = {R"({"a": "]},\"{"})", R"({"b": [1, {"c": 2}]})", "3"};
  const std::string list = "[ " + expected[0] + ",\n" + expected[1] + " , 3 ]";
  EXPECT_EQ(entries_of(list, "json-list"), expected);
  EXPECT_EQ(entries_of(R"({"version": {"entries": [9]}, "note": "entries", "entries": )" + list + "}", "json-object"), expected);
  const std::string single = R"({"structure":{"x":[1]},"data":null})";
  EXPECT_EQ(entries_of(single, "json-single"), std::vector<std::string>{single});
  EXPECT_TRUE(entries_of("[]", "json-empty").empty());
  EXPECT_THROW(entries_of("[{\"a\": 1}, {\"b\"", "json-cut"), InputError);
  EXPECT_THROW(entries_of("[{\"a\": 1}", "json-open"), InputError);
  EXPECT_THROW(entries_of("[1 2]", "json-comma"), InputError);
  EXPECT_THROW(entries_of("hello", "json-not"), InputError);
}

TEST(JsonNumbers, NanBecomesNullOutsideStringsOnly) {
  std::string out;
  EXPECT_TRUE(null_for_nan(R"({"NaN": NaN, "x": "NaN \" Infinity", "y": [-Infinity, Infinity]})", out));
  EXPECT_EQ(out, R"({"NaN": null, "x": "NaN \" Infinity", "y": [null, null]})");
  EXPECT_FALSE(null_for_nan(R"({"NaN": 1})", out));
}

TEST(Alexandria, SampleIsReadWithItsLabels) {
  const auto records = read_all(std::string(XXACT_SOURCE_DIR) + "/data/alexandria_sample.json.bz2");
  struct Expected {
    const char* id;
    std::size_t atoms;
    int space_group;
    double formation_energy, hull, direct_gap;
  };
  const std::vector<Expected> expected = {
      {"agm003188153", 4, 194, 0.0, 0.0, 0.0056},        {"agm003157159", 1, 225, 0.012389642, 0.012389642, 0.0},
      {"agm003157511", 2, 194, 0.024209352, 0.024209352, 0.0001}, {"agm002194689", 4, 225, -0.48545977, 0.0013688375, 0.0},
      {"agm002214707", 4, 225, -0.44739658, 0.0, 0.0},   {"agm003189604", 4, 225, -0.32508668, 0.0, 0.0},
      {"agm002326636", 4, 225, -0.3848677, 0.0, 0.0},    {"agm002179621", 4, 225, -0.42699495, 0.01770525, 0.0},
      {"agm002133054", 4, 225, -0.5704917, 0.012087342, 0.0},    {"agm002180645", 4, 225, -0.32918414, 0.011539423, 0.0}};
  ASSERT_EQ(records.size(), expected.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].id, expected[i].id);
    EXPECT_EQ(records[i].atoms(), expected[i].atoms);
    EXPECT_EQ(records[i].space_group, expected[i].space_group);
    EXPECT_EQ(records[i].labels.value[*label_of_key("e_form")], expected[i].formation_energy);
    EXPECT_EQ(records[i].labels.value[*label_of_key("e_above_hull")], expected[i].hull);
    EXPECT_EQ(records[i].labels.value[*label_of_key("band_gap_ind")], 0.0);
    EXPECT_EQ(records[i].labels.value[*label_of_key("band_gap_dir")], expected[i].direct_gap);
    EXPECT_EQ(records[i].labels.source, SourceKind::alexandria);
  }
  EXPECT_EQ(records[0].lattice[8], 12.69499244);
  EXPECT_EQ(records[0].frac_coords[4], 0.66666667);
}

const std::string kEntry = R"({"@class": "ComputedStructureEntry", "entry_id": "mp-1-GGA", "energy": -1.5, "e_form_per_atom": -0.25, "composition": {"Na": 1.0, "Cl": 1.0},
  "data": {"material_id": "mp-1", "band_gap": null}, "structure": {"lattice": {"matrix": [[4, 0, 0], [0, 4, 0], [0, 0, 4]]},
  "sites": [{"species": [{"element": "Na", "occu": 0.5}, {"element": "K", "occu": 0.5, "oxidation_state": 1}], "abc": [0, 0, 0]}, {"species": [{"element": "Cl", "occu": 1}], "abc": [0.5, 0.5, 0.5]}]}})";

TEST(Json, ReadsMixedSitesAndLabelsBesideTheStructure) {
  const auto folder = fresh_folder("json-entry");
  write_file(folder / "x.json", R"({"entries": [)" + kEntry + "]}");
  const auto records = read_all(folder / "x.json");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].id, "mp-1-GGA");
  EXPECT_EQ(records[0].atomic_number, (std::vector<std::uint8_t>{11, 19, 17}));
  EXPECT_EQ(records[0].site, (std::vector<std::uint32_t>{0, 0, 1}));
  EXPECT_EQ(records[0].labels.value[*label_of_key("formation_energy_per_atom")], -0.25);
  EXPECT_TRUE(std::isnan(records[0].labels.value[*label_of_key("band_gap")]));
  EXPECT_EQ(records[0].labels.source, SourceKind::materials_project);
}

TEST(Json, NanLabelsAreUnknownAndEntriesWithoutStructureHaveTheirComposition) {
  const auto folder = fresh_folder("json-nan");
  write_file(folder / "x.json", "[" + with(kEntry, "-0.25", "NaN") + R"(, {"composition": {"Fe3+": 2.0, "O": 3.0}, "data": {"mat_id": "agm1", "e_form": -1.0, "spg": 167}}])");
  const auto records = read_all(folder / "x.json");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_TRUE(std::isnan(records[0].labels.value[*label_of_key("e_form")]));
  EXPECT_FALSE(records[1].has_structure);
  EXPECT_EQ(reduced_formula(records[1].formula), "8:3 26:2");
  EXPECT_EQ(records[1].space_group, 167);
}

TEST(Source, CompressionIsToldByContentNotByName) {
  const auto folder = fresh_folder("compressed");
  const std::string text = "formula,target\nNaCl,-1.5\nFe2O3,\n";
  write_file(folder / "plain.csv.gz", text);
  write_file(folder / "gzip.csv", gzip(text));
  write_file(folder / "bzip2.csv.zst", bzip2(text));
  write_file(folder / "zstd.csv.bz2", zstd(text));
  write_file(folder / "two.csv.gz", gzip("formula,target\nNaCl,-1.5\n") + gzip("Fe2O3,\n"));
  write_file(folder / "frames.csv.zst", zstd("formula,target\nNaCl,-1.5\n") + zstd("Fe2O3,\n"));
  write_file(folder / "no_suffix", gzip(text));
  for (const char* name : {"plain.csv.gz", "gzip.csv", "bzip2.csv.zst", "zstd.csv.bz2", "two.csv.gz", "frames.csv.zst", "no_suffix"}) {
    const auto records = read_all(folder / name);
    ASSERT_EQ(records.size(), 2U) << name;
    EXPECT_EQ(records[0].labels.value[0], -1.5) << name;
    EXPECT_TRUE(std::isnan(records[1].labels.value[0])) << name;
    EXPECT_EQ(reduced_formula(records[1].formula), "8:3 26:2") << name;
  }
}

TEST(Source, TruncationIsNoticedInEveryCompression) {
  const auto folder = fresh_folder("truncated");
  std::string text = "formula,target\n";
  for (int i = 1; i <= 20000; ++i) text += fmt::format("Fe{}O{},{}\n", i, 3 * i % 977 + 1, i * 0.001);
  for (const auto& [name, bytes] : {std::pair{"a.csv.gz", gzip(text)}, std::pair{"a.csv.bz2", bzip2(text)}, std::pair{"a.csv.zst", zstd(text)}}) {
    for (const std::size_t cut : {std::size_t{1}, bytes.size() / 2}) {
      write_file(folder / name, bytes.substr(0, bytes.size() - cut));
      EXPECT_THROW(read_all(folder / name), InputError) << name << " without its last " << cut << " bytes";
    }
    write_file(folder / name, bytes);
    EXPECT_EQ(read_all(folder / name).size(), 20000U) << name;
  }
}

TEST(Source, FormatIsToldByContentWhereTheNameSaysNothing) {
  const auto folder = fresh_folder("sniff");
  write_file(folder / "a", "\n  [" + kEntry + "]");
  write_file(folder / "b", "# made by hand\n" + rock_salt_cif());
  write_file(folder / "c", "id,composition\nx,NaCl\n");
  EXPECT_EQ(read_all(folder / "a").at(0).id, "mp-1-GGA");
  EXPECT_EQ(read_all(folder / "b").at(0).atoms(), 8U);
  EXPECT_EQ(read_all(folder / "c").at(0).id, "x");
}

TEST(Source, SeveralDataBlocksAreSeveralRecords) {
  const auto folder = fresh_folder("blocks");
  write_file(folder / "two.cif", "data_text\n_publ_author_name 'A. Author'\n" + rock_salt_cif() + with(rock_salt_cif(), "data_NaCl", "data_again"));
  write_file(folder / "one.cif", "data_text\n_pd_proc_note ?\n" + rock_salt_cif());
  const auto two = read_all(folder / "two.cif");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].id, "two:NaCl");
  EXPECT_EQ(two[1].id, "two:again");
  EXPECT_EQ(read_all(folder / "one.cif").at(0).id, "one");
}

TEST(ReadStructures, FindsOneRecordByIdOrNumber) {
  const std::string sample = std::string(XXACT_SOURCE_DIR) + "/data/alexandria_sample.json.bz2";
  EXPECT_EQ(read_structures(sample).size(), 10U);
  const auto by_id = read_structures(sample, "agm002214707");
  ASSERT_EQ(by_id.size(), 1U);
  EXPECT_EQ(by_id[0].structure.size(), 1U);
  EXPECT_EQ(by_id[0].space_group, 225);
  EXPECT_EQ(read_structures(sample, "4").at(0).id, "agm002214707");
  EXPECT_THROW(read_structures(sample, "nobody"), InputError);
  EXPECT_THROW(read_structures("does-not-exist.cif"), InputError);
}

}  // namespace
}  // namespace xxact::io
