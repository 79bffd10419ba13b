// Ingest of the real sets on any number of ranks: every row arrives, in input order, with the split of the published
// rule, and the file is the same as one rank alone makes it. Expected counts by Python from the CSV files (hashlib over
// the reduced formula of each CIF's site list).
#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>

#include "io/dataset.hpp"
#include "io/ingest.hpp"
#include "io/input_files.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

std::string data(const std::string& name) { return std::string(XXACT_SOURCE_DIR) + "/data/" + name; }

IngestOptions options_for(std::vector<std::filesystem::path> inputs, const std::filesystem::path& output) {
  IngestOptions options;
  options.inputs = std::move(inputs);
  options.output = output;
  options.symmetry = SymmetryPolicy::none;
  return options;
}

/// Ingests on all ranks, then on each rank of its own into another file; returns whether both say the same hash.
bool same_alone(const IngestOptions& options, const IngestSummary& together) {
  IngestOptions alone = options;
  alone.output = options.output.string() + fmt::format(".alone{}", World().rank);
  return ingest(MPI_COMM_SELF, alone).content_hash == together.content_hash;
}

TEST(Ingest, MaterialsProjectSet) {
  const auto folder = shared_folder("mp20");
  const auto options = options_for({data("mp20.csv.gz")}, folder / "mp20.h5");
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(summary.rows, 9191);
  EXPECT_EQ(summary.rejected, 0);
  EXPECT_EQ(summary.duplicate_ids, 0);
  EXPECT_EQ(summary.tallies.split[0], 7361);
  EXPECT_EQ(summary.tallies.split[1], 929);
  EXPECT_EQ(summary.tallies.split[2], 901);
  ASSERT_EQ(summary.labels.size(), 3U);
  EXPECT_EQ(summary.labels[0].name, "formation_energy_per_atom");
  EXPECT_EQ(summary.labels[0].units, "eV/atom");
  EXPECT_NE(summary.labels[0].definition.find("Materials Project"), std::string::npos);
  EXPECT_TRUE(same_alone(options, summary));

  const Dataset dataset = read_dataset(options.output, HashCheck::verify);
  ASSERT_EQ(dataset.size(), 9191);
  EXPECT_EQ(dataset.atoms(), 90130);
  EXPECT_EQ(dataset.id(0), "mp-865981");
  EXPECT_EQ(dataset.id(1), "mp-754553");
  EXPECT_EQ(dataset.space_group()[1], 62);
  EXPECT_EQ(dataset.label("formation_energy_per_atom")[0], static_cast<float>(-0.4363681541666666));
  EXPECT_EQ(dataset.label("band_gap")[1], static_cast<float>(0.2182000000000004));
  const StructureView second = dataset.structure(1);
  ASSERT_EQ(second.atoms(), 20U);
  EXPECT_EQ(second.atomic_number[12], 7);
  EXPECT_EQ(second.frac_coords[3 * 12 + 1], 0.08446400F);
  EXPECT_NEAR(second.lattice[0], 3.40521300, 1e-12);
  for (std::int64_t row = 0; row < dataset.size(); ++row) ASSERT_EQ(dataset.record_of(row), static_cast<std::uint32_t>(row));
}

TEST(Ingest, PerovskitesHaveTheirOwnDefinitions) {
  const auto folder = shared_folder("perovskites");
  const auto options = options_for({data("perovskites.csv.gz")}, folder / "perovskites.h5");
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(summary.rows, 3787);
  EXPECT_EQ(summary.rejected, 0);
  EXPECT_EQ(summary.tallies.split[0], 3076);
  EXPECT_EQ(summary.tallies.split[1], 378);
  EXPECT_EQ(summary.tallies.split[2], 333);
  ASSERT_EQ(summary.labels.size(), 4U);
  for (const LabelInfo& label : summary.labels) EXPECT_NE(label.definition.find("Castelli"), std::string::npos) << label.name;
  EXPECT_TRUE(same_alone(options, summary));
}

TEST(InputFiles, EveryRecordHasOneReaderAndBulkSetsAreReadOnce) {
  for (const int ranks : {1, 2, 3, 7, 64})
    for (const std::vector<std::uint64_t>& bytes : std::vector<std::vector<std::uint64_t>>{{100000}, {0, 0}, {1, 1000}, {500, 500, 1, 1, 500}, std::vector<std::uint64_t>(45, 150), std::vector<std::uint64_t>(1000, 3)}) {
      const auto readers = assign_readers(bytes, ranks);
      std::vector<int> files_of(static_cast<std::size_t>(ranks), 0);
      for (const FileReaders& reader : readers) {
        EXPECT_GE(reader.first, 0);
        EXPECT_LE(reader.first + reader.ranks, ranks);
        for (std::int64_t record = 0; record < 1000; ++record) {
          int parsing = 0;
          for (int rank = 0; rank < ranks; ++rank) parsing += reader.include(rank) && reader.parses(rank, record);
          EXPECT_EQ(parsing, 1);
        }
        for (int rank = 0; rank < ranks; ++rank) files_of[static_cast<std::size_t>(rank)] += reader.include(rank);
      }
      const int most = *std::max_element(files_of.begin(), files_of.end());
      if (bytes.size() == 1) {
        EXPECT_EQ(readers[0].ranks, ranks);
      } else if (bytes.size() == 45 && ranks == 64) {
        EXPECT_EQ(most, 1);
      } else if (bytes.size() == 1000) {
        EXPECT_LE(most, 1000 / ranks + 1);
      }
    }
}

TEST(InputFiles, LargeFilesGoToRanksThatHaveLeastToDo) {
  const auto readers = assign_readers({10, 90, 20, 80}, 2);
  EXPECT_EQ(readers[1].first, readers[0].first) << "90 and 10 on one rank";
  EXPECT_EQ(readers[3].first, readers[2].first) << "80 and 20 on the other";
  EXPECT_NE(readers[1].first, readers[3].first);
}

TEST(Ingest, SeveralSourcesKeepTheirOrderAndSayThatDefinitionsAreMixed) {
  const auto folder = shared_folder("mixed");
  if (World().rank == 0) {
    std::filesystem::create_directories(folder / "in/deeper");
    for (int i = 9; i > 0; --i) testing_files::write_file(folder / fmt::format("in/b{}.cif", i), testing_files::rock_salt_cif());
    testing_files::write_file(folder / "in/deeper/a.cif.gz", testing_files::gzip(testing_files::rock_salt_cif()));
    testing_files::write_file(folder / "in/notes.txt", "not a source");
    testing_files::write_file(folder / "formulas.csv", "formula,target\nNaCl,-1\nKCl,\nNaCl,-2\n");
  }
  MPI_Barrier(MPI_COMM_WORLD);
  auto options = options_for({folder / "formulas.csv", folder / "in", data("alexandria_sample.json.bz2")}, folder / "mixed.h5");
  options.symmetry = SymmetryPolicy::given;
  const IngestSummary summary = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(summary.rows, 3 + 10 + 10);
  EXPECT_EQ(summary.rejected, 0);
  EXPECT_TRUE(summary.labels.at(0).definition.starts_with("mixed: as in the source (unspecified) | Alexandria"));
  EXPECT_TRUE(same_alone(options, summary));

  const Dataset dataset = read_dataset(options.output, HashCheck::verify);
  EXPECT_EQ(dataset.id(0), "formulas-0");
  EXPECT_EQ(dataset.id(3), "b1");
  EXPECT_EQ(dataset.id(12), "a");
  EXPECT_EQ(dataset.id(13), "agm003188153");
  EXPECT_FALSE(dataset.has_structure(0));
  EXPECT_TRUE(std::isnan(dataset.structure(0).lattice[0]));
  EXPECT_TRUE(std::isnan(dataset.label("formation_energy_per_atom")[1]));
  EXPECT_EQ(dataset.space_group()[3], 225) << "P 1 of the CIF is no given group: spglib's is used";
  EXPECT_EQ(dataset.space_group_spglib()[3], 225);
  EXPECT_EQ(laue_group_of(decode_laue_group(dataset.structure(3).laue_code)).size(), 24U);
  EXPECT_EQ(dataset.structure(13).laue_code, kNoLaueCode) << "not looked for where a group is given";
  EXPECT_EQ(dataset.space_group()[13], 194);
  EXPECT_EQ(dataset.space_group_spglib()[13], 0) << "not computed where given";
  EXPECT_EQ(dataset.description().sources.size(), 12U);
}

TEST(Ingest, SymmetryPoliciesAndPublishedSplits) {
  const auto folder = shared_folder("policies");
  if (World().rank == 0)
    testing_files::write_file(folder / "x.csv", fmt::format("id,space_group_number,cif\nright,225,\"{0}\"\nwrong,221,\"{0}\"\n", testing_files::rock_salt_cif()));
  MPI_Barrier(MPI_COMM_WORLD);
  auto options = options_for({folder / "x.csv"}, folder / "x.h5");
  options.symmetry = SymmetryPolicy::check;
  options.split_as = Split::validation;
  const IngestSummary checked = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(checked.tallies.groups_compared, 2);
  EXPECT_EQ(checked.tallies.groups_different, 1);
  EXPECT_EQ(checked.tallies.split[1], 2);
  Dataset dataset = read_dataset(options.output);
  EXPECT_EQ(dataset.space_group()[1], 221);
  EXPECT_EQ(dataset.space_group_spglib()[1], 225);
  EXPECT_EQ(dataset.split()[0], static_cast<std::uint8_t>(Split::validation));

  options.symmetry = SymmetryPolicy::compute;
  options.split_as = Split::none;
  const IngestSummary computed = ingest(MPI_COMM_WORLD, options);
  EXPECT_EQ(computed.tallies.groups_compared, 0);
  EXPECT_EQ(computed.tallies.split[0] + computed.tallies.split[1] + computed.tallies.split[2], 0);
  dataset = read_dataset(options.output);
  EXPECT_EQ(dataset.space_group()[1], 225);
  EXPECT_EQ(dataset.split()[0], static_cast<std::uint8_t>(Split::none));
}

TEST(Ingest, AnotherDefinitionReplacesTheTables) {
  const auto folder = shared_folder("definitions");
  auto options = options_for({data("alexandria_sample.json.bz2")}, folder / "x.h5");
  options.label_definitions["band_gap"] = "SCAN";
  EXPECT_EQ(ingest(MPI_COMM_WORLD, options).labels.at(1).definition, "SCAN");
  options.label_definitions["no_such_label"] = "x";
  EXPECT_THROW(ingest(MPI_COMM_WORLD, options), ConfigError);
}

}  // namespace
}  // namespace xxact::io
