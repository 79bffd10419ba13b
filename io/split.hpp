// The split into train, validation and test as a pure function of the reduced formula, the same in every file: all
// polymorphs of a formula fall on one side.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/dataset_rows.hpp"

namespace xxact::io {

/// SHA-256 of the text of `reduced_formula` as a number modulo 10: 0-7 train, 8 validation, 9 test. With a seed, of
/// the seed in decimal, a line break and that text.
Split split_of(std::string_view reduced_formula, std::optional<std::uint64_t> seed = std::nullopt);

/// That rule in words, for the dataset's attribute.
std::string split_rule(std::optional<std::uint64_t> seed);

/// That rule with its seed, if it has one.
struct FormulaSplit {
  std::optional<std::uint64_t> seed;
};

/// The rule that these words of split_rule describe; nothing for any others, such as those of a published split.
std::optional<FormulaSplit> formula_split_of(std::string_view words);

}  // namespace xxact::io
