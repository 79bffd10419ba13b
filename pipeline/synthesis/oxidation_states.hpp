// Common oxidation states of the elements, as pymatgen's Element.common_oxidation_states gives them (pymatgen-core 2026.10.16, MIT licence).
#pragma once

#include <cstdint>

namespace xxact::synthesis {

inline constexpr int kLowestState = -4, kHighestState = 7;

/// The states of element Z as a set: bit s - kLowestState stands for the state s. Empty for elements without one and beyond californium (98).
std::uint16_t common_oxidation_states(int atomic_number);

}  // namespace xxact::synthesis
