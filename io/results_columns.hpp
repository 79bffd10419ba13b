// The columns of a result table: names, types, and where their values lie in rows in memory.
#pragma once

#include <string>
#include <vector>

#include "io/hdf5_transfer.hpp"
#include "io/results_file.hpp"

namespace xxact::io {

struct ResultColumn {
  std::string name, units;
  hdf5::ArraySpec spec;             // of the rows in memory
  const void* data = nullptr;       // of numbers
  std::vector<std::string> const* texts = nullptr;
  std::size_t values = 0;           // that there are; a column of another length is an error
};

/// The columns of a layout but /reason, over the values of `rows`.
std::vector<ResultColumn> result_columns(const ResultLayout& layout, const ResultRows& rows);

}  // namespace xxact::io
