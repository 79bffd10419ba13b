// Rows of a dataset that is being written, wherever they lie: in memory, or in files that are mapped when they are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "io/dataset.hpp"

namespace xxact::io {

/// Arrays of some rows, as long as `keep` lives. Rows are counted from 0, offsets begin anywhere.
struct OpenRows {
  std::shared_ptr<const void> keep;
  DatasetArrays arrays;      // `source_file` may be empty, see DatasetPiece; labels in an order of their own
  std::size_t id_width = 1;  // of arrays.id
};

/// Consecutive rows of the dataset: rows [first, first + rows) of what `open` gives.
struct DatasetPiece {
  std::function<OpenRows()> open;  // any number of times, always the same; throws InputError or IoError
  std::int64_t first = 0, rows = 0;
  std::optional<std::uint32_t> source_file;         // of all its rows, in place of an array
  std::vector<std::optional<std::size_t>> labels;   // which of the open arrays is label i of the description; nothing: unknown
};

/// `rows` as pieces of at most 65,536 rows. They look at `rows`, which must outlive them.
/// Throws CommError when the arrays contradict each other, `labels` being the number of label columns, and InputError
/// for an id longer than 64 bytes or with a NUL.
std::vector<DatasetPiece> pieces_of(const DatasetRows& rows, std::size_t labels);

/// The arrays of `rows` where they lie, but for the ids, which are in `padded_ids`.
DatasetArrays arrays_of(const DatasetRows& rows, std::string_view padded_ids);

/// Throws like pieces_of.
void check_rows(const DatasetRows& rows, std::size_t labels);

}  // namespace xxact::io
