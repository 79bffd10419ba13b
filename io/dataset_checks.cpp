// Soundness of a dataset's arrays: what a file must hold before anything trusts it.
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "io/dataset_schema.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "src/base/laue_code.hpp"

namespace xxact::io {
namespace {

constexpr double kMaxLatticeComponent = 1e4;  // angstrom
constexpr double kMinVolume = 1e-3;           // cubic angstrom

/// Names the file and the dataset in every message.
struct Checked {
  const std::filesystem::path& file;
  const char* dataset;

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError("{}: {}: {}", file.string(), dataset, fmt::format(format, std::forward<Args>(args)...));
  }
};

void check_length(std::size_t length, std::size_t expected, const Checked& at) {
  if (length != expected) at.refuse("has {} entries where {} are expected", length, expected);
}

void check_offsets(std::span<const std::int64_t> offset, std::size_t end, const Checked& at) {
  if (offset.front() != 0) at.refuse("begins at {} instead of 0", offset.front());
  for (std::size_t row = 1; row < offset.size(); ++row)
    if (offset[row] < offset[row - 1]) at.refuse("falls from {} to {} at row {}", offset[row - 1], offset[row], row - 1);
  if (offset.back() != static_cast<std::int64_t>(end)) at.refuse("ends at {}, but there are {} entries", offset.back(), end);
}

void check_elements(std::span<const std::uint8_t> number, const Checked& at) {
  const auto bad = std::find_if(number.begin(), number.end(), [](int z) { return z < 1 || z > kMaxAtomicNumber; });
  if (bad != number.end()) at.refuse("entry {} is {}; atomic numbers are 1 to {}", bad - number.begin(), *bad, kMaxAtomicNumber);
}

/// Each value must be at most `largest` or 255 where that means "none".
void check_codes(std::span<const std::uint8_t> code, int largest, bool none_allowed, const Checked& at) {
  for (std::size_t row = 0; row < code.size(); ++row)
    if (code[row] > largest && !(none_allowed && code[row] == 255)) at.refuse("row {} is {}, which means nothing", row, code[row]);
}

double volume(std::span<const double, 9> m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}

void check_lattices(const DatasetArrays& a, const Checked& at) {
  for (std::size_t row = 0; row + 1 < a.atom_offset.size(); ++row) {
    const std::span<const double, 9> m(a.lattice.data() + 9 * row, 9);
    const bool atoms = a.atom_offset[row + 1] > a.atom_offset[row];
    const auto missing = std::count_if(m.begin(), m.end(), [](double x) { return std::isnan(x); });
    if (missing == 9) {
      if (atoms) at.refuse("row {} has atoms but no lattice", row);
      continue;
    }
    if (!atoms) at.refuse("row {} has a lattice but no atoms", row);
    if (std::any_of(m.begin(), m.end(), [](double x) { return !(std::abs(x) <= kMaxLatticeComponent); }))
      at.refuse("row {} is not finite or beyond {} angstrom", row, kMaxLatticeComponent);
    if (!(std::abs(volume(m)) >= kMinVolume)) at.refuse("row {} spans no volume", row);
  }
}

void check_reals(std::span<const float> values, bool nan_allowed, const Checked& at) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) && !(nan_allowed && std::isnan(values[i]))) at.refuse("entry {} is {}", i, values[i]);
}

void check_occupancy(std::span<const float> occupancy, const Checked& at) {
  for (std::size_t i = 0; i < occupancy.size(); ++i)
    if (!(occupancy[i] > 0 && occupancy[i] <= 1)) at.refuse("entry {} is {}; occupancies are above 0, at most 1", i, occupancy[i]);
}

void check_compositions(const DatasetArrays& a, const Checked& at) {
  for (std::size_t row = 0; row + 1 < a.composition_offset.size(); ++row) {
    const auto first = static_cast<std::size_t>(a.composition_offset[row]), end = static_cast<std::size_t>(a.composition_offset[row + 1]);
    double sum = 0;
    for (std::size_t i = first; i < end; ++i) {
      if (!(a.composition_fraction[i] > 0 && a.composition_fraction[i] <= 1)) at.refuse("row {} has the fraction {}", row, a.composition_fraction[i]);
      if (i > first && a.composition_number[i] <= a.composition_number[i - 1]) at.refuse("row {} is not in rising order of elements", row);
      sum += a.composition_fraction[i];
    }
    if (!(std::abs(sum - 1) < 1e-3)) at.refuse("row {} adds up to {} instead of 1", row, sum);
  }
}

void check_laue_codes(std::span<const std::uint32_t> codes, const Checked& at) {
  std::unordered_set<std::uint32_t> sound = {kNoLaueCode};
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (sound.contains(codes[row])) continue;
    if (laue_group_of(decode_laue_group(codes[row])).empty()) at.refuse("row {} is {}, which names no group of rotations", row, codes[row]);
    sound.insert(codes[row]);
  }
}

void check_lengths(const DatasetArrays& a, std::size_t id_width, std::size_t rows, const std::filesystem::path& file) {
  check_length(a.id.size(), rows * id_width, {file, "/structures/id"});
  check_length(a.lattice.size(), 9 * rows, {file, "/structures/lattice"});
  check_length(a.atom_offset.size(), rows + 1, {file, "/structures/atom_offset"});
  check_length(a.space_group.size(), rows, {file, "/structures/space_group"});
  check_length(a.space_group_spglib.size(), rows, {file, "/structures/space_group_spglib"});
  if (a.with_laue_code) check_length(a.laue_code.size(), rows, {file, "/structures/laue_code"});
  check_length(a.source_file.size(), rows, {file, "/structures/source_file"});
  check_length(a.record.size(), rows, {file, "/structures/record"});
  check_length(a.frac_coords.size(), 3 * a.atomic_number.size(), {file, "/atoms/frac_coords"});
  if (a.partial) check_length(a.occupancy.size(), a.atomic_number.size(), {file, "/atoms/occupancy"});
  check_length(a.composition_offset.size(), rows + 1, {file, "/composition/offset"});
  check_length(a.composition_fraction.size(), a.composition_number.size(), {file, "/composition/fraction"});
}

}  // namespace

void check_dataset_arrays(const DatasetArrays& a, std::size_t id_width, const DatasetDescription& description,
                          const std::filesystem::path& file) {
  const std::size_t rows = a.split.size();
  check_lengths(a, id_width, rows, file);
  check_offsets(a.atom_offset, a.atomic_number.size(), {file, "/structures/atom_offset"});
  check_offsets(a.composition_offset, a.composition_number.size(), {file, "/composition/offset"});
  check_elements(a.atomic_number, {file, "/atoms/atomic_number"});
  check_elements(a.composition_number, {file, "/composition/atomic_number"});
  check_codes(a.space_group, 230, false, {file, "/structures/space_group"});
  check_codes(a.space_group_spglib, 230, false, {file, "/structures/space_group_spglib"});
  check_laue_codes(a.laue_code, {file, "/structures/laue_code"});
  check_codes(a.split, 2, true, {file, "/split"});
  check_lattices(a, {file, "/structures/lattice"});
  check_reals(a.frac_coords, false, {file, "/atoms/frac_coords"});
  check_occupancy(a.occupancy, {file, "/atoms/occupancy"});
  check_compositions(a, {file, "/composition/fraction"});
  for (std::size_t i = 0; i < a.labels.size(); ++i) {
    const std::string path = "/labels/" + description.labels[i].name;
    check_length(a.labels[i].size(), rows, {file, path.c_str()});
    check_reals(a.labels[i], true, {file, path.c_str()});
  }
  const Checked sources{file, "/structures/source_file"};
  for (std::size_t row = 0; row < rows; ++row)
    if (a.source_file[row] >= description.sources.size()) sources.refuse("row {} names source {} of {}", row, a.source_file[row], description.sources.size());
}

}  // namespace xxact::io
