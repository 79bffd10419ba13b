#include "io/label_table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::io {

namespace {

enum LabelNumber : std::size_t { formation_energy, band_gap, hull_distance, direct_gap, heat_of_reference };

struct Label {
  const char* name;
  const char* units;
  std::array<const char*, kSourceKinds - 1> definition;  // by SourceKind, but for datasets
};

constexpr const char* kUnspecified = "as in the source (unspecified)";
constexpr const char* kProjectEnergy =
    "Materials Project: PBE and PBE+U (GGA/GGA+U mixing), with the project's anion and mixing corrections";
constexpr const char* kAlexandriaEnergy = "Alexandria: PBE and PBE+U, with Materials Project compatible corrections";

// Castelli's set: I. E. Castelli et al., Energy Environ. Sci. 5, 5814 (2012), doi:10.1039/C1EE02717D.
constexpr std::array<Label, kLabelCount> kLabels = {{
    {"formation_energy_per_atom", "eV/atom",
     {kUnspecified, "Materials Project: PBE and PBE+U (GGA/GGA+U mixing), with the project's anion and mixing corrections, against the elements",
      "Alexandria: PBE and PBE+U, with Materials Project compatible corrections, against the elements",
      "Castelli perovskites: RPBE, heat of formation of the cell against elements and pools of references, divided by its atoms"}},
    {"band_gap", "eV",
     {kUnspecified, "Materials Project: PBE and PBE+U Kohn-Sham gap", "Alexandria: PBE Kohn-Sham gap, indirect",
      "Castelli perovskites: GLLB-SC quasi-particle gap, indirect"}},
    {"e_above_hull", "eV/atom", {kUnspecified, kProjectEnergy, kAlexandriaEnergy, kUnspecified}},
    {"direct_band_gap", "eV",
     {kUnspecified, "Materials Project: PBE and PBE+U Kohn-Sham gap, direct", "Alexandria: PBE Kohn-Sham gap, direct",
      "Castelli perovskites: GLLB-SC quasi-particle gap, direct"}},
    {"heat_ref_per_atom", "eV/atom",
     {kUnspecified, kUnspecified, kUnspecified,
      "Castelli perovskites: RPBE, heat of formation of the cell against the elements' reference phases, divided by its atoms"}},
}};

struct Key {
  std::string_view key;
  LabelNumber label;
};
constexpr std::array<Key, 14> kKeys = {{
    {"formation_energy_per_atom", formation_energy},
    {"e_form_per_atom", formation_energy},
    {"e_form", formation_energy},
    {"formation_energy", formation_energy},
    {"target", formation_energy},  // composition tables of the CrabNet benchmark
    {"band_gap", band_gap},
    {"band_gap_ind", band_gap},
    {"bandgap", band_gap},
    {"e_above_hull", hull_distance},
    {"energy_above_hull", hull_distance},
    {"direct_band_gap", direct_gap},
    {"band_gap_dir", direct_gap},
    {"dir_gap", direct_gap},
    {"heat_ref_per_atom", heat_of_reference},
}};

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

bool says_unknown(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > 4) return false;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return lower == "nan" || lower == "none" || lower == "null" || lower == "na" || lower == "n/a";
}

double parse_number(std::string_view field, std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) throw InputError("{} is no number: \"{:.40}\"", field, text);
  return value;
}

}  // namespace

std::optional<std::size_t> label_of_key(std::string_view key) {
  for (const Key& known : kKeys)
    if (known.key == key) return known.label;
  return std::nullopt;
}

std::string_view label_name(std::size_t label) { return kLabels[label].name; }

std::optional<std::size_t> label_of_name(std::string_view name) {
  for (std::size_t label = 0; label < kLabelCount; ++label)
    if (label_name(label) == name) return label;
  return std::nullopt;
}

SourceKind source_kind_of(std::string_view id, bool perovskite_columns, bool alexandria_keys) {
  if (perovskite_columns) return SourceKind::perovskites;
  if (id.starts_with("mp-") || id.starts_with("mvc-")) return SourceKind::materials_project;
  if (alexandria_keys || id.starts_with("agm")) return SourceKind::alexandria;
  return SourceKind::unspecified;
}

bool is_space_group_key(std::string_view key) {
  return key == "space_group_number" || key == "spacegroup.number" || key == "spacegroup_number" || key == "spg";
}

double checked_label(std::string_view field, double value) {
  if (std::isnan(value)) return value;
  if (!(std::abs(value) <= std::numeric_limits<float>::max())) throw InputError("{} is not a finite float32 number: {}", field, value);
  return value;
}

double parse_label(std::string_view field, std::string_view text) {
  text = trimmed(text);
  if (says_unknown(text)) return LabelValues::kUnknown;
  return checked_label(field, parse_number(field, text));
}

int checked_space_group(std::string_view field, double value) {
  if (std::isnan(value)) return 0;
  if (!(value >= 0 && value <= 230) || value != std::floor(value)) throw InputError("{} is no space group number (1-230): {}", field, value);
  return static_cast<int>(value);
}

int parse_space_group(std::string_view field, std::string_view text) {
  text = trimmed(text);
  return says_unknown(text) ? 0 : checked_space_group(field, parse_number(field, text));
}

void add_definitions(std::vector<std::string>& definitions, std::string_view said) {
  constexpr std::string_view kMixed = "mixed: ", kBetween = " | ";
  const bool mixed = said.starts_with(kMixed);
  if (mixed) said.remove_prefix(kMixed.size());
  while (true) {
    const auto end = mixed ? said.find(kBetween) : std::string_view::npos;
    const std::string one(said.substr(0, end));
    if (std::find(definitions.begin(), definitions.end(), one) == definitions.end()) definitions.push_back(one);
    if (end == std::string_view::npos) return;
    said.remove_prefix(end + kBetween.size());
  }
}

std::string joined_definitions(const std::vector<std::string>& definitions) {
  return fmt::format("{}{}", definitions.size() > 1 ? "mixed: " : "", fmt::join(definitions, " | "));
}

ChosenLabels choose_labels(const SeenSources& seen, const LabelDefinitions& of_datasets, const std::map<std::string, std::string>& overrides) {
  for (const auto& [name, text] : overrides)
    if (!label_of_name(name)) throw ConfigError("--label-definition: no label is named '{}'", name);
  ChosenLabels chosen;
  for (std::size_t label = 0; label < kLabelCount; ++label) {
    if (seen[label] == 0) continue;
    std::vector<std::string> definitions;
    for (std::size_t kind = 0; kind < kLabels[label].definition.size(); ++kind)
      if (seen[label] >> kind & 1U) add_definitions(definitions, kLabels[label].definition[kind]);
    if (seen[label] >> static_cast<unsigned>(SourceKind::dataset) & 1U)
      for (const auto& text : of_datasets[label]) add_definitions(definitions, text);
    std::string definition = joined_definitions(definitions);
    if (const auto found = overrides.find(kLabels[label].name); found != overrides.end()) definition = found->second;
    chosen.label.push_back(label);
    chosen.info.push_back({kLabels[label].name, kLabels[label].units, definition});
  }
  return chosen;
}

}  // namespace xxact::io
