// Result tables: rows of all ranks, ragged and empty ones too, come back in the order of the ranks.
#include <gtest/gtest.h>
#include <mpi.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "h5py_oracle.hpp"
#include "io/results_table.hpp"
#include "src/base/error.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/scratch.hpp"

namespace xxact::io {
namespace {

void append_row(ResultRows& rows, std::int64_t i) {
  const bool ok = i % 3 != 1;
  rows.id.push_back("mat-" + std::string(static_cast<std::size_t>(i % 5), 'x') + std::to_string(i));
  rows.source.push_back("input.csv");
  rows.formula.push_back("Fe2O3");
  rows.status.push_back(ok ? 0 : 2);
  rows.reason.push_back(ok ? "" : "no structure and the model needs a pattern");
  rows.predictions.resize(1);
  const float value = ok ? 0.25F * static_cast<float>(i) : std::numeric_limits<float>::quiet_NaN();
  rows.predictions[0].value.push_back(value);
  rows.predictions[0].std.push_back(0.1F);
  for (int system = 0; system < 7; ++system) rows.crystal_system_probability.push_back(0.01F * static_cast<float>(i + system));
  rows.space_group.push_back(static_cast<std::uint8_t>(ok ? 225 - i : 0));
  rows.space_group_probability.push_back(0.02F * static_cast<float>(i));
  rows.metal_probability.push_back(0.03F * static_cast<float>(i));
  rows.ood_score.push_back(0.5F);
}

/// Rank r has `rows_of(r)` rows; the last of several ranks has none.
std::int64_t rows_of(int rank, int ranks) { return ranks > 1 && rank == ranks - 1 ? 0 : 3 + 2 * rank; }

ResultRows local_rows(const World& world) {
  ResultRows rows;
  std::int64_t first = 0;
  for (int r = 0; r < world.rank; ++r) first += rows_of(r, world.ranks);
  for (std::int64_t i = 0; i < rows_of(world.rank, world.ranks); ++i) append_row(rows, first + i);
  return rows;
}

ResultDescription description() {
  ResultDescription d;
  d.labels = {{"band_gap", "eV"}};
  d.attributes = {{"model_hash", "abc123"}, {"dataset_hash", "def"}, {"program_version", "0.1.0"}};
  return d;
}

TEST(ResultsTable, RaggedRowsOfAllRanksComeBackInOrder) {
  const World world;
  write_results(MPI_COMM_WORLD, scratch("predictions.h5"), local_rows(world), description());
  ResultRows want;
  std::int64_t total = 0;
  for (int r = 0; r < world.ranks; ++r) total += rows_of(r, world.ranks);
  for (std::int64_t i = 0; i < total; ++i) append_row(want, i);
  const auto got = read_results(scratch("predictions.h5"));
  EXPECT_EQ(got.rows.id, want.id);
  EXPECT_EQ(got.rows.source, want.source);
  EXPECT_EQ(got.rows.formula, want.formula);
  EXPECT_EQ(got.rows.status, want.status);
  EXPECT_EQ(got.rows.reason, want.reason);
  EXPECT_EQ(got.rows.crystal_system_probability, want.crystal_system_probability);
  EXPECT_EQ(got.rows.space_group, want.space_group);
  EXPECT_EQ(got.rows.space_group_probability, want.space_group_probability);
  EXPECT_EQ(got.rows.metal_probability, want.metal_probability);
  EXPECT_EQ(got.rows.ood_score, want.ood_score);
  ASSERT_EQ(got.rows.predictions.size(), 1U);
  ASSERT_EQ(got.rows.predictions[0].value.size(), want.status.size());
  for (std::size_t i = 0; i < want.status.size(); ++i)
    EXPECT_TRUE(got.rows.predictions[0].value[i] == want.predictions[0].value[i] || (want.status[i] != 0 && std::isnan(got.rows.predictions[0].value[i])));
  EXPECT_TRUE(got.rows.predictions[0].lo90.empty());
  EXPECT_TRUE(got.rows.pass_probability.empty());
  EXPECT_EQ(got.description.labels, description().labels);
  EXPECT_EQ(got.description.attributes, description().attributes);
}

TEST(ResultsTable, H5pyReadsTheColumns) {
  const World world;
  write_results(MPI_COMM_WORLD, scratch("h5py.h5"), local_rows(world), description(), 4);
  if (world.rank != 0) return;
  if (!have_h5py()) GTEST_SKIP() << "no Python with h5py at " XXACT_H5PY_PYTHON;
  const auto text = ask_h5py("results", scratch("h5py.h5"));
  EXPECT_EQ(text.find("mat-0 input.csv 0 - 0.00 0.06\nmat-x1 input.csv 2 no structure and the model needs a pattern nan 0.07\n"), 0U) << text;
  EXPECT_NE(text.find("eV abc123"), std::string::npos) << text;
}

TEST(ResultsTable, ATableWithoutRowsIsWrittenAndRead) {
  write_results(MPI_COMM_WORLD, scratch("empty.h5"), {}, description());
  const auto got = read_results(scratch("empty.h5"));
  EXPECT_EQ(got.rows.size(), 0U);
  EXPECT_EQ(got.description.labels, description().labels);
}

TEST(ResultsTable, AColumnOfAnotherLengthOnOneRankIsAnErrorOnAll) {
  const World world;
  std::filesystem::remove(scratch("ragged.h5"));  // of an earlier run
  MPI_Barrier(MPI_COMM_WORLD);
  auto rows = local_rows(world);
  if (world.rank == 0) rows.ood_score.pop_back();
  EXPECT_THROW(write_results(MPI_COMM_WORLD, scratch("ragged.h5"), rows, description()), CommError);
  EXPECT_FALSE(std::filesystem::exists(scratch("ragged.h5")));
}

TEST(ResultsTable, LongReasonsAreCutAtAWholeCharacter) {
  const World world;
  auto rows = local_rows(world);
  if (world.rank == 0) {
    rows.reason[0].clear();
    for (int i = 0; i < 600; ++i) rows.reason[0] += "\xc3\xa9";
  }
  write_results(MPI_COMM_WORLD, scratch("long.h5"), rows, description());
  const auto reason = read_results(scratch("long.h5")).rows.reason.at(0);
  EXPECT_LE(reason.size(), 1000U);
  EXPECT_EQ(reason.substr(reason.size() - 5), "\xc3\xa9...");
}

TEST(ResultsTable, EmbeddingsKeepTheirWidth) {
  const World world;
  auto rows = local_rows(world);
  auto d = description();
  d.embedding_widths = {{"fused", 4}, {"xrd", 2}};
  rows.embeddings["fused"].assign(4 * rows.size(), static_cast<float>(world.rank));
  rows.embeddings["xrd"].assign(2 * rows.size(), 1.0F);
  write_results(MPI_COMM_WORLD, scratch("embedding.h5"), rows, d);
  const auto got = read_results(scratch("embedding.h5"));
  EXPECT_EQ(got.description.embedding_widths, d.embedding_widths);
  EXPECT_EQ(got.rows.embeddings.at("fused").size(), 4 * got.rows.size());
  EXPECT_EQ(got.rows.embeddings.at("xrd"), std::vector<float>(2 * got.rows.size(), 1.0F));
}

}  // namespace
}  // namespace xxact::io
