// The arrays of a dataset file while it is written: type and shape of each, and how the bytes of a piece are copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/dataset_piece.hpp"
#include "io/hdf5_transfer.hpp"

namespace xxact::io {

/// What an array has one entry for. An offset has one more than there are rows.
enum class EntryOf { row, atom, composition_entry, atom_offset, composition_offset };

/// Counts of some rows.
struct RowCounts {
  std::int64_t rows = 0, atoms = 0, composition_entries = 0, structures = 0;
  std::size_t id_width = 1;  // bytes of the longest id
  bool partial = false;      // whether an occupancy is not 1

  /// Counts of both together.
  RowCounts& operator+=(const RowCounts& other);
};

/// Counts of a piece whose rows are open.
RowCounts count_rows(const DatasetPiece& piece, const OpenRows& open);

/// Where the rows of a piece begin in the file.
struct PiecePlace {
  std::int64_t atoms_before = 0, entries_before = 0;
};

struct DatasetColumn {
  std::string path;
  EntryOf entry_of = EntryOf::row;
  hdf5::ArraySpec spec;  // of the whole file
  /// Appends the piece's entries: `counts` are those of the piece. Offsets without the closing one.
  std::function<void(const DatasetPiece&, const OpenRows&, const PiecePlace&, std::byte* out)> copy;

  /// Entries that a piece of these counts has, without the closing offset.
  std::int64_t entries(const RowCounts& counts) const;
};

/// The columns in the order of the format's table; `whole` are the counts of the whole file.
std::vector<DatasetColumn> dataset_columns(const RowCounts& whole, const std::vector<LabelInfo>& labels);

}  // namespace xxact::io
