// One record of a source file while it is parsed and checked, in double precision; it becomes a dataset row. The
// object is reused from record to record. A parser or check that cannot accept a record throws InputError whose
// message is the reason alone: the caller knows file and record.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "io/displacement_tensor.hpp"
#include "io/formula.hpp"
#include "io/label_table.hpp"

namespace xxact::io {

/// What a source says of an atom beside element, place and occupancy; NaN where it does not.
struct AtomDetails {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  double charge = kUnknown;  // of the ion, in units of the proton's
  Tensor u_star = {kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};  // all six or none
};

struct StructureRecord {
  std::string id;

  bool has_structure = false;
  std::array<double, 9> lattice{};           // [3, 3], rows are vectors, angstrom
  std::vector<std::uint8_t> atomic_number;   // [atoms]: one row a site and species
  std::vector<double> frac_coords;           // [atoms, 3]
  std::vector<double> occupancy;             // [atoms]
  std::vector<int> species;                  // [atoms]: tells Fe2+ from Fe3+, H from D; see species_code
  std::vector<AtomDetails> details;          // [atoms], or empty: not asked for, see RecordLimits
  std::vector<std::uint32_t> site;           // [atoms]: atoms of one mixed site share a number; made by the checks

  std::vector<ElementAmount> formula;  // by ascending atomic number; given, or counted from the atoms by the checks
  int space_group = 0;                 // as the source gives it; 0 = it does not
  LabelValues labels;

  std::size_t atoms() const { return atomic_number.size(); }

  void add_atom(std::uint8_t z, int species_number, const std::array<double, 3>& frac, double occupied) {
    atomic_number.push_back(z);
    species.push_back(species_number);
    frac_coords.insert(frac_coords.end(), frac.begin(), frac.end());
    occupancy.push_back(occupied);
  }

  void clear_atoms() {
    atomic_number.clear();
    species.clear();
    frac_coords.clear();
    occupancy.clear();
    details.clear();
    site.clear();
  }

  void clear() {
    id.clear();
    has_structure = false;
    lattice.fill(0.0);
    clear_atoms();
    formula.clear();
    space_group = 0;
    labels = {};
  }
};

}  // namespace xxact::io
