// Which structures xxact xrd works on, and what they are called in tables and plots.
#pragma once

#include <string>
#include <vector>

#include "io/read_structures.hpp"

namespace xxact {

struct ChosenStructure {
  std::string file;
  io::NamedStructure named;
  std::string column;  // its id, as a column of a table has it; unlike all others of the run
  std::string title;   // formula and id, for plots; one of them where both are the same
};

/// With what the limits ask for, the structure of each file, or the records of one file, or of each file the record at the same place in `records`.
/// Throws ConfigError for a file with several structures and no record, and for records that do not match the files; InputError as read_structures does.
std::vector<ChosenStructure> read_chosen_structures(const std::vector<std::string>& files, const std::vector<std::string>& records, const io::RecordLimits& limits);

}  // namespace xxact
