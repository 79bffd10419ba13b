#include "io/cif_site_details.hpp"

#include <cmath>
#include <gemmi/numb.hpp>
#include <map>
#include <numbers>
#include <optional>
#include <string>

#include "io/species_symbol.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr double kEightPiSquared = 8 * std::numbers::pi * std::numbers::pi;

struct NamedColumn {
  std::string tag;
  CifColumn values;
};

/// The column of a category's item: tags come with `_` or, in newer dictionaries, with `.` after the category.
NamedColumn find_column(const CifBlock& block, std::string_view category, std::string_view item) {
  for (const char* separator : {"_", "."}) {
    std::string tag = fmt::format("{}{}{}", category, separator, item);
    if (const CifColumn values = block.find(tag); values.size() > 0) return {std::move(tag), values};
  }
  return {};
}

/// A number with or without its uncertainty in brackets; NaN where it is unknown.
double number_in(const NamedColumn& column, std::size_t row, std::string_view owner) {
  const CifValue& value = column.values[row];
  if (!value.known()) return std::numeric_limits<double>::quiet_NaN();
  const double number = gemmi::cif::as_number(std::string(value.text));
  if (!std::isfinite(number)) throw InputError("{} of {:.40} is no number: \"{:.40}\"", column.tag, owner, value.text);
  return number;
}

void read_charges(const CifBlock& block, const CifColumn& symbols, std::vector<AtomDetails>& details) {
  if (symbols.size() == 0) return;
  const NamedColumn type = find_column(block, "_atom_type", "symbol"), oxidation = find_column(block, "_atom_type", "oxidation_number");
  std::map<std::string_view, double> given;
  if (type.values.size() == oxidation.values.size())
    for (std::size_t row = 0; row < type.values.size(); ++row)
      if (const double charge = number_in(oxidation, row, type.values[row].text); !std::isnan(charge)) given[type.values[row].text] = charge;
  for (std::size_t site = 0; site < details.size(); ++site) {
    const std::string_view symbol = symbols[site].text;
    const std::optional<double> spelled = symbols[site].known() ? charge_of_symbol(symbol) : std::nullopt;
    const auto found = given.find(symbol);
    if (spelled && found != given.end() && *spelled != found->second)
      throw InputError("{} of {:.40} is {}, which is not the charge in that symbol", oxidation.tag, symbol, found->second);
    if (found != given.end()) details[site].charge = found->second;
    else if (spelled) details[site].charge = *spelled;
  }
}

void read_isotropic(const CifBlock& block, std::string_view item, double per_u, const CifColumn& labels, const std::array<double, 9>& lattice, std::vector<AtomDetails>& details) {
  const NamedColumn column = find_column(block, "_atom_site", item);
  if (column.values.size() == 0) return;
  if (column.values.size() != details.size()) throw InputError("{} has {} values for {} atom sites", column.tag, column.values.size(), details.size());
  for (std::size_t site = 0; site < details.size(); ++site) {
    const double value = number_in(column, site, labels.size() > 0 ? labels[site].text : std::to_string(site + 1));
    if (!std::isnan(value)) details[site].u_star = isotropic_u_star(value / per_u, lattice);
  }
}

/// The row's six numbers; nothing where all are unknown.
std::optional<Tensor> tensor_in(const std::array<NamedColumn, 6>& columns, std::size_t row, std::string_view label) {
  Tensor tensor;
  std::size_t unknown = 0;
  for (std::size_t n = 0; n < 6; ++n) {
    tensor[n] = number_in(columns[n], row, label);
    unknown += std::isnan(tensor[n]) ? 1 : 0;
  }
  if (unknown == 6) return std::nullopt;
  if (unknown > 0) throw InputError("{} of the six numbers {}, ... of {:.40} are unknown", unknown, columns[0].tag, label);
  return tensor;
}

/// `letter`: U or B.
void read_anisotropic(const CifBlock& block, char letter, double per_u, const CifColumn& site_labels, const std::array<double, 9>& lattice, std::vector<AtomDetails>& details) {
  constexpr const char* kEntries[6] = {"11", "22", "33", "12", "13", "23"};
  const NamedColumn labels = find_column(block, "_atom_site_aniso", "label");
  std::array<NamedColumn, 6> columns;
  for (std::size_t n = 0; n < 6; ++n) columns[n] = find_column(block, "_atom_site_aniso", fmt::format("{}_{}", letter, kEntries[n]));
  if (columns[0].values.size() == 0) return;
  for (const NamedColumn& column : columns)
    if (column.values.size() != labels.values.size()) throw InputError("{} and the five like it do not have one value a label each", columns[0].tag);
  std::map<std::string_view, std::size_t> site_of_label;
  for (std::size_t site = 0; site < site_labels.size(); ++site)
    if (!site_of_label.emplace(site_labels[site].text, site).second) site_of_label[site_labels[site].text] = details.size();
  for (std::size_t row = 0; row < labels.values.size(); ++row) {
    const std::string_view label = labels.values[row].text;
    std::optional<Tensor> tensor = tensor_in(columns, row, label);
    if (!tensor) continue;
    const auto site = site_of_label.find(label);
    if (site == site_of_label.end() || site->second == details.size())
      throw InputError("{} \"{:.40}\" is the label of {}", labels.tag, label, site == site_of_label.end() ? "no atom site" : "several atom sites");
    for (double& entry : *tensor) entry /= per_u;
    details[site->second].u_star = u_star(*tensor, lattice);
  }
}

}  // namespace

std::vector<AtomDetails> read_site_details(const CifBlock& block, const CifColumn& labels, const CifColumn& symbols, std::size_t sites,
                                           const std::array<double, 9>& lattice, const RecordLimits& limits) {
  std::vector<AtomDetails> details(sites);
  if (limits.charges) read_charges(block, symbols, details);
  if (!limits.displacements) return details;
  // Later ones replace earlier ones.
  read_isotropic(block, "B_iso_or_equiv", kEightPiSquared, labels, lattice, details);
  read_isotropic(block, "U_iso_or_equiv", 1, labels, lattice, details);
  read_anisotropic(block, 'B', kEightPiSquared, labels, lattice, details);
  read_anisotropic(block, 'U', 1, labels, lattice, details);
  return details;
}

}  // namespace xxact::io
