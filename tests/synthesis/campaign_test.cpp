// Campaigns on any number of ranks: the same content, and JSON that ingest reads as the same structures.
#include <gtest/gtest.h>
#include <mpi.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "io/ingest.hpp"
#include "pipeline/synthesis/campaign.hpp"
#include "tests/io/mpi_world.hpp"

#include <fmt/format.h>

namespace xxact::synthesis {
namespace {

using io::shared_folder;

io::Dataset parents_in(const std::filesystem::path& folder) {
  io::IngestOptions ingest;
  ingest.inputs = {std::string(XXACT_SOURCE_DIR) + "/data/mp20.csv.gz"};
  ingest.output = folder / "parents.h5";
  ingest.symmetry = io::SymmetryPolicy::none;
  io::ingest(MPI_COMM_WORLD, ingest);
  return io::read_dataset(ingest.output);
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

CampaignOptions campaign(const std::filesystem::path& output, std::int64_t count, int files = 1) {
  CampaignOptions options;
  options.output = output;
  options.count = count;
  options.files = files;
  return options;
}

TEST(Campaign, DatasetDoesNotDependOnTheRanks) {
  const auto folder = shared_folder("ranks");
  const io::Dataset parents = parents_in(folder);
  const Synthesizer synthesizer(parents, {.seed = 3});
  CampaignOptions options = campaign(folder / "together.h5", 301);
  options.labels = CampaignLabels::parent;
  const CampaignWritten together = write_campaign(MPI_COMM_WORLD, synthesizer, options);
  options.output = folder / fmt::format("alone{}.h5", io::World().rank);
  EXPECT_EQ(write_campaign(MPI_COMM_SELF, synthesizer, options).content_hash, together.content_hash);

  const io::Dataset made = io::read_dataset(folder / "together.h5", io::HashCheck::verify);
  ASSERT_EQ(made.size(), 301);
  EXPECT_EQ(made.id(7), "syn-007");
  EXPECT_NE(made.description().source.find("synthesized: 301 made-up structures with seed 3"), std::string::npos) << made.description().source;
  EXPECT_NE(made.description().source.find(parents.content_hash()), std::string::npos);
  ASSERT_EQ(made.labels().size(), parents.labels().size());
  EXPECT_EQ(made.labels()[0].definition.find("synthesized: value of the parent structure, not of this row; "), 0U);
  const std::string label = made.labels()[0].name;
  for (std::int64_t row = 0; row < made.size(); ++row) {
    const auto parent = made.record_of(row);
    EXPECT_EQ(made.label(label)[static_cast<std::size_t>(row)], parents.label(label)[parent]);
    EXPECT_EQ(made.space_group()[static_cast<std::size_t>(row)], parents.space_group()[parent]);
    EXPECT_EQ(made.split()[static_cast<std::size_t>(row)], 0);
  }
}

TEST(Campaign, JsonReadsBackAsTheSameStructures) {
  const auto folder = shared_folder("json");
  const io::Dataset parents = parents_in(folder);
  const Synthesizer synthesizer(parents, {.seed = 4});
  write_campaign(MPI_COMM_WORLD, synthesizer, campaign(folder / "direct.h5", 300));
  for (const std::string end : {".json", ".json.gz", ".json.bz2", ".json.zst"}) {
    const auto sub = shared_folder("json" + end);
    const CampaignWritten written = write_campaign(MPI_COMM_WORLD, synthesizer, campaign(sub / ("c" + end), 300, 4));
    ASSERT_EQ(written.files.size(), 4U);
    EXPECT_EQ(written.files[3].filename(), "c-003" + end);
    MPI_Barrier(MPI_COMM_WORLD);
    const auto alone = shared_folder("alone" + end) / std::to_string(io::World().rank);
    const CampaignWritten again = write_campaign(MPI_COMM_SELF, synthesizer, campaign(alone / ("c" + end), 300, 4));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(bytes_of(again.files[i]) == bytes_of(written.files[i])) << written.files[i];

    io::IngestOptions ingest;
    ingest.inputs = {sub};
    ingest.output = folder / ("back" + end + ".h5");
    ingest.symmetry = io::SymmetryPolicy::none;
    const io::IngestSummary summary = io::ingest(MPI_COMM_WORLD, ingest);
    EXPECT_EQ(summary.rows, 300);
    EXPECT_EQ(summary.rejected, 0);
    EXPECT_EQ(summary.tallies.split[0], 300);
    EXPECT_TRUE(summary.labels.empty());
    const io::Dataset direct = io::read_dataset(folder / "direct.h5"), back = io::read_dataset(ingest.output);
    ASSERT_EQ(back.atoms(), direct.atoms());
    for (std::int64_t row = 0; row < 300; ++row) {
      const StructureView a = direct.structure(row), b = back.structure(row);
      EXPECT_EQ(direct.id(row), back.id(row));
      EXPECT_EQ(direct.formula(row), back.formula(row));
      EXPECT_EQ(direct.space_group()[static_cast<std::size_t>(row)], back.space_group()[static_cast<std::size_t>(row)]);
      EXPECT_TRUE(std::ranges::equal(a.atomic_number, b.atomic_number));
      for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(a.lattice[i], b.lattice[i], 1e-8);
      for (std::size_t i = 0; i < a.frac_coords.size(); ++i) EXPECT_NEAR(a.frac_coords[i], b.frac_coords[i], 1e-6);
    }
  }
}

}  // namespace
}  // namespace xxact::synthesis
