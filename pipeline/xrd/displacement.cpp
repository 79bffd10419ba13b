#include <charconv>
#include <cmath>
#include <string>

#include "pipeline/xrd/simulator.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kLargestB = 100;  // square angstrom; an rms displacement of 1.1 angstrom

double parse_b(std::string_view text, std::string_view whole) {
  double b = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), b);
  if (error != std::errc{} || end != text.data() + text.size() || !(b >= 0 && b <= kLargestB))
    throw ConfigError("displacement '{}': '{}' is not a B from 0 to {} square angstrom; give 0.5, or O=0.8,Ba=0.3, or 0.5,O=0.8", whole, text, kLargestB);
  return b;
}

}  // namespace

Displacement parse_displacement(std::string_view text) {
  Displacement displacement;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      displacement.b_iso = parse_b(item, text);
      continue;
    }
    const auto element = atomic_number_of(item.substr(0, equals));
    if (!element) throw ConfigError("displacement '{}': '{}' is not an element", text, item.substr(0, equals));
    displacement.b_iso_of_element[*element] = parse_b(item.substr(equals + 1), text);
  }
  return displacement;
}

}  // namespace xxact::xrd
