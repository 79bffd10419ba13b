// Chemical formulas: text to amounts of elements, and the canonical reduced form that the split is made from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xxact::io {

struct ElementAmount {
  std::uint8_t atomic_number;
  double amount;  // > 0, atoms in the formula or cell
};

/// Amounts by ascending atomic number. Understands elements, decimal amounts, nested () [] {}, blanks, and hydrates
/// written with a middle dot or `*` (CuSO4*5H2O); D and T count as hydrogen. No scientific notation.
/// Throws InputError that names the place: empty, unknown element, zero amount, open bracket, more than 1,024 bytes.
std::vector<ElementAmount> parse_formula(std::string_view text);

/// `Z:count` by ascending atomic number, joined by one blank, counts divided by their greatest common divisor:
/// "8:3 20:1 22:1". Amounts that are not whole are first rounded to 1e-4 and counted in units of it, so that every
/// multiple of a formula gives the same text (Cu0.5Au0.5, CuAu, Cu2Au2); an amount below 5e-5 counts as one unit.
/// `formula` is sorted by atomic number.
std::string reduced_formula(std::span<const ElementAmount> formula);

}  // namespace xxact::io
