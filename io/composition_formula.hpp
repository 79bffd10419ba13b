// Readable formulas from compositions. Not here: parsing formulas, the split's reduced formula (both from counts).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace xxact::io {

/// Reduced formula, "Fe2O3", of elements with fractions that add up to 1: the smallest whole numbers up to 1,000 in all
/// that give the fractions within float32; with decimals, the rarest element as 1 ("FeO1.026"), where there are none.
/// Elements in the order of rising Pauling electronegativity (CRC Handbook of Chemistry and Physics, 2005; elements
/// without a value last), then atomic number.
std::string composition_formula(std::span<const std::uint8_t> atomic_number, std::span<const float> fraction);

}  // namespace xxact::io
