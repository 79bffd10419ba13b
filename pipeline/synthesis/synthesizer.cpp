#include "pipeline/synthesis/synthesizer.hpp"

#include <algorithm>
#include <cmath>

#include "io/close_pairs.hpp"
#include "io/record_checks.hpp"
#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/lattice_strain.hpp"
#include "src/base/counter_random.hpp"
#include "src/base/error.hpp"

namespace xxact::synthesis {
namespace {

constexpr double kLargestStrain = 0.1;
constexpr std::uint32_t kParentTries = 64, kRedraws = 15;
constexpr int kElementDraws = 16;
// A parent without atoms closer than this stays within the contract unless its lattice shrinks by more than their ratio.
constexpr double kRoomyDistance = 0.8;
constexpr double kSmallestStretch = io::kClosestAtoms / kRoomyDistance, kLargestStretch = 1.6;

bool is_training_structure(const io::Dataset& parents, std::int64_t row) {
  if (parents.split()[static_cast<std::size_t>(row)] != static_cast<std::uint8_t>(io::Split::train) || !parents.has_structure(row)) return false;
  return std::ranges::all_of(parents.structure(row).atomic_number, [](std::uint8_t z) { return z <= xrd::kFormFactorElements; });
}

ElementSet allowed_elements(const io::Dataset& parents, const SynthesisOptions& options) {
  if (options.all_elements) return exchangeable_elements();
  ElementSet elements;
  for (std::int64_t row = 0; row < parents.size(); ++row)
    if (is_training_structure(parents, row))
      for (const std::uint8_t z : parents.structure(row).atomic_number) elements.set(z);
  return elements;
}

void count_formula(std::span<const std::uint8_t> atomic_number, const StructureView& parent, std::vector<io::ElementAmount>& formula) {
  std::array<double, kMaxAtomicNumber + 1> amount{};
  for (std::size_t i = 0; i < atomic_number.size(); ++i) amount[atomic_number[i]] += static_cast<double>(parent.occupancy_of(i));
  formula.clear();
  for (std::size_t z = 1; z < amount.size(); ++z)
    if (amount[z] > 0) formula.push_back({static_cast<std::uint8_t>(z), amount[z]});
}

bool is_roomy(const StructureView& s) {
  const io::PlaneSpacings spacings = io::plane_spacings(s.lattice);
  if (std::min({spacings.along[0], spacings.along[1], spacings.along[2]}) < kRoomyDistance || spacings.volume < 1) return false;
  for (std::size_t i = 0; i < 3; ++i)
    if (std::hypot(s.lattice[3 * i], s.lattice[3 * i + 1], s.lattice[3 * i + 2]) > 500) return false;
  const std::vector<double> frac(s.frac_coords.begin(), s.frac_coords.end());
  return io::close_pairs(s.lattice, frac, kRoomyDistance, 1).empty();
}

/// The components of the strain that count; see strained_lattice.
std::vector<std::size_t> components_of(int crystal_system) {
  switch (crystal_system) {
    case 0: return {0, 1, 2, 3, 4, 5};
    case 1: return {0, 1, 2, 3};
    case 2: return {0, 1, 2};
    case 3:
    case 4:
    case 5: return {0, 2};
    default: return {0};
  }
}

/// Where the given group and spglib's belong to different systems neither is relied upon: -1, which keeps every symmetry.
int crystal_system(const io::Dataset& parents, std::int64_t row) {
  const auto at = static_cast<std::size_t>(row);
  const int given = crystal_system_of(parents.space_group()[at]), computed = crystal_system_of(parents.space_group_spglib()[at]);
  return computed >= 0 && computed != given ? -1 : given;
}

}  // namespace

Synthesizer::Synthesizer(const io::Dataset& parents, const SynthesisOptions& options)
    : parents_(parents), options_(options), exchange_(allowed_elements(parents, options)), rule_(io::formula_split_of(parents.description().split_rule)) {
  if (!(options.strain >= 0 && options.strain <= kLargestStrain)) throw ConfigError("strain {} is not in 0-{}, e.g. 0.01", options.strain, kLargestStrain);
  for (std::int64_t row = 0; row < parents.size(); ++row)
    if (is_training_structure(parents, row)) add_parent(row);
  if (parent_.empty())
    throw InputError("{}: none of its {} rows is a structure of the training split whose elements all have form factors", parents.path().string(), parents.size());
  if (!rule_) remember_held_out();
}

void Synthesizer::add_parent(std::int64_t row) {
  const StructureView s = parents_.structure(row);
  const int system = crystal_system(parents_, row);
  Parent parent{row, modes_.size(), 0, is_roomy(s)};
  for (const std::size_t component : components_of(system)) {
    std::array<double, 6> strain{};
    strain[component] = 0.5;
    std::array<double, 9> mode = xrd::strained_lattice(s.lattice, system, strain);
    for (std::size_t i = 0; i < 9; ++i) mode[i] = (mode[i] - s.lattice[i]) / strain[component];
    modes_.push_back(mode);
    ++parent.modes;
  }
  parent_.push_back(parent);
}

void Synthesizer::remember_held_out() {
  std::vector<io::ElementAmount> formula;
  for (std::int64_t row = 0; row < parents_.size(); ++row) {
    const auto split = static_cast<io::Split>(parents_.split()[static_cast<std::size_t>(row)]);
    if (split != io::Split::validation && split != io::Split::test) continue;
    if (parents_.has_structure(row)) {
      const StructureView s = parents_.structure(row);
      count_formula(s.atomic_number, s, formula);
    } else {
      formula = io::parse_formula(parents_.formula(row));
    }
    held_out_formulas_.insert(io::reduced_formula(formula));
  }
}

bool Synthesizer::held_out(const std::vector<io::ElementAmount>& formula) const {
  const std::string reduced = io::reduced_formula(formula);
  return rule_ ? io::split_of(reduced, rule_->seed) != io::Split::train : held_out_formulas_.contains(reduced);
}

void Synthesizer::make(std::int64_t index, SynthesizedStructure& out) const {
  const auto sample = static_cast<std::uint64_t>(index);
  for (std::uint32_t tries = 0; tries < kParentTries; ++tries) {
    const std::uint32_t first = tries * (kRedraws + 1);
    const Parent& parent = parent_[CounterRandom(options_.seed, Purpose::synthesis, first, sample).next_u64() % parent_.size()];
    for (std::uint32_t redraw = 1; redraw <= kRedraws; ++redraw) {
      CounterRandom random(options_.seed, Purpose::synthesis, first + redraw, sample);
      if (attempt(parent, random, out)) return;
    }
  }
  throw InputError("{}: no valid structure of a training formula for number {} in {} attempts with {} parents", parents_.path().string(), index,
                   kRedraws, kParentTries);
}

bool Synthesizer::attempt(const Parent& parent, CounterRandom& random, SynthesizedStructure& out) const {
  const StructureView structure = parents_.structure(parent.row);
  out.parent = parent.row;
  double stretch = 1;
  if (!exchange_elements(structure, random, out, stretch) || held_out(out.formula)) return false;
  std::ranges::copy(structure.lattice, out.lattice.begin());
  for (std::size_t m = 0; m < parent.modes; ++m) {
    const double strain = options_.strain * (2 * static_cast<double>(random.uniform()) - 1);
    for (std::size_t i = 0; i < 9; ++i) out.lattice[i] += strain * modes_[parent.first_mode + m][i];
  }
  for (double& x : out.lattice) x *= stretch;
  // No eigenvalue of a symmetric tensor is larger than three times its largest component.
  const bool safe = parent.roomy && stretch * (1 - 3 * options_.strain) > kSmallestStretch && stretch * (1 + 3 * options_.strain) < kLargestStretch;
  return safe || keeps_contract(out);
}

/// False when two elements became the same. `stretch`: of the lattice, by which the volume follows the sum of the cubes of the radii.
bool Synthesizer::exchange_elements(const StructureView& structure, CounterRandom& random, SynthesizedStructure& out, double& stretch) const {
  std::array<std::uint8_t, kMaxAtomicNumber + 1> becomes{};
  ElementSet taken;
  double before = 0, after = 0;
  count_formula(structure.atomic_number, structure, out.formula);
  for (const io::ElementAmount& element : out.formula) {
    std::uint8_t chosen = 0;
    for (int draw = 0; draw < kElementDraws && chosen == 0; ++draw) {
      const std::uint8_t z = exchange_.choose(element.atomic_number, random.uniform());
      if (!taken[z]) chosen = z;
    }
    if (chosen == 0) return false;
    taken.set(chosen);
    becomes[element.atomic_number] = chosen;
    before += element.amount * std::pow(covalent_radius(element.atomic_number), 3);
    after += element.amount * std::pow(covalent_radius(chosen), 3);
  }
  stretch = std::cbrt(after / before);
  for (io::ElementAmount& element : out.formula) element.atomic_number = becomes[element.atomic_number];
  std::ranges::sort(out.formula, {}, &io::ElementAmount::atomic_number);
  out.atomic_number.resize(structure.atoms());
  std::ranges::transform(structure.atomic_number, out.atomic_number.begin(), [&](std::uint8_t z) { return becomes[z]; });
  return true;
}

/// By the same check as ingest's.
bool Synthesizer::keeps_contract(const SynthesizedStructure& made) const {
  const StructureView s = view(made);
  io::StructureRecord record;
  record.id = "made-up";
  record.has_structure = true;
  record.lattice = made.lattice;
  for (std::size_t i = 0; i < s.atoms(); ++i)
    record.add_atom(s.atomic_number[i], 0, {s.frac_coords[3 * i], s.frac_coords[3 * i + 1], s.frac_coords[3 * i + 2]}, s.occupancy_of(i));
  io::RecordLimits limits;
  limits.max_atoms = s.atoms();
  try {
    io::check_record(record, limits);
  } catch (const InputError&) {
    return false;  // the caller draws again, and says so when it never works
  }
  return record.atoms() == s.atoms();
}

StructureView Synthesizer::view(const SynthesizedStructure& made) const {
  StructureView structure = parents_.structure(made.parent);
  return {made.lattice, made.atomic_number, structure.frac_coords, structure.occupancy, structure.laue_code};
}

}  // namespace xxact::synthesis
