#include "dataset_example.hpp"

#include <limits>
#include <string>

namespace xxact::io {

DatasetDescription example_description() {
  DatasetDescription d;
  d.labels = {{"formation_energy_per_atom", "eV/atom", "PBE, elements as reference"}, {"band_gap", "eV", "PBE, Kohn-Sham \xc3\xa9"}};
  d.sources = {"first.json.bz2", "folder/second.cif"};
  d.source = "made up for a test";
  d.licence = "CC0";
  d.created = "2024-01-02T03:04:05Z";
  d.symprec = 0.05;
  d.split_rule = "row modulo 4";
  return d;
}

namespace {

constexpr Rotation kTwofoldAxis = {-1, 0, 0, 0, -1, 0, 0, 0, 1};

void append_structure(StructureArrays& s, std::int64_t index) {
  const auto x = static_cast<double>(index);
  const double lattice[9] = {4.0 + 0.01 * x, 0.125, 0, 0, 5.0, -0.25, 0.5, 0, 6.0};
  const std::uint8_t number[3] = {static_cast<std::uint8_t>(26 + index % 4), 8, 8};
  const float frac[9] = {0, 0, 0, 0.25F, 0.5F, 0.001F * static_cast<float>(index % 900), 0.75F, 0.5F, 0.125F};
  const float occupancy[3] = {0.5F, 1.0F, 1.0F};
  const std::size_t atoms = index % 2 == 0 ? 3 : 2;
  const StructureView view{std::span<const double, 9>(lattice), std::span(number, atoms), std::span(frac, 3 * atoms),
                           index % 5 == 1 ? std::span<const float>(occupancy, atoms) : std::span<const float>{},
                           index % 4 == 1 ? encode_laue_group(std::vector{kTwofoldAxis}) : kNoLaueCode};
  s.push_back(view);
}

void append_nothing(StructureArrays& s) {
  s.lattice.insert(s.lattice.end(), 9, std::numeric_limits<double>::signaling_NaN());
  s.atom_offset.push_back(s.atom_offset.back());
  s.laue_code.push_back(kNoLaueCode);
}

}  // namespace

void append_example_row(DatasetRows& rows, std::int64_t index) {
  rows.id.push_back("row-" + std::to_string(index * index));
  if (index % 5 == 3) append_nothing(rows.structures);
  else append_structure(rows.structures, index);
  rows.space_group.push_back(static_cast<std::uint8_t>(1 + index % 230));
  rows.space_group_spglib.push_back(static_cast<std::uint8_t>(index % 5 == 3 ? 0 : 1 + index % 230));
  rows.source_file.push_back(static_cast<std::uint32_t>(index % 2));
  rows.record.push_back(static_cast<std::uint32_t>(index / 2));
  if (index % 3 == 2) {
    rows.composition_atomic_number.push_back(8);
    rows.composition_fraction.push_back(1);
  } else {
    rows.composition_atomic_number.insert(rows.composition_atomic_number.end(), {8, 26});
    rows.composition_fraction.insert(rows.composition_fraction.end(), {0.6F, 0.4F});
  }
  rows.composition_offset.push_back(static_cast<std::int64_t>(rows.composition_atomic_number.size()));
  rows.labels.resize(2);
  rows.labels[0].push_back(-0.01F * static_cast<float>(index));
  rows.labels[1].push_back(index % 7 == 0 ? -std::numeric_limits<float>::quiet_NaN() : 0.5F * static_cast<float>(index % 9));
  rows.split.push_back(index % 4 == 3 ? 255 : static_cast<std::uint8_t>(index % 4));
}

DatasetRows example_rows(std::int64_t first, std::int64_t end) {
  DatasetRows rows;
  rows.labels.resize(2);
  for (std::int64_t i = first; i < end; ++i) append_example_row(rows, i);
  return rows;
}

}  // namespace xxact::io
