#include "io/dataset_columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>

namespace xxact::io {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

template <class T>
void copy_span(std::span<const T> values, std::byte* out) {
  if (!values.empty()) std::memcpy(out, values.data(), values.size_bytes());
}

/// NaNs differ in bits between machines; in the file there is one.
template <class T>
void copy_with_one_nan(std::span<const T> values, std::byte* out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T value = std::isnan(values[i]) ? std::numeric_limits<T>::quiet_NaN() : values[i];
    std::memcpy(out + i * sizeof(T), &value, sizeof(T));
  }
}

template <class T>
void fill(std::size_t count, T value, std::byte* out) {
  for (std::size_t i = 0; i < count; ++i) std::memcpy(out + i * sizeof(T), &value, sizeof(T));
}

/// The part of an array that belongs to a piece, `width` entries a row.
template <class T>
std::span<const T> rows_of(std::span<const T> values, const DatasetPiece& piece, std::size_t width = 1) {
  return values.subspan(width * at(piece.first), width * at(piece.rows));
}

/// The part of a ragged array that belongs to a piece.
template <class T>
std::span<const T> ragged_of(std::span<const T> values, std::span<const std::int64_t> offset, const DatasetPiece& piece, std::size_t width = 1) {
  const auto first = at(offset[at(piece.first)] - offset.front()), end = at(offset[at(piece.first + piece.rows)] - offset.front());
  return values.subspan(width * first, width * (end - first));
}

std::string_view id_of(const OpenRows& open, std::int64_t row) {
  const std::string_view field(open.arrays.id.data() + at(row) * open.id_width, open.id_width);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

void copy_ids(const DatasetPiece& piece, const OpenRows& open, std::size_t width, std::byte* out) {
  for (std::int64_t row = 0; row < piece.rows; ++row) {
    const auto id = id_of(open, piece.first + row);
    std::memset(out, 0, width);
    std::memcpy(out, id.data(), id.size());
    out += width;
  }
}

void copy_offsets(std::span<const std::int64_t> offset, const DatasetPiece& piece, std::int64_t before, std::byte* out) {
  const std::int64_t shift = before - offset[at(piece.first)];
  for (std::int64_t row = 0; row < piece.rows; ++row) {
    const std::int64_t value = offset[at(piece.first + row)] + shift;
    std::memcpy(out + at(row) * sizeof value, &value, sizeof value);
  }
}

/// Makes the columns one after the other, in the format's order.
class ColumnList {
 public:
  explicit ColumnList(const RowCounts& whole) : whole_(whole) {}

  template <class T, class Copy>
  void add(std::string path, EntryOf entry_of, std::vector<std::int64_t> row_shape, Copy copy) {
    DatasetColumn column;
    column.path = std::move(path);
    column.entry_of = entry_of;
    column.spec.element = hdf5::element_of<T>;
    column.spec.shape = std::move(row_shape);
    const bool offset = entry_of == EntryOf::atom_offset || entry_of == EntryOf::composition_offset;
    column.spec.shape.insert(column.spec.shape.begin(), column.entries(whole_) + (offset ? 1 : 0));
    if (column.spec.element == hdf5::Element::text) column.spec.text_width = whole_.id_width;
    column.copy = std::move(copy);
    columns.push_back(std::move(column));
  }

  /// A column whose bytes are those of an array.
  template <class T>
  void add_rows(std::string path, std::span<const T> DatasetArrays::*array) {
    add<T>(std::move(path), EntryOf::row, {}, [array](const DatasetPiece& piece, const OpenRows& open, const PiecePlace&, std::byte* out) {
      copy_span(rows_of(open.arrays.*array, piece), out);
    });
  }

  template <class T>
  void add_ragged(std::string path, EntryOf entry_of, std::span<const T> DatasetArrays::*array, std::vector<std::int64_t> row_shape = {}) {
    const std::size_t width = row_shape.empty() ? 1 : at(row_shape.front());
    const auto offset = entry_of == EntryOf::atom ? &DatasetArrays::atom_offset : &DatasetArrays::composition_offset;
    add<T>(std::move(path), entry_of, std::move(row_shape), [array, offset, width](const DatasetPiece& piece, const OpenRows& open, const PiecePlace&, std::byte* out) {
      copy_span(ragged_of(open.arrays.*array, open.arrays.*offset, piece, width), out);
    });
  }

  std::vector<DatasetColumn> columns;

 private:
  RowCounts whole_;
};

void add_structure_columns(ColumnList& list, std::size_t id_width) {
  using Piece = const DatasetPiece&;
  using Open = const OpenRows&;
  using Place = const PiecePlace&;
  list.add<char>("/structures/id", EntryOf::row, {}, [id_width](Piece piece, Open open, Place, std::byte* out) { copy_ids(piece, open, id_width, out); });
  list.add<double>("/structures/lattice", EntryOf::row, {3, 3}, [](Piece piece, Open open, Place, std::byte* out) { copy_with_one_nan(rows_of(open.arrays.lattice, piece, 9), out); });
  list.add<std::int64_t>("/structures/atom_offset", EntryOf::atom_offset, {},
                         [](Piece piece, Open open, Place place, std::byte* out) { copy_offsets(open.arrays.atom_offset, piece, place.atoms_before, out); });
  list.add_rows<std::uint8_t>("/structures/space_group", &DatasetArrays::space_group);
  list.add_rows<std::uint8_t>("/structures/space_group_spglib", &DatasetArrays::space_group_spglib);
  list.add_rows<std::uint32_t>("/structures/laue_code", &DatasetArrays::laue_code);
  list.add<std::uint32_t>("/structures/source_file", EntryOf::row, {}, [](Piece piece, Open open, Place, std::byte* out) {
    if (piece.source_file) fill(at(piece.rows), *piece.source_file, out);
    else copy_span(rows_of(open.arrays.source_file, piece), out);
  });
  list.add_rows<std::uint32_t>("/structures/record", &DatasetArrays::record);
}

void add_label_columns(ColumnList& list, const std::vector<LabelInfo>& labels) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return labels[a].name < labels[b].name; });
  for (const std::size_t label : order)
    list.add<float>("/labels/" + labels[label].name, EntryOf::row, {}, [label](const DatasetPiece& piece, const OpenRows& open, const PiecePlace&, std::byte* out) {
      if (const auto source = piece.labels[label]) copy_with_one_nan(rows_of(open.arrays.labels[*source], piece), out);
      else fill(at(piece.rows), std::numeric_limits<float>::quiet_NaN(), out);
    });
}

}  // namespace

RowCounts& RowCounts::operator+=(const RowCounts& other) {
  rows += other.rows;
  atoms += other.atoms;
  composition_entries += other.composition_entries;
  structures += other.structures;
  id_width = std::max(id_width, other.id_width);
  partial = partial || other.partial;
  return *this;
}

RowCounts count_rows(const DatasetPiece& piece, const OpenRows& open) {
  const auto& a = open.arrays;
  const auto first = at(piece.first), end = at(piece.first + piece.rows);
  RowCounts counts;
  counts.rows = piece.rows;
  counts.atoms = a.atom_offset[end] - a.atom_offset[first];
  counts.composition_entries = a.composition_offset[end] - a.composition_offset[first];
  for (std::size_t row = first; row < end; ++row) {
    counts.structures += a.atom_offset[row + 1] > a.atom_offset[row] ? 1 : 0;
    counts.id_width = std::max(counts.id_width, id_of(open, static_cast<std::int64_t>(row)).size());
  }
  if (a.partial) {
    const auto occupancy = ragged_of(a.occupancy, a.atom_offset, piece);
    counts.partial = std::any_of(occupancy.begin(), occupancy.end(), [](float x) { return x != 1.0F; });
  }
  return counts;
}

std::int64_t DatasetColumn::entries(const RowCounts& counts) const {
  switch (entry_of) {
    case EntryOf::atom: return counts.atoms;
    case EntryOf::composition_entry: return counts.composition_entries;
    case EntryOf::row:
    case EntryOf::atom_offset:
    case EntryOf::composition_offset: break;
  }
  return counts.rows;
}

std::vector<DatasetColumn> dataset_columns(const RowCounts& whole, const std::vector<LabelInfo>& labels) {
  ColumnList list(whole);
  add_structure_columns(list, whole.id_width);
  list.add_ragged<std::uint8_t>("/atoms/atomic_number", EntryOf::atom, &DatasetArrays::atomic_number);
  list.add_ragged<float>("/atoms/frac_coords", EntryOf::atom, &DatasetArrays::frac_coords, {3});
  if (whole.partial)
    list.add<float>("/atoms/occupancy", EntryOf::atom, {}, [](const DatasetPiece& piece, const OpenRows& open, const PiecePlace&, std::byte* out) {
      const auto& a = open.arrays;
      if (a.partial) copy_span(ragged_of(a.occupancy, a.atom_offset, piece), out);
      else fill(ragged_of(a.atomic_number, a.atom_offset, piece).size(), 1.0F, out);
    });
  list.add<std::int64_t>("/composition/offset", EntryOf::composition_offset, {}, [](const DatasetPiece& piece, const OpenRows& open, const PiecePlace& place, std::byte* out) {
    copy_offsets(open.arrays.composition_offset, piece, place.entries_before, out);
  });
  list.add_ragged<std::uint8_t>("/composition/atomic_number", EntryOf::composition_entry, &DatasetArrays::composition_number);
  list.add_ragged<float>("/composition/fraction", EntryOf::composition_entry, &DatasetArrays::composition_fraction);
  add_label_columns(list, labels);
  list.add_rows<std::uint8_t>("/split", &DatasetArrays::split);
  return std::move(list.columns);
}

}  // namespace xxact::io
