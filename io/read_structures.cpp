#include "io/read_structures.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "io/source.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact::io {

namespace {

void add_displacement(const StructureRecord& record, std::size_t atom, NamedStructure& named) {
  const Tensor& star = record.details[atom].u_star;
  const bool known = !std::isnan(star[0]);
  const Tensor u = known ? cartesian(star, record.lattice) : Tensor{};
  named.displacement.insert(named.displacement.end(), u.begin(), u.end());
  named.atoms_without_displacement += known ? 0 : 1;
}

NamedStructure named_structure_of(const StructureRecord& record, const RecordLimits& limits) {
  NamedStructure named;
  named.id = record.id;
  named.space_group = record.space_group;
  const std::vector<float> frac(record.frac_coords.begin(), record.frac_coords.end());
  const std::vector<float> occupancy(record.occupancy.begin(), record.occupancy.end());
  const bool partial = std::any_of(occupancy.begin(), occupancy.end(), [](float x) { return x != 1.0F; });
  named.structure.push_back({std::span<const double, 9>(record.lattice), record.atomic_number, frac, partial ? std::span<const float>(occupancy) : std::span<const float>{}});
  for (std::size_t atom = 0; atom < record.details.size(); ++atom) {
    if (limits.charges) named.charge.push_back(static_cast<float>(record.details[atom].charge));
    if (limits.displacements) add_displacement(record, atom, named);
  }
  return named;
}

/// Reads on until the file ends or breaks off; calls `use` for each good structure, which says whether to go on.
template <class Use>
void for_each_structure(const std::filesystem::path& file, const RecordLimits& limits, Use use) {
  const auto reader = open_records(file, limits);
  StructureRecord record;
  for (std::int64_t number = 0; reader->next(); ++number) {
    try {
      reader->parse(record);
      check_record(record, limits);
      if (!record.has_structure) throw InputError("no structure");
    } catch (const std::runtime_error& error) {
      log::warn("{}, record {}: {}", file.string(), number, error.what());
      continue;
    }
    if (!use(record, number)) return;
  }
}

}  // namespace

StructureView NamedStructure::view() const {
  StructureView all = structure[0];
  all.charge = charge;
  all.displacement = displacement;
  return all;
}

std::vector<NamedStructure> read_structures(const std::filesystem::path& file, std::string_view record_id, const RecordLimits& limits) {
  std::vector<NamedStructure> structures;
  std::vector<NamedStructure> by_number;
  try {
    for_each_structure(file, limits, [&](const StructureRecord& record, std::int64_t number) {
      if (record_id.empty() || record.id == record_id) structures.push_back(named_structure_of(record, limits));
      else if (std::to_string(number) == record_id) by_number.push_back(named_structure_of(record, limits));
      return record_id.empty() || structures.empty();
    });
  } catch (const InputError& error) {
    if (structures.empty()) throw InputError("{}: {}", file.string(), error.what());
    log::warn("{}: {}; what came before is used", file.string(), error.what());
  }
  if (structures.empty()) structures = std::move(by_number);
  if (structures.empty() && !record_id.empty()) throw InputError("{}: no usable record '{}'", file.string(), record_id);
  if (structures.empty()) throw InputError("{}: no usable structure", file.string());
  return structures;
}

}  // namespace xxact::io
