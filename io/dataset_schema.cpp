#include "io/dataset_schema.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace xxact::io {

std::vector<StoredArray> stored_arrays(const DatasetArrays& a, std::size_t id_width, const std::vector<LabelInfo>& labels) {
  std::vector<StoredArray> out;
  const auto add = [&]<class T>(const char* path, std::span<const T> data, std::vector<std::int64_t> row = {}) {
    hdf5::ArraySpec spec;
    spec.element = hdf5::element_of<T>;
    const auto per_row = std::accumulate(row.begin(), row.end(), std::int64_t{1}, std::multiplies<>());
    spec.shape = std::move(row);
    spec.shape.insert(spec.shape.begin(), static_cast<std::int64_t>(data.size()) / per_row);
    out.push_back({path, std::move(spec), data.data()});
  };
  hdf5::ArraySpec id;
  id.element = hdf5::Element::text;
  id.text_width = id_width;
  id.shape = {static_cast<std::int64_t>(a.id.size() / id_width)};
  out.push_back({"/structures/id", id, a.id.data()});
  add("/structures/lattice", a.lattice, {3, 3});
  add("/structures/atom_offset", a.atom_offset);
  add("/structures/space_group", a.space_group);
  add("/structures/space_group_spglib", a.space_group_spglib);
  if (a.with_laue_code) add("/structures/laue_code", a.laue_code);
  add("/structures/source_file", a.source_file);
  add("/structures/record", a.record);
  add("/atoms/atomic_number", a.atomic_number);
  add("/atoms/frac_coords", a.frac_coords, {3});
  if (a.partial) add("/atoms/occupancy", a.occupancy);
  add("/composition/offset", a.composition_offset);
  add("/composition/atomic_number", a.composition_number);
  add("/composition/fraction", a.composition_fraction);
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return labels[x].name < labels[y].name; });
  for (const std::size_t i : order) add(("/labels/" + labels[i].name).c_str(), a.labels[i]);
  add("/split", a.split);
  return out;
}

Sha256Digest digest_of(const StoredArray& array) {
  Sha256 hash;
  hash.update({static_cast<const std::byte*>(array.data), array.spec.bytes()});
  return hash.finish();
}

std::string content_hash(const std::vector<std::string>& paths, const std::vector<Sha256Digest>& digests) {
  Sha256 hash;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    hash.update(std::as_bytes(std::span(paths[i].c_str(), paths[i].size() + 1)));
    hash.update(std::as_bytes(std::span(digests[i])));
  }
  return to_hex(hash.finish());
}

}  // namespace xxact::io
