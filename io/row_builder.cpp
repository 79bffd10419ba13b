#include "io/row_builder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "io/space_group.hpp"
#include "io/split.hpp"

namespace xxact::io {

RowBuilder::RowBuilder(const IngestOptions& options)
    : symmetry_(options.symmetry), symprec_(options.symprec), split_as_(options.split_as), split_seed_(options.split_seed) {
  rows_.labels.resize(kLabelCount);
}

void RowBuilder::add(const StructureRecord& record, std::uint32_t file, std::uint32_t number) {
  rows_.id.push_back(record.id);
  rows_.source_file.push_back(file);
  rows_.record.push_back(number);
  add_structure(record, add_space_group(record));
  add_composition(record);
  for (std::size_t label = 0; label < kLabelCount; ++label) {
    const double value = record.labels.value[label];
    rows_.labels[label].push_back(static_cast<float>(value));
    if (!std::isnan(value)) tallies_.seen[label] |= 1U << static_cast<unsigned>(record.labels.source);
  }
  add_split(split_as_ ? *split_as_ : split_of(reduced_formula(record.formula), split_seed_));
}

void RowBuilder::add(const Dataset& from, std::int64_t row, std::uint32_t file) {
  const auto at = static_cast<std::size_t>(row);
  rows_.id.emplace_back(from.id(row));
  rows_.source_file.push_back(file);
  rows_.record.push_back(from.record_of(row));
  rows_.structures.push_back(from.structure(row));
  rows_.space_group.push_back(from.space_group()[at]);
  rows_.space_group_spglib.push_back(from.space_group_spglib()[at]);
  const auto composition = from.composition(row);
  rows_.composition_atomic_number.insert(rows_.composition_atomic_number.end(), composition.atomic_number.begin(), composition.atomic_number.end());
  rows_.composition_fraction.insert(rows_.composition_fraction.end(), composition.fraction.begin(), composition.fraction.end());
  rows_.composition_offset.push_back(static_cast<std::int64_t>(rows_.composition_atomic_number.size()));
  for (std::size_t label = 0; label < kLabelCount; ++label) {
    const auto* info = from.find_label(label_name(label));
    const float value = info == nullptr ? std::numeric_limits<float>::quiet_NaN() : from.arrays().labels[static_cast<std::size_t>(info - from.labels().data())][at];
    rows_.labels[label].push_back(value);
    if (!std::isnan(value)) tallies_.seen[label] |= 1U << static_cast<unsigned>(SourceKind::dataset);
  }
  add_split(split_as_ ? *split_as_ : static_cast<Split>(from.split()[at]));
}

void RowBuilder::add_split(Split split) {
  rows_.split.push_back(static_cast<std::uint8_t>(split));
  if (split != Split::none) ++tallies_.split[static_cast<std::size_t>(split)];
}

void RowBuilder::add_structure(const StructureRecord& record, std::uint32_t laue_code) {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  static constexpr std::array<double, 9> kNoLattice = {kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone};
  if (!record.has_structure) {
    rows_.structures.push_back({std::span<const double, 9>(kNoLattice), {}, {}, {}});
    return;
  }
  frac_.assign(record.frac_coords.begin(), record.frac_coords.end());
  occupancy_.assign(record.occupancy.begin(), record.occupancy.end());
  const bool partial = std::any_of(occupancy_.begin(), occupancy_.end(), [](float x) { return x != 1.0F; });
  rows_.structures.push_back({std::span<const double, 9>(record.lattice), record.atomic_number, frac_, partial ? std::span<const float>(occupancy_) : std::span<const float>{},
                              laue_code});
}

/// Returns the rotations that leave the structure as it is, as far as they were looked for.
std::uint32_t RowBuilder::add_space_group(const StructureRecord& record) {
  const int given = symmetry_ == SymmetryPolicy::compute ? 0 : record.space_group;
  const bool compute = record.has_structure && symmetry_ != SymmetryPolicy::none && (given == 0 || symmetry_ == SymmetryPolicy::check);
  const Symmetry symmetry = compute ? find_symmetry(record, symprec_) : Symmetry{};
  const int computed = symmetry.space_group;
  if (compute && computed == 0) ++tallies_.groups_not_found;
  if (given > 0 && computed > 0) {
    ++tallies_.groups_compared;
    tallies_.groups_different += given != computed;
  }
  rows_.space_group.push_back(static_cast<std::uint8_t>(given > 0 ? given : computed));
  rows_.space_group_spglib.push_back(static_cast<std::uint8_t>(computed));
  return symmetry.laue_code;
}

void RowBuilder::add_composition(const StructureRecord& record) {
  double total = 0;
  for (const ElementAmount& element : record.formula) total += element.amount;
  for (const ElementAmount& element : record.formula) {
    rows_.composition_atomic_number.push_back(element.atomic_number);
    rows_.composition_fraction.push_back(static_cast<float>(element.amount / total));
  }
  rows_.composition_offset.push_back(static_cast<std::int64_t>(rows_.composition_atomic_number.size()));
}

std::size_t RowBuilder::bytes() const {
  constexpr std::size_t kRowBytes = 160;  // of what has one entry a row
  return kRowBytes * rows_.size() + 13 * rows_.structures.atomic_number.size() + sizeof(float) * rows_.structures.occupancy.size();
}

DatasetRows RowBuilder::take_rows() {
  DatasetRows rows = std::exchange(rows_, DatasetRows{});
  rows_.labels.resize(kLabelCount);
  tallies_ = {};
  return rows;
}

}  // namespace xxact::io
