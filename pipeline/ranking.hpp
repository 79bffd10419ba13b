// The ranking of result rows by one column over all ranks, as CSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/results_table.hpp"
#include "pipeline/comm/communicator.hpp"

namespace xxact::pipeline {

/// Names of the columns that follow id and formula, in order.
std::vector<std::string> ranking_columns(const io::ResultRows& rows, const io::ResultDescription& description);

/// CSV with header `rank,global_rank,id,formula,...` of the `top` best rows (0: all) on rank 0, empty elsewhere. `global_rank`
/// counts all predicted rows, `rank` those listed. Rows without prediction are not ranked; ties go to the earlier row.
/// ConfigError when there is no such column. Collective on comm.
std::string ranking_csv(const io::ResultRows& local, const io::ResultDescription& description, const std::string& column, bool descending, std::int64_t top, const comm::Communicator& comm);

/// A text cell: quoted where CSV needs it; a leading = + - @ gets an apostrophe, so that no spreadsheet runs it.
std::string csv_text(const std::string& text);

}  // namespace xxact::pipeline
