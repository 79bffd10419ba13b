// JSON sources: pymatgen ComputedStructureEntry as Alexandria and the Materials Project publish them, or bare pymatgen
// Structure objects. Labels stand under "data" (Alexandria) or beside the structure.
#include <simdjson.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "io/json_entries.hpp"
#include "io/json_numbers.hpp"
#include "io/record_checks.hpp"
#include "io/source.hpp"
#include "io/species_symbol.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

/// The number, or an error that names it: `what` is a format whose text is made only where it is told.
template <class Value, class... Arguments>
double number_in(const Value& value, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
  double number = 0;
  if (value.get(number)) throw InputError("{} is missing or no finite number", fmt::format(what, std::forward<Arguments>(arguments)...));
  return number;
}

void read_lattice(const object& structure, StructureRecord& record) {
  array rows;
  if (structure["lattice"]["matrix"].get(rows) || rows.size() != 3) throw InputError("structure has no lattice matrix of three rows");
  std::size_t at = 0;
  for (const element row : rows) {
    array numbers;
    if (row.get(numbers) || numbers.size() != 3) throw InputError("a row of the lattice matrix has not three numbers");
    for (const element number : numbers) record.lattice[at++] = number_in(number, "a number of the lattice matrix");
  }
}

/// U* from the site properties that pymatgen gives displacements, U11_cif to U12_cif; unknown where it has none of them.
Tensor read_displacement(const element& site, std::size_t number, const std::array<double, 9>& lattice) {
  constexpr const char* kKeys[6] = {"U11_cif", "U22_cif", "U33_cif", "U12_cif", "U13_cif", "U23_cif"};
  object properties;
  if (site["properties"].get(properties)) return AtomDetails{}.u_star;
  std::size_t known = 0;
  for (const char* key : kKeys) {
    element value;
    known += !properties[key].get(value) && !value.is_null() ? 1 : 0;
  }
  if (known == 0) return AtomDetails{}.u_star;
  Tensor u;
  for (std::size_t n = 0; n < 6; ++n) u[n] = number_in(properties[kKeys[n]], "{} of site {}", kKeys[n], number);
  return u_star(u, lattice);
}

void read_site(const element& site, std::size_t number, const RecordLimits& limits, StructureRecord& record) {
  array position, species;
  if (site["abc"].get(position) || position.size() != 3) throw InputError("site {} has no fractional coordinates abc", number);
  std::array<double, 3> frac{};
  std::size_t at = 0;
  for (const element x : position) frac[at++] = number_in(x, "a coordinate of site {}", number);
  if (site["species"].get(species) || species.size() == 0) throw InputError("site {} has no species", number);
  for (const element one : species) {
    std::string_view symbol;
    if (one["element"].get(symbol)) throw InputError("a species of site {} has no element", number);
    const auto z = atomic_number_of(symbol);
    if (!z) throw InputError("unknown element \"{:.20}\" at site {}", symbol, number);
    AtomDetails details;
    if (one["oxidation_state"].get(details.charge)) details.charge = AtomDetails::kUnknown;
    record.add_atom(*z, species_code(symbol, details.charge), frac, number_in(one["occu"], "occupancy of {:.20} at site {}", symbol, number));
    if (!limits.details()) continue;
    if (limits.displacements) details.u_star = read_displacement(site, number, record.lattice);
    record.details.push_back(details);
  }
}

void read_structure(const object& structure, StructureRecord& record, const RecordLimits& limits) {
  const std::size_t most_sites = 4 * limits.max_atoms;
  record.has_structure = true;
  read_lattice(structure, record);
  array sites;
  if (structure["sites"].get(sites)) throw InputError("structure has no sites");
  std::size_t number = 0;
  for (const element site : sites) {
    if (++number > most_sites) throw InputError("more than {} sites", most_sites);
    read_site(site, number, limits, record);
  }
}

/// Amounts of a pymatgen composition {"Fe": 2.0, "O": 3.0}, for entries without structure.
void read_composition(const object& composition, StructureRecord& record) {
  std::array<double, kMaxAtomicNumber + 1> amounts{};
  for (const auto& [symbol, value] : composition) {
    const Species species = species_of_symbol(symbol);
    const double amount = number_in(value, "amount of {:.20} in the composition", symbol);
    if (!(amount > 0 && amount <= 1e6)) throw InputError("amount of {:.20} in the composition is {}", symbol, amount);
    amounts[species.atomic_number] += amount;
  }
  for (std::size_t z = 1; z < amounts.size(); ++z)
    if (amounts[z] > 0) record.formula.push_back({static_cast<std::uint8_t>(z), amounts[z]});
}

double label_value(std::string_view key, const element& value) {
  double number = 0;
  std::string_view text;
  if (value.is_null()) return LabelValues::kUnknown;
  if (!value.get(number)) return checked_label(key, number);
  if (!value.get(text)) return parse_label(key, text);
  throw InputError("{} is neither a number nor null", key);
}

void read_labels(const object& fields, StructureRecord& record) {
  for (const auto& [key, value] : fields) {
    if (const auto label = label_of_key(key)) {
      double& known = record.labels.value[*label];
      if (std::isnan(known)) known = label_value(key, value);
    } else if (is_space_group_key(key) && record.space_group == 0) {
      record.space_group = checked_space_group(key, label_value(key, value));
    }
  }
}

class JsonSource final : public RecordReader {
 public:
  JsonSource(ByteStream stream, std::string stem, const RecordLimits& limits) : entries_(std::move(stream)), stem_(std::move(stem)), limits_(limits) {}

  bool next() override {
    ++number_;
    return entries_.next();
  }

  void parse(StructureRecord& record) override {
    record.clear();
    const object entry = parse_entry();
    object data;
    const bool has_data = !entry["data"].get(data);
    record.id = id_of(entry, has_data ? &data : nullptr);
    if (has_data) read_labels(data, record);
    read_labels(entry, record);
    const bool alexandria = has_data && data["mat_id"].error() == simdjson::SUCCESS && data["e_form"].error() == simdjson::SUCCESS;
    record.labels.source = source_kind_of(record.id, false, alexandria);
    object structure, composition;
    if (!entry["structure"].get(structure)) read_structure(structure, record, limits_);
    else if (entry["lattice"].error() == simdjson::SUCCESS) read_structure(entry, record, limits_);
    else if (!entry["composition"].get(composition)) read_composition(composition, record);
    else throw InputError("neither structure nor composition");
  }

 private:
  object parse_entry() {
    element root;
    auto error = parser_.parse(entries_.text()).get(root);
    // Python writes NaN and Infinity, which are not JSON; they stand for unknown values.
    if (error && null_for_nan(entries_.text(), text_without_nan_)) error = parser_.parse(text_without_nan_).get(root);
    if (error && !simdjson::validate_utf8(entries_.text())) throw InputError("not UTF-8");
    if (error) throw InputError("not valid JSON: {}", simdjson::error_message(error));
    object entry;
    if (root.get(entry)) throw InputError("entry is not an object");
    return entry;
  }

  std::string id_of(const object& entry, const object* data) const {
    std::string_view text;
    if (!entry["entry_id"].get(text) && !text.empty()) return std::string(text);
    for (const char* key : {"mat_id", "material_id", "id"}) {
      if (data && !(*data)[key].get(text) && !text.empty()) return std::string(text);
      if (!entry[key].get(text) && !text.empty()) return std::string(text);
    }
    return fmt::format("{}-{}", stem_, number_);
  }

  JsonEntries entries_;
  std::string stem_, text_without_nan_;
  RecordLimits limits_;
  simdjson::dom::parser parser_;
  std::int64_t number_ = -1;
};

}  // namespace

std::unique_ptr<RecordReader> open_json(ByteStream stream, const std::string& stem, const RecordLimits& limits) {
  return std::make_unique<JsonSource>(std::move(stream), stem, limits);
}

}  // namespace xxact::io
