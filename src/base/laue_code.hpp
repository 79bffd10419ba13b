// The Laue symmetry of a structure as one number, small enough to be kept with every row of a dataset: two rotations that
// generate, with the inversion, the rotations of its space group. Every group of rotations of a crystal has two such.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace xxact {

using Rotation = std::array<int, 9>;  // [3, 3] row-major, x' = W x in the basis of the cell

inline constexpr std::size_t kMostRotations = 24;  // of a crystal, W and -W counted once

inline constexpr int kLargestEntry = 10'000;     // reached in cells that are skewed a hundred times over

/// Not known; what is computed then assumes no symmetry.
inline constexpr std::uint32_t kNoLaueCode = 0;

/// All products of the rotations and of the inversion, one of W and -W (that of determinant 1), the identity first, ascending.
/// Empty when a determinant is not 1 or -1, when there would be more than kMostRotations, or an entry beyond kLargestEntry.
std::vector<Rotation> laue_group_of(std::span<const Rotation> rotations);

/// The sum over the 18 entries e of both generators, row by row, of (e + 1) 3^i. kNoLaueCode for what is not the
/// group of a crystal or has no two generators with entries of -1, 0 and 1 alone, which happens in cells that are far from reduced.
std::uint32_t encode_laue_group(std::span<const Rotation> rotations);

/// The two generators. They are not checked: a code from a file may name what is no group.
std::array<Rotation, 2> decode_laue_group(std::uint32_t code);

}  // namespace xxact
