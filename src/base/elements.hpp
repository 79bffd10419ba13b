// Chemical elements: symbol to atomic number and back, and crystal systems.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xxact {

inline constexpr int kMaxAtomicNumber = 118;
inline constexpr int kCrystalSystems = 7;
inline constexpr int kSpaceGroups = 230;

/// Symbol of element Z, 1..118; "?" for any other number.
std::string_view element_symbol(int atomic_number);

/// Atomic number of an element symbol, exactly spelled ("Fe"); D and T are hydrogen. Nothing if unknown.
std::optional<std::uint8_t> atomic_number_of(std::string_view symbol);

/// Crystal system of a space-group number: 0 triclinic (1-2), 1 monoclinic (3-15), 2 orthorhombic (16-74),
/// 3 tetragonal (75-142), 4 trigonal (143-167), 5 hexagonal (168-194), 6 cubic (195-230); -1 for any other number.
int crystal_system_of(int space_group);

/// "triclinic", ... in that order.
std::string_view crystal_system_name(int crystal_system);

}  // namespace xxact
