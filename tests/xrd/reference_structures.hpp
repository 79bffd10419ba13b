// Structures and lines that pymatgen computed, from data/xrd, and a structure that owns its arrays.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "src/base/structure.hpp"

namespace xxact::xrd {

struct OwnedStructure {
  std::array<double, 9> lattice{};
  std::vector<std::uint8_t> atomic_number;
  std::vector<float> frac_coords, occupancy, charge;
  std::vector<double> displacement;  // [atoms, 6], see StructureView

  StructureView view() const { return {lattice, atomic_number, frac_coords, occupancy, kNoLaueCode, charge, displacement}; }
  void add(int z, double x, double y, double w, double occupied = 1);
};

OwnedStructure cubic(double edge);
OwnedStructure orthogonal(double a, double b, double c);

/// A triclinic cell without symmetry: seven atoms of four elements, one site shared, two partly occupied. No reflection
/// but g and -g share an angle.
OwnedStructure triclinic();

struct ReferenceLines {
  double wavelength;
  std::vector<double> two_theta, intensity, d;
  std::vector<std::array<int, 3>> hkl;  // first family
  std::vector<int> multiplicity;        // of all merged families
};

struct ReferenceStructure {
  std::string name;
  OwnedStructure structure;
  std::map<std::string, ReferenceLines> lines;  // by radiation
};

/// pymatgen_lines.json.gz: 175 structures, CuKa, CuKa1 and MoKa.
std::vector<ReferenceStructure> pymatgen_structures();

/// pymatgen_reference11.json: textbook structures, CuKa, 5 to 90 degrees; `intensity` holds the unscaled values.
std::vector<ReferenceStructure> textbook_structures();

}  // namespace xxact::xrd
