// A small dataset with every kind of row: whole, partially occupied, composition only, unknown labels.
#pragma once

#include <cstdint>

#include "io/dataset_rows.hpp"

namespace xxact::io {

/// The description that goes with example_rows.
DatasetDescription example_description();

/// Row `index` of the example is a pure function of its number, so any rank can make any row. Row 5 k + 3 has no
/// structure, row 5 k + 1 partial occupancies, row 7 k an unknown band gap.
void append_example_row(DatasetRows& rows, std::int64_t index);

/// Rows [first, end).
DatasetRows example_rows(std::int64_t first, std::int64_t end);

}  // namespace xxact::io
