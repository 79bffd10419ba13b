#include "src/base/elements.hpp"

#include <algorithm>
#include <array>

namespace xxact {
namespace {

constexpr std::array<std::string_view, kMaxAtomicNumber + 1> kSymbols = {
    "?",  "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",
    "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As",
    "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn",
    "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho",
    "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po",
    "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md",
    "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og"};

constexpr std::array<std::string_view, kCrystalSystems> kSystems = {
    "triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic"};

// First space-group number of each system (International Tables A).
constexpr std::array<int, kCrystalSystems + 1> kFirstGroup = {1, 3, 16, 75, 143, 168, 195, 231};

}  // namespace

std::string_view element_symbol(int atomic_number) {
  const bool known = atomic_number >= 1 && atomic_number <= kMaxAtomicNumber;
  return kSymbols[known ? static_cast<std::size_t>(atomic_number) : 0];
}

std::optional<std::uint8_t> atomic_number_of(std::string_view symbol) {
  if (symbol == "D" || symbol == "T") return std::uint8_t{1};
  const auto found = std::find(kSymbols.begin() + 1, kSymbols.end(), symbol);
  if (found == kSymbols.end()) return std::nullopt;
  return static_cast<std::uint8_t>(found - kSymbols.begin());
}

int crystal_system_of(int space_group) {
  if (space_group < kFirstGroup.front() || space_group >= kFirstGroup.back()) return -1;
  const auto next = std::upper_bound(kFirstGroup.begin(), kFirstGroup.end(), space_group);
  return static_cast<int>(next - kFirstGroup.begin()) - 1;
}

std::string_view crystal_system_name(int crystal_system) {
  const bool known = crystal_system >= 0 && crystal_system < kCrystalSystems;
  return known ? kSystems[static_cast<std::size_t>(crystal_system)] : "unknown";
}

}  // namespace xxact
