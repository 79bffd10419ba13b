#include "io/species_symbol.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::optional<std::uint8_t> one_letter(std::string_view text) {
  const char symbol[1] = {upper(text[0])};
  return atomic_number_of({symbol, 1});
}

std::optional<std::uint8_t> two_letters(std::string_view text) {
  if (text.size() < 2 || !is_letter(text[1])) return std::nullopt;
  const char symbol[2] = {upper(text[0]), lower(text[1])};
  return atomic_number_of({symbol, 2});
}

/// FNV-1a, 32 bits.
int hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return static_cast<int>(hash >> 1);
}

Species checked(std::optional<std::uint8_t> z, std::string_view text) {
  if (!z) throw InputError("unknown element \"{:.20}\"", text);
  return {*z, hash_of(text)};
}

}  // namespace

Species species_of_symbol(std::string_view symbol) {
  if (symbol.empty() || !is_letter(symbol[0])) return checked(std::nullopt, symbol);
  auto z = two_letters(symbol);
  if (!z) z = one_letter(symbol);
  return checked(z, symbol);
}

std::optional<double> charge_of_symbol(std::string_view symbol) {
  if (symbol.empty() || !is_letter(symbol[0])) return std::nullopt;
  std::string_view text = symbol.substr(two_letters(symbol) ? 2 : 1);
  if (text.empty()) return std::nullopt;
  const bool sign_first = text.front() == '+' || text.front() == '-';
  const char sign = sign_first ? text.front() : text.back();
  if (sign != '+' && sign != '-') return std::nullopt;
  if (sign_first) text.remove_prefix(1);
  else text.remove_suffix(1);
  double charge = 1;
  if (!text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), charge, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !(charge >= 0)) return std::nullopt;
  }
  return sign == '+' ? charge : -charge;
}

Species species_of_label(std::string_view label) {
  if (label.empty() || !is_letter(label[0])) return checked(std::nullopt, label);
  std::optional<std::uint8_t> z;
  if (label.size() > 1 && lower(label[1]) == label[1]) z = two_letters(label);
  if (!z) z = one_letter(label);
  if (!z) z = two_letters(label);
  // Labels number the sites, so they say nothing about the species beyond its element.
  Species species = checked(z, label);
  species.code = *z + (upper(label[0]) == 'D' && *z == 1 ? 1000 : 0);
  return species;
}

int species_code(std::string_view symbol, double oxidation_state) {
  if (std::isnan(oxidation_state) || oxidation_state == 0) return hash_of(symbol);
  return hash_of(fmt::format("{}{:+.2f}", symbol, oxidation_state));
}

}  // namespace xxact::io
