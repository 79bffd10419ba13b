#include "io/space_group.hpp"

#include <spglib.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace xxact::io {

namespace {

/// spglib's lattice has the vectors as columns.
struct Columns {
  double values[3][3];
  explicit Columns(std::span<const double, 9> lattice) {
    for (std::size_t vector = 0; vector < 3; ++vector)
      for (std::size_t x = 0; x < 3; ++x) values[x][vector] = lattice[3 * vector + x];
  }
};

}  // namespace

int find_space_group(const StructureRecord& record, double symprec) {
  if (!record.has_structure || record.atoms() == 0) return 0;
  Columns lattice(record.lattice);

  using Content = std::vector<std::pair<int, int>>;  // atomic number, thousandths of occupancy
  const std::size_t sites = 1 + *std::max_element(record.site.begin(), record.site.end());
  std::vector<Content> content(sites);
  std::vector<double> position(3 * sites);
  for (std::size_t i = 0; i < record.atoms(); ++i) {
    const std::size_t site = record.site[i];
    content[site].emplace_back(record.atomic_number[i], static_cast<int>(std::lround(record.occupancy[i] * 1000)));
    std::copy_n(&record.frac_coords[3 * i], 3, &position[3 * site]);
  }
  std::map<Content, int> type_of;
  std::vector<int> types(sites);
  for (std::size_t site = 0; site < sites; ++site) {
    std::sort(content[site].begin(), content[site].end());
    types[site] = type_of.emplace(content[site], static_cast<int>(type_of.size()) + 1).first->second;
  }
  char symbol[11];
  return spg_get_international(symbol, lattice.values, reinterpret_cast<double(*)[3]>(position.data()), types.data(), static_cast<int>(sites), symprec);
}

std::vector<std::array<int, 9>> find_rotations(const StructureView& structure, double symprec) {
  const std::size_t atoms = structure.atoms();
  if (atoms == 0) return {};
  Columns lattice(structure.lattice);
  std::vector<double> position(structure.frac_coords.begin(), structure.frac_coords.end());
  std::map<std::pair<int, float>, int> type_of;
  std::vector<int> types(atoms);
  for (std::size_t a = 0; a < atoms; ++a)
    types[a] = type_of.emplace(std::pair<int, float>(structure.atomic_number[a], structure.occupancy_of(a)), static_cast<int>(type_of.size()) + 1).first->second;
  const std::unique_ptr<SpglibDataset, decltype(&spg_free_dataset)> found(
      spg_get_dataset(lattice.values, reinterpret_cast<double(*)[3]>(position.data()), types.data(), static_cast<int>(atoms), symprec), &spg_free_dataset);
  std::vector<std::array<int, 9>> rotations;
  if (found == nullptr) return rotations;
  for (int i = 0; i < found->n_operations; ++i) {
    std::array<int, 9> rotation;
    std::copy_n(&found->rotations[i][0][0], 9, rotation.begin());
    rotations.push_back(rotation);
  }
  return rotations;
}

}  // namespace xxact::io
