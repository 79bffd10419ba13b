// Soundness of a dataset's arrays: what a file must hold before anything trusts it. Each check goes through the entries
// of an array in parts, so that ranks share it; the flaw that is named is the first one of the first check that fails.
#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_set>

#include "io/collective_step.hpp"
#include "io/dataset_schema.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "src/base/laue_code.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr double kMaxLatticeComponent = 1e4;  // angstrom
constexpr double kMinVolume = 1e-3;           // cubic angstrom

struct Check {
  std::string dataset;
  std::size_t entries;
  std::function<std::size_t(std::size_t first, std::size_t end)> first_flaw;  // `end` when there is none
  std::function<std::string(std::size_t entry)> flaw;                         // what is wrong with an entry
};

/// The first entry for which `bad` holds. Runs of entries are tested without branches, which compilers vectorise.
template <class Bad>
auto search(Bad bad) {
  return [bad](std::size_t first, std::size_t end) {
    constexpr std::size_t kRun = 1024;
    for (; first < end; first = std::min(first + kRun, end)) {
      const std::size_t stop = std::min(first + kRun, end);
      bool any = false;
      for (std::size_t i = first; i < stop; ++i) any |= bad(i);
      if (!any) continue;
      while (!bad(first)) ++first;
      return first;
    }
    return end;
  };
}

/// A check of one statement about the whole array.
Check single(const std::string& dataset, bool sound, const std::string& flaw) {
  return {dataset, 1, [sound](std::size_t first, std::size_t end) { return sound ? end : first; }, [flaw](std::size_t) { return flaw; }};
}

void add_offset_checks(std::vector<Check>& checks, const std::string& dataset, std::span<const std::int64_t> offset, std::size_t end) {
  checks.push_back(single(dataset, offset.front() == 0, fmt::format("begins at {} instead of 0", offset.front())));
  checks.push_back({dataset, offset.size() - 1, search([offset](std::size_t row) { return offset[row + 1] < offset[row]; }),
                    [offset](std::size_t row) { return fmt::format("falls from {} to {} at row {}", offset[row], offset[row + 1], row); }});
  checks.push_back(single(dataset, offset.back() == static_cast<std::int64_t>(end), fmt::format("ends at {}, but there are {} entries", offset.back(), end)));
}

Check elements_check(const std::string& dataset, std::span<const std::uint8_t> number) {
  return {dataset, number.size(), search([number](std::size_t i) { return number[i] < 1 || number[i] > kMaxAtomicNumber; }),
          [number](std::size_t i) { return fmt::format("entry {} is {}; atomic numbers are 1 to {}", i, number[i], kMaxAtomicNumber); }};
}

/// Each value must be at most `largest` or 255 where that means "none".
Check codes_check(const std::string& dataset, std::span<const std::uint8_t> code, int largest, bool none_allowed) {
  return {dataset, code.size(), search([=](std::size_t row) { return code[row] > largest && !(none_allowed && code[row] == 255); }),
          [code](std::size_t row) { return fmt::format("row {} is {}, which means nothing", row, code[row]); }};
}

double volume(std::span<const double, 9> m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}

/// Empty for a lattice that is sound.
std::string lattice_flaw(const DatasetArrays& a, std::size_t row) {
  const std::span<const double, 9> m(a.lattice.data() + 9 * row, 9);
  const bool atoms = a.atom_offset[row + 1] > a.atom_offset[row];
  const auto missing = std::count_if(m.begin(), m.end(), [](double x) { return std::isnan(x); });
  if (missing == 9) return atoms ? fmt::format("row {} has atoms but no lattice", row) : "";
  if (!atoms) return fmt::format("row {} has a lattice but no atoms", row);
  if (std::any_of(m.begin(), m.end(), [](double x) { return !(std::abs(x) <= kMaxLatticeComponent); }))
    return fmt::format("row {} is not finite or beyond {} angstrom", row, kMaxLatticeComponent);
  return std::abs(volume(m)) >= kMinVolume ? "" : fmt::format("row {} spans no volume", row);
}

/// A check whose flaws are found by wording them: for rows whose soundness has several parts.
Check worded(const std::string& dataset, std::size_t rows, const std::function<std::string(std::size_t)>& flaw) {
  const auto first_flaw = [flaw](std::size_t first, std::size_t end) {
    while (first < end && flaw(first).empty()) ++first;
    return first;
  };
  return {dataset, rows, first_flaw, flaw};
}

Check reals_check(const std::string& dataset, std::span<const float> values, bool nan_allowed) {
  return {dataset, values.size(), search([=](std::size_t i) { return nan_allowed ? std::isinf(values[i]) : !std::isfinite(values[i]); }),
          [values](std::size_t i) { return fmt::format("entry {} is {}", i, values[i]); }};
}

Check occupancy_check(const std::string& dataset, std::span<const float> occupancy) {
  return {dataset, occupancy.size(), search([occupancy](std::size_t i) { return !(occupancy[i] > 0 && occupancy[i] <= 1); }),
          [occupancy](std::size_t i) { return fmt::format("entry {} is {}; occupancies are above 0, at most 1", i, occupancy[i]); }};
}

std::string composition_flaw(const DatasetArrays& a, std::size_t row) {
  const auto first = static_cast<std::size_t>(a.composition_offset[row]), end = static_cast<std::size_t>(a.composition_offset[row + 1]);
  double sum = 0;
  for (std::size_t i = first; i < end; ++i) {
    if (!(a.composition_fraction[i] > 0 && a.composition_fraction[i] <= 1)) return fmt::format("row {} has the fraction {}", row, a.composition_fraction[i]);
    if (i > first && a.composition_number[i] <= a.composition_number[i - 1]) return fmt::format("row {} is not in rising order of elements", row);
    sum += a.composition_fraction[i];
  }
  return std::abs(sum - 1) < 1e-3 ? "" : fmt::format("row {} adds up to {} instead of 1", row, sum);
}

/// Few codes occur, so each is judged once.
Check laue_codes_check(const std::string& dataset, std::span<const std::uint32_t> codes) {
  const auto first_flaw = [codes](std::size_t first, std::size_t end) {
    std::unordered_set<std::uint32_t> sound = {kNoLaueCode};
    for (; first < end; ++first) {
      if (sound.contains(codes[first])) continue;
      if (laue_group_of(decode_laue_group(codes[first])).empty()) return first;
      sound.insert(codes[first]);
    }
    return end;
  };
  return {dataset, codes.size(), first_flaw, [codes](std::size_t row) { return fmt::format("row {} is {}, which names no group of rotations", row, codes[row]); }};
}

void check_lengths(const DatasetArrays& a, std::size_t id_width, const DatasetDescription& description, const std::filesystem::path& file) {
  const auto check = [&](const std::string& dataset, std::size_t length, std::size_t expected) {
    if (length != expected) throw InputError("{}: {}: has {} entries where {} are expected", file.string(), dataset, length, expected);
  };
  const std::size_t rows = a.split.size();
  check("/structures/id", a.id.size(), rows * id_width);
  check("/structures/lattice", a.lattice.size(), 9 * rows);
  check("/structures/atom_offset", a.atom_offset.size(), rows + 1);
  check("/structures/space_group", a.space_group.size(), rows);
  check("/structures/space_group_spglib", a.space_group_spglib.size(), rows);
  if (a.with_laue_code) check("/structures/laue_code", a.laue_code.size(), rows);
  check("/structures/source_file", a.source_file.size(), rows);
  check("/structures/record", a.record.size(), rows);
  check("/atoms/frac_coords", a.frac_coords.size(), 3 * a.atomic_number.size());
  if (a.partial) check("/atoms/occupancy", a.occupancy.size(), a.atomic_number.size());
  check("/composition/offset", a.composition_offset.size(), rows + 1);
  check("/composition/fraction", a.composition_fraction.size(), a.composition_number.size());
  for (std::size_t i = 0; i < a.labels.size(); ++i) check("/labels/" + description.labels[i].name, a.labels[i].size(), rows);
}

std::vector<Check> offset_checks(const DatasetArrays& a) {
  std::vector<Check> checks;
  add_offset_checks(checks, "/structures/atom_offset", a.atom_offset, a.atomic_number.size());
  add_offset_checks(checks, "/composition/offset", a.composition_offset, a.composition_number.size());
  return checks;
}

/// Those that follow offsets need sound ones.
std::vector<Check> value_checks(const DatasetArrays& a, const DatasetDescription& description) {
  const std::size_t rows = a.split.size(), sources = description.sources.size();
  std::vector<Check> checks = {
      elements_check("/atoms/atomic_number", a.atomic_number),
      elements_check("/composition/atomic_number", a.composition_number),
      codes_check("/structures/space_group", a.space_group, 230, false),
      codes_check("/structures/space_group_spglib", a.space_group_spglib, 230, false),
      laue_codes_check("/structures/laue_code", a.laue_code),
      codes_check("/split", a.split, 2, true),
      worded("/structures/lattice", rows, [&a](std::size_t row) { return lattice_flaw(a, row); }),
      reals_check("/atoms/frac_coords", a.frac_coords, false),
      occupancy_check("/atoms/occupancy", a.occupancy),
      worded("/composition/fraction", rows, [&a](std::size_t row) { return composition_flaw(a, row); })};
  for (std::size_t i = 0; i < a.labels.size(); ++i) checks.push_back(reals_check("/labels/" + description.labels[i].name, a.labels[i], true));
  const auto source = a.source_file;
  checks.push_back({"/structures/source_file", rows, search([=](std::size_t row) { return source[row] >= sources; }),
                    [=](std::size_t row) { return fmt::format("row {} names source {} of {}", row, source[row], sources); }});
  return checks;
}

constexpr int kEntryBits = 48;
constexpr std::uint64_t kNoFlaw = ~std::uint64_t{0};

/// The first flaw of the first check that fails in this share: the check above, the entry in the lower bits.
std::uint64_t find_flaw(const std::vector<Check>& checks, const Share& share) {
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto [first, end] = share.of(static_cast<std::int64_t>(checks[i].entries));
    const auto found = checks[i].first_flaw(static_cast<std::size_t>(first), static_cast<std::size_t>(end));
    if (found != static_cast<std::size_t>(end)) return (static_cast<std::uint64_t>(i) << kEntryBits) + found;
  }
  return kNoFlaw;
}

void refuse(const std::vector<Check>& checks, std::uint64_t flaw, const std::filesystem::path& file) {
  if (flaw == kNoFlaw) return;
  const auto& check = checks[flaw >> kEntryBits];
  throw InputError("{}: {}: {}", file.string(), check.dataset, check.flaw(flaw & ((std::uint64_t{1} << kEntryBits) - 1)));
}

}  // namespace

void check_dataset_arrays(const DatasetArrays& a, std::size_t id_width, const DatasetDescription& description, const std::filesystem::path& file) {
  check_lengths(a, id_width, description, file);
  const auto offsets = offset_checks(a);
  refuse(offsets, find_flaw(offsets, {}), file);
  const auto values = value_checks(a, description);
  refuse(values, find_flaw(values, {}), file);
}

void check_dataset_arrays(MPI_Comm comm, const Share& share, const DatasetArrays& a, std::size_t id_width, const DatasetDescription& description,
                          const std::filesystem::path& file) {
  check_lengths(a, id_width, description, file);
  const auto together = [&](const std::vector<Check>& checks) {
    std::uint64_t flaw = kNoFlaw;
    collectively(comm, [&] { flaw = find_flaw(checks, share); });
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, &flaw, 1, MPI_UINT64_T, MPI_MIN, comm), "agreeing on the first flaw of a dataset");
    refuse(checks, flaw, file);
  };
  together(offset_checks(a));
  together(value_checks(a, description));
}

}  // namespace xxact::io
