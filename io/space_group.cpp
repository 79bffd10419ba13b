#include "io/space_group.hpp"

#include <spglib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace xxact::io {

namespace {

/// A record as spglib takes it.
struct Sites {
  double lattice[3][3];          // columns are vectors
  std::vector<double> position;  // [sites, 3], fractional
  std::vector<int> type;         // [sites]; alike where the contents are

  explicit Sites(const StructureRecord& record) {
    for (std::size_t vector = 0; vector < 3; ++vector)
      for (std::size_t x = 0; x < 3; ++x) lattice[x][vector] = record.lattice[3 * vector + x];
    using Content = std::vector<std::pair<int, int>>;  // atomic number, thousandths of occupancy
    const std::size_t sites = 1 + *std::max_element(record.site.begin(), record.site.end());
    std::vector<Content> content(sites);
    position.resize(3 * sites);
    for (std::size_t i = 0; i < record.atoms(); ++i) {
      const std::size_t site = record.site[i];
      content[site].emplace_back(record.atomic_number[i], static_cast<int>(std::lround(record.occupancy[i] * 1000)));
      std::copy_n(&record.frac_coords[3 * i], 3, &position[3 * site]);
    }
    std::map<Content, int> type_of;
    for (Content& of_site : content) {
      std::sort(of_site.begin(), of_site.end());
      type.push_back(type_of.emplace(of_site, static_cast<int>(type_of.size()) + 1).first->second);
    }
  }

  std::size_t size() const { return type.size(); }

  /// Shortest distance between a place and an atom or its nearest translations, squared, in angstrom.
  double distance_squared(const std::array<double, 3>& place, const double* atom) const {
    std::array<double, 3> apart;
    for (std::size_t i = 0; i < 3; ++i) {
      apart[i] = place[i] - atom[i];
      apart[i] -= std::round(apart[i]);
    }
    double sum = 0;
    for (const double* row : {lattice[0], lattice[1], lattice[2]}) {
      const double x = row[0] * apart[0] + row[1] * apart[1] + row[2] * apart[2];
      sum += x * x;
    }
    return sum;
  }

  /// Scalar product of two lattice vectors' images, or of the vectors where the rotation is the identity.
  double image_product(const int (&rotation)[3][3], std::size_t a, std::size_t b) const {
    double sum = 0;
    for (const double* row : {lattice[0], lattice[1], lattice[2]}) {
      const auto image = [&](std::size_t i) { return row[0] * rotation[0][i] + row[1] * rotation[1][i] + row[2] * rotation[2][i]; };
      sum += image(a) * image(b);
    }
    return sum;
  }

  bool keeps_lattice(const int (&rotation)[3][3]) const {
    constexpr int identity[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t b = a; b < 3; ++b) {
        const double scale = std::sqrt(image_product(identity, a, a) * image_product(identity, b, b));
        if (!(std::abs(image_product(rotation, a, b) - image_product(identity, a, b)) < 2 * kExactLattice * scale)) return false;
      }
    return true;
  }

  /// Atom by atom, as the dataset keeps them.
  bool maps_onto_itself(const StructureRecord& record, const int (&rotation)[3][3], const double (&translation)[3]) const {
    for (std::size_t from = 0; from < record.atoms(); ++from) {
      std::array<double, 3> image;
      for (std::size_t i = 0; i < 3; ++i) {
        image[i] = translation[i];
        for (std::size_t j = 0; j < 3; ++j) image[i] += rotation[i][j] * record.frac_coords[3 * from + j];
      }
      const auto occupied = [&](std::size_t atom) { return static_cast<float>(record.occupancy[atom]); };
      bool found = false;
      for (std::size_t to = 0; to < record.atoms() && !found; ++to)
        found = record.atomic_number[to] == record.atomic_number[from] && occupied(to) == occupied(from) &&
                distance_squared(image, &record.frac_coords[3 * to]) < kExactSymmetry * kExactSymmetry;
      if (!found) return false;
    }
    return true;
  }
};

std::uint32_t exact_laue_code(const StructureRecord& record, const Sites& sites, const SpglibDataset& found) {
  std::vector<Rotation> exact;
  for (int i = 0; i < found.n_operations; ++i) {
    Rotation rotation;
    std::copy_n(&found.rotations[i][0][0], 9, rotation.begin());
    // In a centred cell the same rotation comes with several translations; one that holds is enough.
    if (std::ranges::find(exact, rotation) == exact.end() && sites.keeps_lattice(found.rotations[i]) &&
        sites.maps_onto_itself(record, found.rotations[i], found.translations[i])) exact.push_back(rotation);
  }
  // Errors add up: of two rotations that hold the product may not.
  const auto holds = [&](const Rotation& rotation) {
    Rotation opposite = rotation;
    for (int& entry : opposite) entry = -entry;
    return std::ranges::find(exact, rotation) != exact.end() || std::ranges::find(exact, opposite) != exact.end();
  };
  return std::ranges::all_of(laue_group_of(exact), holds) ? encode_laue_group(exact) : kNoLaueCode;
}

}  // namespace

Symmetry find_symmetry(const StructureRecord& record, double symprec) {
  if (!record.has_structure || record.atoms() == 0) return {};
  Sites sites(record);
  const std::unique_ptr<SpglibDataset, decltype(&spg_free_dataset)> found(
      spg_get_dataset(sites.lattice, reinterpret_cast<double(*)[3]>(sites.position.data()), sites.type.data(), static_cast<int>(sites.size()), symprec),
      &spg_free_dataset);
  if (found == nullptr) return {};
  return {found->spacegroup_number, exact_laue_code(record, sites, *found)};
}

}  // namespace xxact::io
