#include "tests/streaming/streaming_case.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "io/dataset_writer.hpp"
#include "tests/io/dataset_example.hpp"
#include "tests/io/mpi_world.hpp"
#include "tests/scratch.hpp"

namespace xxact::streaming {
namespace {

template <class T>
bool same(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

}  // namespace

std::filesystem::path write_rows(const std::string& name, std::int64_t rows, int compress) {
  const io::World world;
  const auto path = scratch(name);
  io::DatasetWriteOptions options;
  options.compress = compress;
  io::write_dataset(MPI_COMM_WORLD, path, io::example_rows(rows * world.rank / world.ranks, rows * (world.rank + 1) / world.ranks), io::example_description(), options);
  return path;
}

std::string difference(const io::Dataset& a, std::int64_t i, const io::Dataset& b, std::int64_t j) {
  std::string out;
  const auto check = [&](bool equal, const char* what) {
    if (!equal) out += std::string(what) + ' ';
  };
  const auto x = a.structure(i), y = b.structure(j);
  check(a.id(i) == b.id(j), "id");
  check(std::memcmp(x.lattice.data(), y.lattice.data(), 9 * sizeof(double)) == 0, "lattice");
  check(same(x.atomic_number, y.atomic_number), "atomic_number");
  check(same(x.frac_coords, y.frac_coords), "frac_coords");
  check(same(x.occupancy, y.occupancy), "occupancy");
  check(x.laue_code == y.laue_code, "laue_code");
  check(same(a.composition(i).atomic_number, b.composition(j).atomic_number), "composition");
  check(same(a.composition(i).fraction, b.composition(j).fraction), "fraction");
  check(a.source_of(i) == b.source_of(j) && a.record_of(i) == b.record_of(j), "source");
  const auto at = [](const auto& values, std::int64_t row) { return values.subspan(static_cast<std::size_t>(row), 1); };
  check(same(at(a.split(), i), at(b.split(), j)), "split");
  check(same(at(a.space_group(), i), at(b.space_group(), j)), "space_group");
  check(same(at(a.space_group_spglib(), i), at(b.space_group_spglib(), j)), "space_group_spglib");
  for (const auto& label : a.labels()) check(same(at(a.label(label.name), i), at(b.label(label.name), j)), label.name.c_str());
  return out;
}

}  // namespace xxact::streaming
