#include "io/cif_structure.hpp"

#include <cmath>
#include <gemmi/numb.hpp>
#include <gemmi/symmetry.hpp>
#include <initializer_list>
#include <numbers>
#include <optional>
#include <string>

#include "io/cif_site_details.hpp"
#include "io/label_table.hpp"
#include "io/species_symbol.hpp"
#include "io/symmetry_operations.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

/// The value of the first of these tags that has a known one; nothing where there is none.
std::optional<std::string> value_of(const CifBlock& block, std::initializer_list<const char*> tags) {
  for (const char* tag : tags)
    if (const CifColumn column = block.find(tag); column.size() > 0 && column[0].known()) return std::string(column[0].text);
  return std::nullopt;
}

/// A number with or without its uncertainty in brackets: "1.234(5)".
double number_of(std::string_view text, const char* what) {
  const double value = gemmi::cif::as_number(std::string(text));
  if (std::isnan(value)) throw InputError("{} is no number: \"{:.40}\"", what, text);
  return value;
}

struct Cell {
  std::array<double, 3> length, angle;  // angstrom, degrees
};

Cell read_cell(const CifBlock& block) {
  Cell cell{};
  constexpr const char* kTags[6][2] = {{"_cell_length_a", "_cell.length_a"},         {"_cell_length_b", "_cell.length_b"},       {"_cell_length_c", "_cell.length_c"},
                                       {"_cell_angle_alpha", "_cell.angle_alpha"}, {"_cell_angle_beta", "_cell.angle_beta"}, {"_cell_angle_gamma", "_cell.angle_gamma"}};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto raw = value_of(block, {kTags[i][0], kTags[i][1]});
    if (!raw && i >= 3) {
      cell.angle[i - 3] = 90.0;  // the dictionary's default
      continue;
    }
    if (!raw) throw InputError("no cell: {} is missing", kTags[i][0]);
    const double value = number_of(*raw, kTags[i][0]);
    if (!(value > 0 && value < (i < 3 ? 1e4 : 180.0))) throw InputError("{} is {}", kTags[i][0], value);
    (i < 3 ? cell.length[i] : cell.angle[i - 3]) = value;
  }
  return cell;
}

/// Rows are vectors; exact right angles keep their zeros.
std::array<double, 9> lattice_of(const Cell& cell) {
  const auto cosine = [](double degrees) { return degrees == 90.0 ? 0.0 : std::cos(degrees * std::numbers::pi / 180); };
  const double cos_alpha = cosine(cell.angle[0]), cos_beta = cosine(cell.angle[1]), cos_gamma = cosine(cell.angle[2]);
  const double sin_gamma = std::sqrt(1 - cos_gamma * cos_gamma);
  const double cx = cos_beta, cy = (cos_alpha - cos_beta * cos_gamma) / sin_gamma;
  const double cz_squared = 1 - cx * cx - cy * cy;
  if (!(cz_squared > 0)) throw InputError("cell angles {}, {}, {} make no cell", cell.angle[0], cell.angle[1], cell.angle[2]);
  const auto [a, b, c] = cell.length;
  return {a, 0, 0, b * cos_gamma, b * sin_gamma, 0, c * cx, c * cy, c * std::sqrt(cz_squared)};
}

/// The columns of the sites; tags come with `_` or, in newer dictionaries, with `.` after the category.
struct SiteColumns {
  CifColumn x, y, z, symbol, label, occupancy;
};

SiteColumns site_columns(const CifBlock& block) {
  for (const char* category : {"_atom_site_", "_atom_site."}) {
    const auto column = [&](const char* name) { return block.find(std::string(category) + name); };
    SiteColumns sites{column("fract_x"), column("fract_y"), column("fract_z"), column("type_symbol"), column("label"), column("occupancy")};
    const std::size_t rows = sites.x.size();
    if (rows == 0) continue;
    if (sites.y.size() != rows || sites.z.size() != rows) throw InputError("coordinates of atom sites are missing");
    for (const CifColumn* other : {&sites.symbol, &sites.label, &sites.occupancy})
      if (other->size() != rows && other->size() > 0) throw InputError("the columns of the atom sites differ in length");
    return sites;
  }
  throw InputError("no atom sites with fractional coordinates");
}

void read_sites(const CifBlock& block, StructureRecord& record, const RecordLimits& limits) {
  const SiteColumns sites = site_columns(block);
  for (std::size_t row = 0; row < sites.x.size(); ++row) {
    const bool has_symbol = sites.symbol.size() > 0 && sites.symbol[row].known(), has_label = sites.label.size() > 0 && sites.label[row].known();
    if (!has_symbol && !has_label) throw InputError("an atom site has neither type symbol nor label");
    const Species species = has_symbol ? species_of_symbol(sites.symbol[row].text) : species_of_label(sites.label[row].text);
    const std::array<double, 3> frac = {number_of(sites.x[row].text, "_atom_site_fract_x"), number_of(sites.y[row].text, "_atom_site_fract_y"),
                                        number_of(sites.z[row].text, "_atom_site_fract_z")};
    const bool has_occupancy = sites.occupancy.size() > 0 && sites.occupancy[row].known();
    record.add_atom(species.atomic_number, species.code, frac, has_occupancy ? number_of(sites.occupancy[row].text, "_atom_site_occupancy") : 1.0);
  }
  if (limits.details()) record.details = read_site_details(block, sites.label, sites.symbol, sites.x.size(), record.lattice, limits);
}

/// Names as databases write them: underscores ("P6_3/mmc") and ICSD's setting after a blank ("F d -3 m Z").
std::string plain_name(std::string name) {
  std::erase(name, '_');
  while (!name.empty() && name.back() == ' ') name.pop_back();
  if (name.size() > 2 && name[name.size() - 2] == ' ') {
    switch (name.back()) {
      case 'S': name.replace(name.size() - 2, 2, ":1"); break;
      case 'Z': name.replace(name.size() - 2, 2, ":2"); break;
      case 'H': name.replace(name.size() - 2, 2, ":H"); break;
      case 'R': name.replace(name.size() - 2, 2, ":R"); break;
      default: break;
    }
  }
  return name;
}

const gemmi::SpaceGroup* named_group(const CifBlock& block, const Cell& cell) {
  const auto name = value_of(block, {"_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M", "_space_group.name_H-M_alt", "_space_group_name_H-M_full"});
  if (!name || name->empty()) return nullptr;
  const std::string plain = plain_name(*name);
  const auto* group = gemmi::find_spacegroup_by_name(plain, cell.angle[0], cell.angle[2]);
  const std::size_t colon = plain.rfind(':');
  // The setting may be one that only matters where the operations are not listed.
  return group || colon == std::string::npos ? group : gemmi::find_spacegroup_by_name(plain.substr(0, colon), cell.angle[0], cell.angle[2]);
}

int declared_number(const CifBlock& block) {
  const auto raw = value_of(block, {"_space_group_IT_number", "_symmetry_Int_Tables_number", "_space_group.IT_number", "_symmetry.Int_Tables_number"});
  return raw ? checked_space_group("the space group number", gemmi::cif::as_number(*raw)) : 0;
}

std::vector<SymmetryOperation> operations_of(const gemmi::GroupOps& group) {
  std::vector<SymmetryOperation> operations;
  for (const gemmi::Op& op : group) {
    SymmetryOperation& operation = operations.emplace_back();
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) operation.rotation[3 * i + j] = static_cast<double>(op.rot[i][j]) / gemmi::Op::DEN;
      operation.translation[i] = static_cast<double>(op.tran[i]) / gemmi::Op::DEN;
    }
  }
  return operations;
}

std::vector<SymmetryOperation> listed_operations(const CifBlock& block) {
  std::vector<SymmetryOperation> operations;
  for (const char* tag : {"_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz", "_space_group_symop.operation_xyz", "_symmetry_equiv.pos_as_xyz"}) {
    const CifColumn column = block.find(tag);
    if (column.size() == 0 || !column[0].known()) continue;
    if (column.size() > kMostOperations) throw InputError("{} symmetry operations", column.size());
    for (std::size_t row = 0; row < column.size(); ++row) operations.push_back(parse_operation(column[row].text));
    break;
  }
  return operations;
}

std::vector<SymmetryOperation> symmetry_of(const CifBlock& block, const gemmi::SpaceGroup* named, int number, const Cell& cell) {
  if (auto operations = listed_operations(block); !operations.empty()) {
    require_group(operations);
    return operations;
  }
  if (const auto hall = value_of(block, {"_space_group_name_Hall", "_symmetry_space_group_name_Hall", "_space_group.name_Hall"})) {
    try {
      return operations_of(gemmi::symops_from_hall(hall->c_str()));
    } catch (const std::exception&) {
      // Hall names are seldom written and often wrong; the other names decide.
    }
  }
  if (named) return operations_of(named->operations());
  if (number > 0) {
    const auto& standard = gemmi::get_spacegroup_reference_setting(number);
    // The number of a rhombohedral group leaves the setting open; the cell angles do not.
    const auto* setting = standard.ext == 'H' ? gemmi::find_spacegroup_by_name(standard.hm, cell.angle[0], cell.angle[2]) : nullptr;
    return operations_of((setting ? *setting : standard).operations());
  }
  if (const auto name = value_of(block, {"_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M"}))
    throw InputError("space group \"{:.40}\" is unknown and no symmetry operations are listed", *name);
  return {};
}

}  // namespace

bool holds_structure(const CifBlock& block) {
  for (const char* tag : {"_cell_length_a", "_cell.length_a", "_atom_site_fract_x", "_atom_site.fract_x"})
    if (block.find(tag).size() > 0) return true;
  return false;
}

void read_cif_block(const CifBlock& block, StructureRecord& record, const RecordLimits& limits) {
  const Cell cell = read_cell(block);
  record.lattice = lattice_of(cell);
  record.has_structure = true;
  read_sites(block, record, limits);
  const gemmi::SpaceGroup* named = named_group(block, cell);
  const int declared = declared_number(block);
  const int number = declared > 0 ? declared : named ? named->number : 0;
  if (number > 1) record.space_group = number;
  expand_by_symmetry(record, symmetry_of(block, named, declared, cell), 4 * limits.max_atoms);
}

}  // namespace xxact::io
