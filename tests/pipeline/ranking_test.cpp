// Cells that a spreadsheet would run are disarmed; the order of a ranking and its columns.
#include <gtest/gtest.h>

#include <limits>

#include "pipeline/ranking.hpp"
#include "pipeline/screening.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

io::ResultRows three_rows() {
  io::ResultRows rows;
  rows.id = {"a", "=cmd|' /C calc'!A0", "c"};
  rows.source = {"f", "f", "f"};
  rows.formula = {"NaCl", "KCl", "H2O"};
  rows.status = {0, 0, 1};
  rows.reason = {"", "", "no structure"};
  rows.predictions.resize(1);
  for (auto* column : {&rows.predictions[0].value, &rows.predictions[0].std, &rows.predictions[0].lo90, &rows.predictions[0].hi90}) *column = {-1.0F, -2.0F, 0.0F};
  return rows;
}

io::ResultDescription energy() {
  io::ResultDescription description;
  description.labels = {{"formation_energy_per_atom", "eV/atom"}};
  return description;
}

TEST(Ranking, QuotesWhatASpreadsheetWouldRun) {
  EXPECT_EQ(csv_text("mp-1"), "mp-1");
  EXPECT_EQ(csv_text("=1+1"), "\"'=1+1\"");
  EXPECT_EQ(csv_text("a,\"b\""), "\"a,\"\"b\"\"\"");
}

std::string ranked(bool descending, std::int64_t top) {
  const comm::Communicator self(MPI_COMM_SELF);
  Ranking ranking(energy(), {}, "formation_energy_per_atom", descending, top);
  ranking.add(three_rows(), 0);
  return ranking.csv(self);
}

TEST(Ranking, OrdersPredictedRowsOnly) {
  EXPECT_EQ(ranked(false, 0),
            "rank,global_rank,id,formula,formation_energy_per_atom,formation_energy_per_atom_std,formation_energy_per_atom_lo90,formation_energy_per_atom_hi90\n"
            "1,1,\"'=cmd|' /C calc'!A0\",KCl,-2,-2,-2,-2\n"
            "2,2,a,NaCl,-1,-1,-1,-1\n");
  const auto top = ranked(true, 1);
  EXPECT_NE(top.find("1,1,a,"), std::string::npos) << top;
  EXPECT_EQ(top.find("2,2"), std::string::npos) << top;
}

TEST(Ranking, BlocksInAnyOrderGiveTheSameRanking) {
  const comm::Communicator self(MPI_COMM_SELF);
  Ranking ranking(energy(), {}, "formation_energy_per_atom", false, 3);
  ranking.add(three_rows(), 6);
  ranking.add(three_rows(), 0);
  ranking.add(three_rows(), 3);
  const auto csv = ranking.csv(self);
  EXPECT_NE(csv.find("3,3,\"'=cmd|"), std::string::npos) << csv;
  EXPECT_EQ(csv.find("4,4"), std::string::npos) << csv;
}

TEST(Ranking, UnknownValuesComeLastInTheOrderOfTheTable) {
  const comm::Communicator self(MPI_COMM_SELF);
  auto rows = three_rows();
  rows.status = {0, 0, 0};
  rows.predictions[0].value[0] = rows.predictions[0].value[2] = std::numeric_limits<float>::quiet_NaN();
  for (const bool descending : {false, true}) {
    Ranking ranking(energy(), {}, "formation_energy_per_atom", descending, 0);
    ranking.add(rows, 0);
    const auto csv = ranking.csv(self);
    EXPECT_NE(csv.find("1,1,\"'=cmd|"), std::string::npos) << csv;
    EXPECT_NE(csv.find("2,2,a,"), std::string::npos) << csv;
    EXPECT_NE(csv.find("3,3,c,"), std::string::npos) << csv;
  }
}

TEST(Ranking, NamesTheColumnsThatThereAre) {
  EXPECT_THROW(Ranking(energy(), {}, "band_gap", false, 0), ConfigError);
  EXPECT_NO_THROW(Ranking(energy(), {true, false, false}, "probability_cubic", true, 0));
  EXPECT_THROW(Ranking(energy(), {true, false, false}, "metal_probability", true, 0), ConfigError);
  EXPECT_EQ(ranking_columns({}, {false, true, true}), (std::vector<std::string>{"space_group", "space_group_probability", "metal_probability"}));
  EXPECT_THROW(parse_rank_by("band_gap:up"), ConfigError);
  EXPECT_TRUE(parse_rank_by("band_gap:desc").descending);
}

}  // namespace
}  // namespace xxact::pipeline
