#include "io/dataset_piece.hpp"

#include <algorithm>
#include <span>
#include <string>

#include "io/dataset_schema.hpp"
#include "io/hdf5_untrusted.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

constexpr std::int64_t kRowsOfAPiece = 65536;

void check_lengths(const DatasetRows& r, std::size_t labels) {
  const std::size_t n = r.size();
  const auto expect = [](const char* what, std::size_t length, std::size_t wanted) {
    if (length != wanted) throw CommError("writing a dataset: {} has {} entries where {} are expected", what, length, wanted);
  };
  expect("structures", r.structures.size(), n);
  expect("lattice", r.structures.lattice.size(), 9 * n);
  expect("atomic_number", r.structures.atomic_number.size(), static_cast<std::size_t>(r.structures.atom_offset.back()));
  expect("frac_coords", r.structures.frac_coords.size(), 3 * r.structures.atomic_number.size());
  if (!r.structures.occupancy.empty()) expect("occupancy", r.structures.occupancy.size(), r.structures.atomic_number.size());
  expect("laue_code", r.structures.laue_code.size(), n);
  expect("space_group", r.space_group.size(), n);
  expect("space_group_spglib", r.space_group_spglib.size(), n);
  expect("source_file", r.source_file.size(), n);
  expect("record", r.record.size(), n);
  expect("composition_offset", r.composition_offset.size(), n + 1);
  expect("composition_atomic_number", r.composition_atomic_number.size(), static_cast<std::size_t>(r.composition_offset.back()));
  expect("composition_fraction", r.composition_fraction.size(), r.composition_atomic_number.size());
  expect("labels", r.labels.size(), labels);
  for (const auto& label : r.labels) expect("a label", label.size(), n);
  expect("split", r.split.size(), n);
}

}  // namespace

void check_rows(const DatasetRows& rows, std::size_t labels) {
  check_lengths(rows, labels);
  for (const auto& id : rows.id)
    if (id.size() > kMaxIdBytes || id.find('\0') != std::string::npos)
      throw InputError("writing a dataset: the id \"{}\" has {} bytes or a NUL; at most {} are possible", id, id.size(), kMaxIdBytes);
}

DatasetArrays arrays_of(const DatasetRows& rows, std::string_view padded_ids) {
  DatasetArrays a;
  a.id = padded_ids;
  a.lattice = rows.structures.lattice;
  a.atom_offset = rows.structures.atom_offset;
  a.space_group = rows.space_group;
  a.space_group_spglib = rows.space_group_spglib;
  a.with_laue_code = true;
  a.laue_code = rows.structures.laue_code;
  a.source_file = rows.source_file;
  a.record = rows.record;
  a.atomic_number = rows.structures.atomic_number;
  a.frac_coords = rows.structures.frac_coords;
  a.partial = !rows.structures.occupancy.empty();
  a.occupancy = rows.structures.occupancy;
  a.composition_offset = rows.composition_offset;
  a.composition_number = rows.composition_atomic_number;
  a.composition_fraction = rows.composition_fraction;
  for (const auto& label : rows.labels) a.labels.emplace_back(label);
  a.split = rows.split;
  return a;
}

std::vector<DatasetPiece> pieces_of(const DatasetRows& rows, std::size_t labels) {
  check_rows(rows, labels);
  std::size_t width = 1;
  for (const auto& id : rows.id) width = std::max(width, id.size());
  const auto ids = std::make_shared<const std::string>(hdf5::pad_texts(rows.id, width));
  const auto open = [&rows, ids, width] { return OpenRows{ids, arrays_of(rows, *ids), width}; };
  std::vector<std::optional<std::size_t>> all_labels;
  for (std::size_t label = 0; label < labels; ++label) all_labels.emplace_back(label);
  std::vector<DatasetPiece> pieces;
  const auto count = static_cast<std::int64_t>(rows.size());
  for (std::int64_t first = 0; first < count; first += kRowsOfAPiece)
    pieces.push_back({open, first, std::min(kRowsOfAPiece, count - first), std::nullopt, all_labels});
  return pieces;
}

}  // namespace xxact::io
