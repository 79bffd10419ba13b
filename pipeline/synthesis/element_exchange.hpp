// Which element may stand in for which: those that share a common oxidation state, the more likely the more states they share and
// the closer their radii are.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "src/base/elements.hpp"

namespace xxact::synthesis {

using ElementSet = std::bitset<kMaxAtomicNumber + 1>;  // by atomic number

/// Elements that may come out of an exchange at all: they have form factors and a common oxidation state and are no noble gases.
ElementSet exchangeable_elements();

/// Covalent radius in angstrom (Cordero et al., Dalton Trans. 2008, 2832, doi:10.1039/b801115j, as gemmi has them).
double covalent_radius(int atomic_number);

class ElementExchange {
 public:
  /// Only elements of `allowed` that are exchangeable come out; an element may always stay itself.
  explicit ElementExchange(const ElementSet& allowed);

  /// The element for `atomic_number`, 1 to 118; `uniform` in [0, 1). Weights: the share of common states times exp(-(dr / 0.25 angstrom)^2 / 2).
  std::uint8_t choose(std::uint8_t atomic_number, float uniform) const;

 private:
  struct Choice {
    float up_to;  // of the cumulated weights
    std::uint8_t atomic_number;
  };
  std::array<std::vector<Choice>, kMaxAtomicNumber + 1> choices_;
};

}  // namespace xxact::synthesis
