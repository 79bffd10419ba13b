// The ranking of result rows by one column over all ranks, as CSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/results_table.hpp"
#include "pipeline/comm/communicator.hpp"

namespace xxact::pipeline {

/// Which columns there are beside those of the labels.
struct RankedColumns {
  bool crystal_systems = false, space_groups = false, metals = false;
};

/// Names of the columns that follow id and formula, in order.
std::vector<std::string> ranking_columns(const io::ResultDescription& description, const RankedColumns& more);

/// Takes result rows block by block and keeps the best.
class Ranking {
 public:
  /// `top`: how many rows are kept, 0: all. ConfigError when there is no such column.
  Ranking(const io::ResultDescription& description, const RankedColumns& more, const std::string& column, bool descending, std::int64_t top);

  /// Rows from row `first` of the table on. Rows without prediction are not ranked; ties go to the earlier row.
  void add(const io::ResultRows& rows, std::int64_t first);

  /// CSV with header `rank,global_rank,id,formula,...` of the best rows of all ranks on rank 0, empty elsewhere. `global_rank`
  /// counts all predicted rows, `rank` those listed. Collective on comm.
  std::string csv(const comm::Communicator& comm) const;

 private:
  struct Candidate {
    double key;             // smaller is better; NaN is worst
    std::int64_t position;  // in the whole table
    std::string cells;      // id,formula,columns
  };
  void keep_best(std::vector<Candidate>& candidates) const;

  std::vector<std::string> columns_;
  std::size_t column_;
  bool descending_;
  std::int64_t top_;
  std::vector<Candidate> best_;
};

/// A text cell: quoted where CSV needs it; a leading = + - @ gets an apostrophe, so that no spreadsheet runs it.
std::string csv_text(const std::string& text);

}  // namespace xxact::pipeline
