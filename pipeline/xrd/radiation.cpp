#include "pipeline/xrd/radiation.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

struct NamedLine {
  std::string_view name;
  double wavelength_angstrom;
};

constexpr std::array<NamedLine, 24> kLines = {{
    {"CuKa", 1.54184},  {"CuKa1", 1.54056},  {"CuKa2", 1.54439},  {"CuKb1", 1.39222},
    {"MoKa", 0.71073},  {"MoKa1", 0.70930},  {"MoKa2", 0.71359},  {"MoKb1", 0.63229},
    {"CrKa", 2.29100},  {"CrKa1", 2.28970},  {"CrKa2", 2.29361},  {"CrKb1", 2.08487},
    {"FeKa", 1.93735},  {"FeKa1", 1.93604},  {"FeKa2", 1.93998},  {"FeKb1", 1.75661},
    {"CoKa", 1.79026},  {"CoKa1", 1.78896},  {"CoKa2", 1.79285},  {"CoKb1", 1.63079},
    {"AgKa", 0.560885}, {"AgKa1", 0.559421}, {"AgKa2", 0.563813}, {"AgKb1", 0.497082},
}};

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

Radiation parse_radiation(std::string_view text) {
  for (const NamedLine& line : kLines)
    if (same_ignoring_case(text, line.name)) return {line.wavelength_angstrom};
  // Ka12 stands between Ka1 and Ka2 of the same anode.
  for (std::size_t i = 0; i + 1 < kLines.size(); ++i)
    if (kLines[i].name.ends_with("Ka1") && same_ignoring_case(text, std::string(kLines[i].name) + "2"))
      return {kLines[i].wavelength_angstrom, kLines[i + 1].wavelength_angstrom, kDoubletIntensity};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw ConfigError("wavelength '{}' is neither a number in angstrom (1.5406) nor one of {}", text, radiation_names());
  if (!(value >= kShortestWavelength && value <= kLongestWavelength))
    throw ConfigError("wavelength {} is outside {} to {} angstrom", text, kShortestWavelength, kLongestWavelength);
  return {value};
}

std::string radiation_names() {
  std::string names;
  for (const NamedLine& line : kLines) {
    if (!names.empty()) names += ", ";
    names += line.name;
    if (line.name.ends_with("Ka2")) names += ", " + std::string(line.name.substr(0, 2)) + "Ka12";
  }
  return names;
}

double photon_energy_ev(double wavelength_angstrom) { return 12398.41984 / wavelength_angstrom; }

}  // namespace xxact::xrd
