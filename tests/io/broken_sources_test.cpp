// Broken sources: each gives its reject line with file, record and reason, nothing crashes, and the good records beside
// them arrive, on any number of ranks.
#include <gtest/gtest.h>
#include <mpi.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "io/ingest.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

const std::string kEntry = R"({"data": {"mat_id": "agm1", "e_form": -0.5, "band_gap_ind": 0.1, "spg": 221}, "structure": {"lattice": {"matrix": [[4, 0, 0], [0, 4, 0], [0, 0, 4]]},
  "sites": [{"species": [{"element": "Cs", "occu": 1}], "abc": [0, 0, 0]}, {"species": [{"element": "Cl", "occu": 1}], "abc": [0.5, 0.5, 0.5]}]}})";

constexpr int kWholeFile = -1, kSomewhere = -2;

struct Broken {
  std::string file, bytes;
  int record;
  std::string reason;
};

std::string csv_row(const std::string& id, const std::string& energy, const std::string& cif) { return fmt::format("{},{},\"{}\"\n", id, energy, cif); }
std::string list_of(const std::string& entries) { return fmt::format("[{}]", entries); }

std::vector<Broken> broken_sources() {
  const std::string cif = rock_salt_cif();
  const std::string header = "material_id,formation_energy_per_atom,cif\n";
  std::string many = cif;
  for (int i = 0; i < 4100; ++i) many += "Na NaX 0.1 0.1 0.1 1\n";
  std::string long_csv = header;
  for (int i = 0; i < 60000; ++i) long_csv += fmt::format("r{},{},\"\"\n", i, i * 0.37);
  return {
      {"empty.cif", "", kWholeFile, "empty"},
      {"empty.csv.gz", gzip(""), kWholeFile, "empty"},
      {"header_only.csv", header, kWholeFile, "no records"},
      {"unknown_format", "\x7F" "ELF something", kWholeFile, "unknown format"},
      {"wrong.json.bz2", "BZh9 this is not bzip2 at all", kWholeFile, "bzip2 data are damaged"},
      {"columns.csv", "a,b\n1,2\n", kWholeFile, "neither a cif nor a formula column"},
      {"cut.json", fmt::format("[{}, {}", kEntry, kEntry.substr(0, 100)), 1, "ends in the middle of an entry; the 1 records before are kept"},
      {"quote.csv", header + "x,1,\"" + cif, kWholeFile, "inside a quoted cell"},
      {"cut.csv.gz", gzip(long_csv).substr(0, 20000), kSomewhere, "gzip data are damaged or end early"},
      {"not_json.json", "<html>", kWholeFile, "neither a list nor an object"},
      {"syntax.json", list_of(with(kEntry, "\"e_form\": -0.5", "\"e_form\" -0.5")), 0, "not valid JSON"},
      {"nan_lattice.json", list_of(with(kEntry, "[4, 0, 0]", "[NaN, 0, 0]")), 0, "lattice matrix is missing or no finite number"},
      {"two_rows.json", list_of(with(kEntry, "[4, 0, 0], ", "")), 0, "no lattice matrix of three rows"},
      {"flat.json", list_of(with(kEntry, "[0, 4, 0]", "[4, 0, 0]")), 0, "cell volume is 0"},
      {"occupancy.json", list_of(with(kEntry, "\"occu\": 1", "\"occu\": -0.5")), 0, "occupancy of Cs (atom 1) is -0.5"},
      {"dummy.json", list_of(with(kEntry, "\"Cs\"", "\"X0+\"")), 0, "unknown element \"X0+\""},
      {"group.json", list_of(with(kEntry, "221", "300")), 0, "spg is no space group number"},
      {"label.json", list_of(with(kEntry, "-0.5", "[1]")), 0, "e_form is neither a number nor null"},
      {"scalar.json", list_of(kEntry + ", 17"), 1, "not an object"},
      {"utf8.json", list_of(with(kEntry, "agm1", "agm\xFF")), 0, "not UTF-8"},
      {"no_cell.cif", with(cif, "_cell_length_a 5.6402\n", ""), 0, "no cell"},
      {"no_blocks.cif", "hello", kWholeFile, "not a CIF"},
      {"zero.cif", with(cif, "_cell_length_a 5.6402", "_cell_length_a 0"), 0, "_cell_length_a is 0"},
      {"element.cif", with(cif, "Cl Cl4", "Qz Qz4"), 0, "unknown element \"Qz\""},
      {"overlap.cif", with(cif, "0.5 0.5 0.5", "0.52 0.5 0.02"), 0, "closer than 0.5"},
      {"sum.cif", with(with(cif, "Na0 0 0 0 1", "Na0 0 0 0 0.8"), "Cl4 0.5 0.5 0.5 1", "Cl4 0 0 0 0.4"), 0, "total occupancy of 1.2"},
      {"many.cif", many, 0, "atoms, more than 1000"},
      {"number.csv", header + csv_row("x", "minus one", cif), 0, "formation_energy_per_atom is no number: \"minus one\""},
      {"infinite.csv", header + csv_row("x", "1e300", cif), 0, "float32"},
      {"cells.csv", header + "x,1\n", 0, "2 cells where the header has 3"},
      {"utf8.csv", header + csv_row("\xC3\x28", "1", cif), 0, "column material_id is not UTF-8"},
      {"long_id.csv", header + csv_row(std::string(65, 'i'), "1", cif), 0, "longer than 64 bytes"},
      {"no_cif.csv", header + "x,1,\n", 0, "column cif is empty"},
      {"formula.csv", "formula,target\nFeXy,1\n", 0, "no element is named \"Xy\""},
  };
}

std::vector<nlohmann::json> lines_of(const std::filesystem::path& path) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}


TEST(BrokenSources, EachIsRejectedWithItsReasonAndTheGoodOnesArrive) {
  const auto folder = shared_folder("broken");
  const std::vector<Broken> sources = broken_sources();
  if (World().rank == 0) {
    for (const Broken& broken : sources) write_file(folder / broken.file, broken.bytes);
    write_file(folder / "good.cif", rock_salt_cif());
    write_file(folder / "good.csv", fmt::format("material_id,formation_energy_per_atom,cif\nbad,x,y\ngood,-1.5,\"{}\"\n", rock_salt_cif()));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  IngestOptions options;
  options.inputs = {folder / "missing.cif"};
  for (const Broken& broken : sources) options.inputs.push_back(folder / broken.file);
  options.inputs.push_back(folder / "good.cif");
  options.inputs.push_back(folder / "good.csv");
  options.output = folder / "out.h5";
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);

  std::map<std::string, std::vector<nlohmann::json>> rejects;
  std::vector<std::string> order;
  for (const auto& line : lines_of(summary.rejects)) {
    const std::string name = std::filesystem::path(line["source"].get<std::string>()).filename();
    if (!rejects.count(name)) order.push_back(name);
    rejects[name].push_back(line);
  }
  for (const Broken& broken : sources) {
    ASSERT_TRUE(rejects.count(broken.file)) << broken.file;
    const nlohmann::json& line = rejects[broken.file].back();
    EXPECT_NE(line["reason"].get<std::string>().find(broken.reason), std::string::npos) << broken.file << ": " << line;
    if (broken.record != kSomewhere) {
      EXPECT_EQ(line["record"], broken.record == kWholeFile ? nlohmann::json(nullptr) : nlohmann::json(broken.record)) << broken.file;
      EXPECT_EQ(rejects[broken.file].size(), 1U) << broken.file;
    }
  }
  EXPECT_NE(rejects["missing.cif"].at(0)["reason"].get<std::string>().find("no such file"), std::string::npos);
  EXPECT_EQ(rejects["good.csv"].at(0)["id"], "bad");
  ASSERT_EQ(order.size(), sources.size() + 2);
  for (std::size_t i = 0; i < sources.size(); ++i) EXPECT_EQ(order[i + 1], sources[i].file) << "rejects come in input order";

  const Dataset dataset = read_dataset(options.output, HashCheck::verify);
  std::vector<std::string> ids;
  for (std::int64_t row = 0; row < dataset.size(); ++row) ids.emplace_back(dataset.id(row));
  EXPECT_EQ(ids, (std::vector<std::string>{"agm1", "agm1", "good", "good"}));
  EXPECT_EQ(summary.rows, 4);
  EXPECT_EQ(summary.duplicate_ids, 2);
  EXPECT_EQ(summary.rejected, static_cast<std::int64_t>(lines_of(summary.rejects).size()));
}

TEST(BrokenSources, NothingUsableIsAnInputErrorWithTheRejectsWritten) {
  const auto folder = shared_folder("hopeless");
  if (World().rank == 0) write_file(folder / "a.csv", "formula\nXx\nYy\n");
  MPI_Barrier(MPI_COMM_WORLD);
  IngestOptions options;
  options.inputs = {folder / "a.csv", folder / "missing.json"};
  options.output = folder / "out.h5";
  EXPECT_THROW(ingest(MPI_COMM_WORLD, options), InputError);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_EQ(lines_of(rejects_path(options.output)).size(), 3U);
  EXPECT_FALSE(std::filesystem::exists(options.output));
}

TEST(BrokenSources, DamageKeepsTheRecordsBeforeIt) {
  const auto folder = shared_folder("damage");
  if (World().rank == 0) {
    std::string text = "formula,target\n";
    for (int i = 1; i <= 200000; ++i) text += fmt::format("Fe{}O{},{}\n", i % 7 + 1, i % 5 + 1, std::sin(i));
    const std::string bytes = gzip(text);
    write_file(folder / "cut.csv.gz", bytes.substr(0, bytes.size() / 2));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  IngestOptions options;
  options.inputs = {folder / "cut.csv.gz"};
  options.output = folder / "out.h5";
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(summary.rejected, 1);
  EXPECT_GT(summary.rows, 1000);
  const auto lines = lines_of(summary.rejects);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["record"].get<std::int64_t>(), summary.rows);
}

/// The reason of the first reject of each source, by the source's file name.
std::map<std::string, std::string> reasons_by_source(const std::filesystem::path& rejects) {
  std::map<std::string, std::string> reasons;
  for (const auto& line : lines_of(rejects)) reasons.try_emplace(std::filesystem::path(line["source"].get<std::string>()).filename(), line["reason"].get<std::string>());
  return reasons;
}

TEST(BrokenSources, InputsThatAreNoFilesAreRejectedWithoutWaiting) {
  const auto folder = shared_folder("no-files");
  int made = 0;
  if (World().rank == 0) {
    for (const char* name : {"pipe.csv", "pipe.zip"}) made += mkfifo((folder / name).c_str(), 0600);  // opening one would wait for a writer
    std::filesystem::create_symlink(folder / "nowhere.cif", folder / "dangling.cif");
    for (const char* name : {"loop.cif", "loop.zip"}) std::filesystem::create_symlink(name, folder / name);
    write_file(folder / "good.cif", rock_salt_cif());
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_EQ(made, 0);
  IngestOptions options;
  const std::map<std::string, std::string> expected = {
      {"pipe.csv", "not a regular file"}, {"pipe.zip", "not a regular file"}, {"dangling.cif", "no such file"}, {"loop.cif", "no such file"}, {"loop.zip", "no such file"}};
  for (const auto& [name, reason] : expected) options.inputs.push_back(folder / name);
  options.inputs.push_back(folder / "good.cif");
  options.output = folder / "out.h5";
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(summary.rows, 1);
  auto reasons = reasons_by_source(summary.rejects);
  EXPECT_EQ(reasons.size(), expected.size());
  for (const auto& [name, reason] : expected) EXPECT_NE(reasons[name].find(reason), std::string::npos) << name << ": " << reasons[name];
}

TEST(BrokenSources, FilesThatMayNotBeReadAreRejected) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const auto folder = shared_folder("unreadable");
  if (World().rank == 0) {
    for (const char* name : {"secret.csv", "secret.zip"}) {
      write_file(folder / name, "formula\nNaCl\n");
      std::filesystem::permissions(folder / name, std::filesystem::perms::none);
    }
    write_file(folder / "good.cif", rock_salt_cif());
  }
  MPI_Barrier(MPI_COMM_WORLD);
  IngestOptions options;
  options.inputs = {folder / "secret.csv", folder / "secret.zip", folder / "good.cif"};
  options.output = folder / "out.h5";
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(summary.rows, 1);
  EXPECT_EQ(reasons_by_source(summary.rejects).size(), 2U);
}

}  // namespace
}  // namespace xxact::io
