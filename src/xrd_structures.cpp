#include "src/xrd_structures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "io/composition_formula.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact {
namespace {

constexpr std::size_t kIdsInMessage = 5;

io::NamedStructure read_one(const std::string& file, const std::string& record, const io::RecordLimits& limits) {
  std::vector<io::NamedStructure> found = io::read_structures(file, record, limits);
  if (found.empty()) throw InputError("{} has no structure", file);
  if (found.size() == 1) {
    const io::NamedStructure& named = found.front();
    if (named.atoms_without_displacement > 0)
      log::warn("{}, record {}: {} of {} atoms have no displacement parameters and do not move", file, named.id, named.atoms_without_displacement, named.structure[0].atoms());
    return std::move(found.front());
  }
  std::string ids;
  for (std::size_t i = 0; i < std::min(found.size(), kIdsInMessage); ++i) ids += (i == 0 ? "" : ", ") + found[i].id;
  if (found.size() > kIdsInMessage) ids += ", ...";
  throw ConfigError("{} holds {} structures: choose one with --record (ids: {})", file, found.size(), ids);
}

std::string formula_of(const StructureView& structure) {
  std::map<std::uint8_t, double> amount;
  double total = 0;
  for (std::size_t i = 0; i < structure.atoms(); ++i) {
    const double occupied = static_cast<double>(structure.occupancy_of(i));
    amount[structure.atomic_number[i]] += occupied, total += occupied;
  }
  std::vector<std::uint8_t> atomic_number;
  std::vector<float> fraction;
  for (const auto& [z, n] : amount)
    if (n > 0) atomic_number.push_back(z), fraction.push_back(static_cast<float>(n / total));
  return io::composition_formula(atomic_number, fraction);
}

/// Equal ids are numbered: "1", "1 #2".
void name_columns(std::vector<ChosenStructure>& structures) {
  std::set<std::string> taken;
  for (ChosenStructure& structure : structures) {
    structure.column = structure.named.id;
    for (int n = 2; !taken.insert(structure.column).second; ++n) structure.column = fmt::format("{} #{}", structure.named.id, n);
    const std::string formula = formula_of(structure.named.structure[0]);
    structure.title = formula == structure.column ? formula : fmt::format("{} ({})", formula, structure.column);
  }
}

}  // namespace

std::vector<ChosenStructure> read_chosen_structures(const std::vector<std::string>& files, const std::vector<std::string>& records, const io::RecordLimits& limits) {
  if (files.size() > 1 && !records.empty() && records.size() != files.size())
    throw ConfigError("{} files and {} times --record: give one for each file in their order (0 for a file with one structure), or none", files.size(), records.size());
  const std::size_t n = std::max(files.size(), records.size());
  std::vector<ChosenStructure> structures;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string& file = files.size() == 1 ? files.front() : files[i];
    structures.push_back({file, read_one(file, records.empty() ? std::string() : records[i], limits), {}, {}});
  }
  name_columns(structures);
  return structures;
}

}  // namespace xxact
