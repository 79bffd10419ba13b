#include "pipeline/synthesis/oxidation_states.hpp"

#include <array>

namespace xxact::synthesis {
namespace {

template <class... States>
constexpr std::uint16_t states(States... state) {
  return static_cast<std::uint16_t>((0U | ... | (1U << static_cast<unsigned>(state - kLowestState))));
}

constexpr std::array<std::uint16_t, 99> kStates = {
    states(),  // no element
    states(-1, 1), states(), states(1), states(2), states(3),  // 1 H .. 5 B
    states(-4, -3, -2, -1, 0, 1, 2, 3, 4), states(-3, 3, 5), states(-2), states(-1), states(),  // 6 C .. 10 Ne
    states(1), states(2), states(3), states(-4, 4), states(-3, 3, 5),  // 11 Na .. 15 P
    states(-2, 2, 4, 6), states(-1, 1, 3, 5, 7), states(), states(1), states(2),  // 16 S .. 20 Ca
    states(3), states(4), states(5), states(3, 6), states(2, 4, 7),  // 21 Sc .. 25 Mn
    states(2, 3), states(2, 3), states(2), states(2), states(2),  // 26 Fe .. 30 Zn
    states(3), states(-4, 2, 4), states(-3, 3, 5), states(-2, 2, 4, 6), states(-1, 1, 3, 5),  // 31 Ga .. 35 Br
    states(2), states(1), states(2), states(3), states(4),  // 36 Kr .. 40 Zr
    states(5), states(4, 6), states(4, 7), states(3, 4), states(3),  // 41 Nb .. 45 Rh
    states(2, 4), states(1), states(2), states(3), states(-4, 2, 4),  // 46 Pd .. 50 Sn
    states(-3, 3, 5), states(-2, 2, 4, 6), states(-1, 1, 3, 5, 7), states(2, 4, 6), states(1),  // 51 Sb .. 55 Cs
    states(2), states(3), states(3, 4), states(3), states(3),  // 56 Ba .. 60 Nd
    states(3), states(3), states(2, 3), states(3), states(3),  // 61 Pm .. 65 Tb
    states(3), states(3), states(3), states(3), states(3),  // 66 Dy .. 70 Yb
    states(3), states(4), states(5), states(4, 6), states(4, 7),  // 71 Lu .. 75 Re
    states(4), states(3, 4), states(2, 4), states(3), states(1, 2),  // 76 Os .. 80 Hg
    states(1, 3), states(2, 4), states(3), states(-2, 2, 4), states(-1, 1),  // 81 Tl .. 85 At
    states(), states(1), states(2), states(3), states(4),  // 86 Rn .. 90 Th
    states(5), states(6), states(5), states(4), states(3),  // 91 Pa .. 95 Am
    states(3), states(3), states(3),  // 96 Cm .. 98 Cf
};

}  // namespace

std::uint16_t common_oxidation_states(int atomic_number) {
  return atomic_number >= 1 && atomic_number < static_cast<int>(kStates.size()) ? kStates[static_cast<std::size_t>(atomic_number)] : std::uint16_t{0};
}

}  // namespace xxact::synthesis
