#include "io/space_group.hpp"

#include <spglib.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace xxact::io {

int find_space_group(const StructureRecord& record, double symprec) {
  if (!record.has_structure || record.atoms() == 0) return 0;
  // spglib's lattice has the vectors as columns.
  double lattice[3][3];
  for (std::size_t vector = 0; vector < 3; ++vector)
    for (std::size_t x = 0; x < 3; ++x) lattice[x][vector] = record.lattice[3 * vector + x];

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
  return spg_get_international(symbol, lattice, reinterpret_cast<double(*)[3]>(position.data()), types.data(), static_cast<int>(sites), symprec);
}

}  // namespace xxact::io
