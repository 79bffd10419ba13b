#include "io/packed_rows.hpp"

#include <cstring>

#include "io/dataset_schema.hpp"

namespace xxact::io {
namespace {

/// Calls visit(first, end) for each run of consecutive rows.
template <class Visit>
void for_runs(std::span<const std::int64_t> rows, Visit&& visit) {
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    visit(rows[i], rows[end - 1] + 1);
    i = end;
  }
}

const std::int64_t* offsets_in(const Dataset& from, const std::string& path) {
  return path == "/composition/offset" ? from.arrays().composition_offset.data() : from.arrays().atom_offset.data();
}

}  // namespace

DatasetExtents extents_of(const Dataset& from, std::span<const std::int64_t> rows) {
  DatasetExtents extents{std::ssize(rows), 0, 0};
  const auto& a = from.arrays();
  for_runs(rows, [&](std::int64_t first, std::int64_t end) {
    extents.atoms += a.atom_offset[static_cast<std::size_t>(end)] - a.atom_offset[static_cast<std::size_t>(first)];
    extents.entries += a.composition_offset[static_cast<std::size_t>(end)] - a.composition_offset[static_cast<std::size_t>(first)];
  });
  return extents;
}

void begin_packed(const DatasetPlan& plan, std::byte* storage) {
  constexpr std::int64_t kZero = 0;
  for (const auto& array : plan.arrays)
    if (counted_by(array.path) == Counts::row_offsets) std::memcpy(storage + array.offset, &kZero, sizeof kZero);
}

void pack_rows(const Dataset& from, std::span<const std::int64_t> rows, const DatasetPlan& plan, std::byte* storage, DatasetExtents& at) {
  const auto arrays = stored_arrays(from.arrays(), plan.id_width, plan.description->labels);
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const auto& path = arrays[i].path;
    const auto counts = counted_by(path);
    const std::size_t row_bytes = arrays[i].spec.row_bytes();
    auto* target = storage + plan.arrays[i].offset;
    if (counts == Counts::row_offsets) {
      const auto* offsets = offsets_in(from, path);
      auto* out = reinterpret_cast<std::int64_t*>(target) + at.rows + 1;
      std::int64_t value = path == "/composition/offset" ? at.entries : at.atoms;
      for (const auto row : rows) *out++ = value += offsets[row + 1] - offsets[row];
      continue;
    }
    const auto* offsets = counts == Counts::atoms ? from.arrays().atom_offset.data() : counts == Counts::entries ? from.arrays().composition_offset.data() : nullptr;
    target += static_cast<std::size_t>(count_of(at, counts)) * row_bytes;
    for_runs(rows, [&](std::int64_t first, std::int64_t end) {
      if (offsets != nullptr) first = offsets[first], end = offsets[end];
      const auto bytes = static_cast<std::size_t>(end - first) * row_bytes;
      if (bytes > 0) std::memcpy(target, static_cast<const std::byte*>(arrays[i].data) + static_cast<std::size_t>(first) * row_bytes, bytes);
      target += bytes;
    });
  }
  const auto copied = extents_of(from, rows);
  at.rows += copied.rows;
  at.atoms += copied.atoms;
  at.entries += copied.entries;
}

}  // namespace xxact::io
