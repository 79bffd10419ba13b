#include "io/measured_formats.hpp"

#include <simdjson.h>

#include <charconv>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

constexpr std::size_t kShownBytes = 200;
constexpr double kShortestWavelength = 0.05, kLongestWavelength = 10;  // angstrom; the range that simulations take

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0' || c == '\v' || c == '\f'; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<double> number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string bare_name(std::string_view text) {
  std::string bare;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.substr(i).starts_with("\xCE\xB8")) bare += "theta", ++i;  // the Greek letter
    else if (c >= 'A' && c <= 'Z') bare += static_cast<char>(c + 32);
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) bare += c;
  }
  return bare;
}

std::string shown(std::string_view text) {
  std::string kept(trimmed(text).substr(0, kShownBytes));
  const bool utf8 = simdjson::validate_utf8(kept);
  for (char& c : kept) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) c = '?';
  }
  return kept;
}

std::optional<double> wavelength(std::string_view text, double angstroms_per_unit, std::vector<std::string>& notes) {
  const auto value = number(trimmed(text));
  if (!value || *value <= 0) return std::nullopt;  // programs write 0 for what they do not know
  const double angstrom = *value * angstroms_per_unit;
  if (angstrom >= kShortestWavelength && angstrom <= kLongestWavelength) return angstrom;
  notes.push_back(fmt::format("the file's wavelength, {} angstrom, is outside {} to {} and is left out", angstrom, kShortestWavelength, kLongestWavelength));
  return std::nullopt;
}

std::vector<double> numbers(std::string_view text, std::string_view what) {
  std::vector<double> values;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    std::size_t end = 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const auto value = number(text.substr(0, end));
    if (!value) throw InputError("{}: value {} is no finite number: \"{}\"", what, values.size() + 1, shown(text.substr(0, std::min(end, std::size_t{40}))));
    values.push_back(*value);
    text.remove_prefix(end);
  }
  return values;
}

std::vector<double> equal_steps(double start, double step, std::size_t points) {
  std::vector<double> values(points);
  for (std::size_t i = 0; i < points; ++i) values[i] = start + static_cast<double>(i) * step;
  return values;
}

bool Lines::next() {
  if (rest_.empty()) return false;
  const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
  line_ = rest_.substr(0, end);
  const bool both = rest_.substr(end).starts_with("\r\n");
  rest_.remove_prefix(std::min(end + (both ? 2 : 1), rest_.size()));
  ++number_;
  return true;
}

}  // namespace xxact::io::measured
