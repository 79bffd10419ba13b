#include "io/record_checks.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "io/close_pairs.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr double kSmallestVolume = 0.1;      // angstrom^3
constexpr double kLongestVector = 1000.0;    // angstrom
constexpr double kLargestCoordinate = 16.0;  // float32 keeps 1e-6 of a cell below it

void check_id(const std::string& id) {
  if (id.empty()) throw InputError("id is empty");
  if (id.size() > kMaxIdBytes) throw InputError("id is longer than {} bytes: \"{:.40}...\"", kMaxIdBytes, simdjson::validate_utf8(id) ? id : "?");
  if (!simdjson::validate_utf8(id)) throw InputError("id is not UTF-8");
  if (std::any_of(id.begin(), id.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; })) throw InputError("id holds control characters");
}

void check_lattice(const StructureRecord& record) {
  for (const double x : record.lattice)
    if (!std::isfinite(x)) throw InputError("lattice is not finite");
  for (std::size_t i = 0; i < 3; ++i)
    if (std::hypot(record.lattice[3 * i], record.lattice[3 * i + 1], record.lattice[3 * i + 2]) > kLongestVector)
      throw InputError("lattice vector {} is longer than {} angstrom", "abc"[i], kLongestVector);
  const PlaneSpacings spacings = plane_spacings(record.lattice);
  if (!(spacings.volume > kSmallestVolume)) throw InputError("cell volume is {:.3g} cubic angstrom", spacings.volume);
  const double closest = std::min({spacings.along[0], spacings.along[1], spacings.along[2]});
  if (closest < kClosestAtoms) throw InputError("cell is flat: its planes are {:.3g} angstrom apart", closest);
}

void check_atoms(StructureRecord& record, const RecordLimits& limits) {
  if (record.atoms() == 0) throw InputError("no atoms");
  for (std::size_t i = 0; i < record.atoms(); ++i) {
    const auto symbol = element_symbol(record.atomic_number[i]);
    for (std::size_t x = 0; x < 3; ++x) {
      double& f = record.frac_coords[3 * i + x];
      if (!std::isfinite(f)) throw InputError("coordinate {} of {} (atom {}) is not a finite number", "xyz"[x], symbol, i + 1);
      if (std::abs(f) > kLargestCoordinate) f -= std::floor(f);
    }
    double& occupancy = record.occupancy[i];
    if (!(occupancy > 0 && occupancy <= 1 + kOccupancySlack)) throw InputError("occupancy of {} (atom {}) is {}, not in (0, 1]", symbol, i + 1, occupancy);
    occupancy = std::min(occupancy, 1.0);
  }
  // Merging only ever makes them fewer; the checks below are for records of a sane size.
  if (record.atoms() > 4 * limits.max_atoms) throw InputError("{} atoms, more than {}", record.atoms(), limits.max_atoms);
}

std::string name_of(const StructureRecord& record, std::uint32_t atom) {
  return fmt::format("{} (atom {})", element_symbol(record.atomic_number[atom]), atom + 1);
}

[[noreturn]] void reject_overfull_site(const StructureRecord& record, const ClosePair& pair, double total) {
  throw InputError("{} and {} are {:.4f} angstrom apart and their site has a total occupancy of {:.4g}", name_of(record, pair.first),
                   name_of(record, pair.second), pair.distance, total);
}

/// The atoms that stay, with their occupancies, once atoms of one element on one place are merged.
class SiteMerge {
 public:
  SiteMerge(StructureRecord& record, std::vector<ClosePair> pairs, bool keep_species)
      : record_(record), pairs_(std::move(pairs)), kept_as_(record.atoms()), keep_species_(keep_species) {
    std::iota(kept_as_.begin(), kept_as_.end(), 0U);
    std::sort(pairs_.begin(), pairs_.end(), [](const ClosePair& a, const ClosePair& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
  }

  void run() {
    for (const ClosePair& pair : pairs_)
      if (pair.distance < kSameSite && are_one_atom(pair)) merge(pair);
    number_sites();
    remove_merged();
  }

 private:
  bool are_one_atom(const ClosePair& pair) const {
    return record_.atomic_number[pair.first] == record_.atomic_number[pair.second] && (!keep_species_ || record_.species[pair.first] == record_.species[pair.second]);
  }

  void merge(const ClosePair& pair) {
    const std::uint32_t stays = kept_as_[pair.first];
    if (stays == kept_as_[pair.second]) return;
    kept_as_[pair.second] = stays;
    if (record_.species[stays] == record_.species[pair.second]) return;  // one site written twice
    record_.occupancy[stays] += record_.occupancy[pair.second];
    if (record_.occupancy[stays] > 1 + kOccupancySlack) reject_overfull_site(record_, pair, record_.occupancy[stays]);
    record_.occupancy[stays] = std::min(record_.occupancy[stays], 1.0);
  }

  void number_sites() {
    std::vector<std::uint32_t> site = kept_as_;
    std::vector<double> filled = record_.occupancy;
    for (const ClosePair& pair : pairs_) {
      const std::uint32_t a = kept_as_[pair.first], b = kept_as_[pair.second];
      if (a == b || a != pair.first || b != pair.second) continue;
      if (pair.distance >= kSameSite)
        throw InputError("{} and {} are {:.3f} angstrom apart, closer than {}", name_of(record_, a), name_of(record_, b), pair.distance, kClosestAtoms);
      if (site[b] == site[a]) continue;
      filled[site[a]] += record_.occupancy[b];
      if (filled[site[a]] > 1 + kOccupancySlack) reject_overfull_site(record_, pair, filled[site[a]]);
      site[b] = site[a];
    }
    record_.site = std::move(site);
  }

  void remove_merged() {
    std::size_t to = 0;
    std::vector<std::uint32_t> number(record_.atoms());
    std::uint32_t sites = 0;
    for (std::size_t from = 0; from < kept_as_.size(); ++from) {
      if (kept_as_[from] != from) continue;
      if (record_.site[from] == from) number[from] = sites++;
      record_.atomic_number[to] = record_.atomic_number[from];
      record_.species[to] = record_.species[from];
      record_.occupancy[to] = record_.occupancy[from];
      record_.site[to] = number[record_.site[from]];
      if (!record_.details.empty()) record_.details[to] = record_.details[from];
      std::copy_n(record_.frac_coords.begin() + static_cast<std::ptrdiff_t>(3 * from), 3, record_.frac_coords.begin() + static_cast<std::ptrdiff_t>(3 * to));
      ++to;
    }
    record_.atomic_number.resize(to);
    record_.species.resize(to);
    record_.occupancy.resize(to);
    record_.site.resize(to);
    record_.frac_coords.resize(3 * to);
    if (!record_.details.empty()) record_.details.resize(to);
  }

  StructureRecord& record_;
  std::vector<ClosePair> pairs_;
  std::vector<std::uint32_t> kept_as_;
  bool keep_species_;
};

void merge_sites(StructureRecord& record, bool keep_species) {
  const std::size_t most = 64 * record.atoms();
  std::vector<ClosePair> pairs = close_pairs(record.lattice, record.frac_coords, kClosestAtoms, most);
  if (pairs.size() >= most) throw InputError("{} or more pairs of atoms are closer than {} angstrom", most, kClosestAtoms);
  SiteMerge(record, std::move(pairs), keep_species).run();
}

void count_formula(StructureRecord& record) {
  double amount[kMaxAtomicNumber + 1] = {};
  for (std::size_t i = 0; i < record.atoms(); ++i) amount[record.atomic_number[i]] += record.occupancy[i];
  record.formula.clear();
  for (int z = 1; z <= kMaxAtomicNumber; ++z)
    if (amount[z] > 0) record.formula.push_back({static_cast<std::uint8_t>(z), amount[z]});
}

}  // namespace

void check_record(StructureRecord& record, const RecordLimits& limits) {
  check_id(record.id);
  if (record.has_structure) {
    check_lattice(record);
    check_atoms(record, limits);
    merge_sites(record, limits.details());
    if (record.atoms() > limits.max_atoms) throw InputError("{} atoms, more than {}", record.atoms(), limits.max_atoms);
    count_formula(record);
  }
  if (record.formula.empty()) throw InputError("neither structure nor formula");
}

}  // namespace xxact::io
