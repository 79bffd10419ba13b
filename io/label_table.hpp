// What the labels are: one table from the columns and keys of known sources to label names, units and definitions
// (functional, corrections, reference). Definitions follow the source, because the numbers do: a formation energy of
// the Materials Project and one of Castelli's perovskites are different quantities.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/dataset_rows.hpp"

namespace xxact::io {

inline constexpr std::size_t kLabelCount = 5;

/// Where a record comes from, as far as its definitions go.
enum class SourceKind : std::uint8_t {
  unspecified,        // definition "as in the source (unspecified)"
  materials_project,  // id begins with mp- or mvc-
  alexandria,         // id begins with agm, or the Alexandria keys mat_id and e_form are there
  perovskites,        // the columns of Castelli's cubic perovskites (heat_ref_per_atom)
  dataset,            // a row of a dataset file, which says its definitions itself
};
inline constexpr std::size_t kSourceKinds = 5;

/// Labels of one record, NaN = unknown.
struct LabelValues {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::array<double, kLabelCount> value = {kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};
  SourceKind source = SourceKind::unspecified;
};

/// Label of a column or key, e.g. "e_form" -> formation_energy_per_atom; nothing if it is none.
std::optional<std::size_t> label_of_key(std::string_view key);
std::string_view label_name(std::size_t label);
/// Label of that name; nothing if there is none.
std::optional<std::size_t> label_of_name(std::string_view name);

/// Source by the id and by whether the distinguishing columns were seen.
SourceKind source_kind_of(std::string_view id, bool perovskite_columns, bool alexandria_keys);

/// Whether a key gives the space group number.
bool is_space_group_key(std::string_view key);

/// The value of a cell: NaN for an empty cell and for nan, none, null, na in any case. Throws InputError naming the
/// field for anything else that is no number or does not fit float32.
double parse_label(std::string_view field, std::string_view text);
/// A number that already is one; throws InputError naming the field when it does not fit float32.
double checked_label(std::string_view field, double value);
/// 1-230, or 0 for an empty cell or 0. Throws InputError naming the field otherwise.
int parse_space_group(std::string_view field, std::string_view text);
int checked_space_group(std::string_view field, double value);

/// Which source kinds gave each label: bit k of seen[label] is kind k.
using SeenSources = std::array<std::uint32_t, kLabelCount>;

/// Definitions of each label that dataset files say.
using LabelDefinitions = std::array<std::vector<std::string>, kLabelCount>;
/// Adds what a dataset says of a label, the parts of "mixed: A | B" one by one, each once.
void add_definitions(std::vector<std::string>& definitions, std::string_view said);
/// "A" or "mixed: A | B".
std::string joined_definitions(const std::vector<std::string>& definitions);

/// Labels that were seen, in the table's order, with units and definition; several definitions of one label become
/// "mixed: A | B". `overrides`: label name to definition.
struct ChosenLabels {
  std::vector<std::size_t> label;
  std::vector<LabelInfo> info;
};
ChosenLabels choose_labels(const SeenSources& seen, const LabelDefinitions& of_datasets, const std::map<std::string, std::string>& overrides);

}  // namespace xxact::io
