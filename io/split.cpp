#include "io/split.hpp"

#include "src/base/sha256.hpp"

#include <fmt/format.h>

#include <charconv>

namespace xxact::io {

Split split_of(std::string_view reduced_formula, std::optional<std::uint64_t> seed) {
  const Sha256Digest digest = seed ? sha256(fmt::format("{}\n{}", *seed, reduced_formula)) : sha256(reduced_formula);
  const unsigned tenth = modulo(digest, 10);
  if (tenth == 9) return Split::test;
  return tenth == 8 ? Split::validation : Split::train;
}

std::string split_rule(std::optional<std::uint64_t> seed) {
  const std::string text = seed ? fmt::format("the seed {}, a line break and the reduced formula", *seed) : "the reduced formula";
  return fmt::format("SHA-256 of {} (Z:count by atomic number, joined by one blank) modulo 10: 0-7 train, 8 validation, 9 test", text);
}

std::optional<FormulaSplit> formula_split_of(std::string_view words) {
  if (words == split_rule(std::nullopt)) return FormulaSplit{};
  static constexpr std::string_view kStart = "SHA-256 of the seed ";
  if (!words.starts_with(kStart)) return std::nullopt;
  std::uint64_t seed = 0;
  const auto parsed = std::from_chars(words.data() + kStart.size(), words.data() + words.size(), seed);
  if (parsed.ec != std::errc() || words != split_rule(seed)) return std::nullopt;
  return FormulaSplit{seed};
}

}  // namespace xxact::io
