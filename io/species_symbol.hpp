// Atom type symbols and site labels of crystallographic files: "Fe3+", "O2-", "D", "Cu1A".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xxact::io {

struct Species {
  std::uint8_t atomic_number;
  int code;  // equal for equal symbols only: tells Fe2+ from Fe3+ and H from D on one site
};

/// Reads a type symbol: an element in any case, then charge or anything else. D and T are hydrogen.
/// Throws InputError for an unknown element.
Species species_of_symbol(std::string_view symbol);

/// The charge that ends a type symbol: "O2-" -2, "Fe+3" 3, "Na+" 1, "Fe2.5+" 2.5; nothing where it ends with anything else.
std::optional<double> charge_of_symbol(std::string_view symbol);

/// Reads a site label where there is no type symbol: two letters are one element only if the second is small ("Cu1"),
/// else the first letter is ("HO1" is hydrogen), else both ("CL1").
Species species_of_label(std::string_view label);

/// Code of a symbol and an oxidation state that are given apart.
int species_code(std::string_view symbol, double oxidation_state);

}  // namespace xxact::io
