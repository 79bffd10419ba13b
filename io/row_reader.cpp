#include "io/row_reader.hpp"

#include <algorithm>

#include "io/dataset_schema.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

void require_readable_in_parts(const DatasetPlan& plan) {
  for (const auto& array : plan.arrays)
    if (!array.direct && array.spec.bytes() > 0)
      throw InputError("{}: {}: is compressed or in too many pieces to be read part by part; write the file again with `xxact ingest --input {} --output NEW.h5 --compress 0`",
                       plan.path.string(), array.path, plan.path.string());
}

RowReader::RowReader(const DatasetPlan& plan, Compressed compressed) : plan_(plan), extents_(plan.extents()), file_(plan.path, plan.file_bytes) {
  if (compressed == Compressed::refused) require_readable_in_parts(plan);
  for (std::size_t i = 0; i < plan.arrays.size(); ++i) {
    if (plan.arrays[i].path == "/structures/atom_offset") atoms_.array = i;
    if (plan.arrays[i].path == "/composition/offset") entries_.array = i;
  }
  if (std::all_of(plan.arrays.begin(), plan.arrays.end(), [](const auto& array) { return array.direct || array.spec.bytes() == 0; })) return;
  const auto file = hdf5::open_file(plan.path);
  for (const auto& array : plan.arrays) {
    const hdf5::Place place{plan.path, array.path};
    by_hdf5_.push_back(hdf5::open_array(file, array.spec.element, array.spec.shape.size(), place));
    if (by_hdf5_.back().spec.shape != array.spec.shape || by_hdf5_.back().spec.text_width != array.spec.text_width) throw InputError("{}: was changed while it was read", place.text());
  }
}

void RowReader::read_bytes(std::size_t array, std::int64_t first, std::int64_t rows, std::byte* target) const {
  if (rows == 0) return;
  const auto& planned = plan_.arrays[array];
  if (!planned.direct) return hdf5::read_rows(by_hdf5_[array].dataset, planned.spec, first, rows, target, {plan_.path, planned.path});
  const std::size_t row = planned.spec.row_bytes(), begin = static_cast<std::size_t>(first) * row;
  for_parts(planned.extents, begin, static_cast<std::size_t>(rows) * row,
            [&](auto in_file, auto in_array, auto bytes) { file_.read(in_file, {target + (in_array - begin), bytes}); });
}

void RowReader::read_offsets(Offsets& offsets, std::int64_t first, std::int64_t end, std::int64_t most) {
  auto& values = offsets.values;
  values.resize(static_cast<std::size_t>(end - first) + 1);
  read_bytes(offsets.array, first, end - first + 1, reinterpret_cast<std::byte*>(values.data()));
  const auto& path = plan_.arrays[offsets.array].path;
  // Before they say how much memory is needed; falling ones within would be negative counts.
  const auto falls = std::is_sorted_until(values.begin(), values.end());
  if (falls != values.end())
    throw InputError("{}: {}: falls from {} to {} at row {}", plan_.path.string(), path, *(falls - 1), *falls, first + (falls - values.begin()) - 1);
  if (first == 0 && values.front() != 0) throw InputError("{}: {}: begins at {} instead of 0", plan_.path.string(), path, values.front());
  if (end == extents_.rows && values.back() != most) throw InputError("{}: {}: ends at {}, but there are {} entries", plan_.path.string(), path, values.back(), most);
  if (values.front() < 0 || values.back() > most)
    throw InputError("{}: {}: rows {} to {} are said to be entries {} to {} of {}", plan_.path.string(), path, first, end - 1, values.front(), values.back(), most);
}

const Dataset& RowReader::read(std::int64_t first, std::int64_t end) {
  read_offsets(atoms_, first, end, extents_.atoms);
  read_offsets(entries_, first, end, extents_.entries);
  const std::int64_t atom = atoms_.values.front(), entry = entries_.values.front();
  auto plan = plan_of_extents(plan_, {end - first, atoms_.values.back() - atom, entries_.values.back() - entry});
  memory_.resize(std::max(memory_.size(), plan.bytes / sizeof(Line) + 1));
  auto* storage = reinterpret_cast<std::byte*>(memory_.data());
  for (std::size_t i = 0; i < plan.arrays.size(); ++i) {
    const auto& array = plan.arrays[i];
    auto* target = storage + array.offset;
    switch (counted_by(array.path)) {
      case Counts::rows: read_bytes(i, first, array.spec.rows(), target); break;
      case Counts::atoms: read_bytes(i, atom, array.spec.rows(), target); break;
      case Counts::entries: read_bytes(i, entry, array.spec.rows(), target); break;
      case Counts::row_offsets: {
        const auto& values = (i == atoms_.array ? atoms_ : entries_).values;
        std::transform(values.begin(), values.end(), reinterpret_cast<std::int64_t*>(target), [start = values.front()](std::int64_t value) { return value - start; });
      }
    }
  }
  try {
    check_dataset_arrays(arrays_over(plan, storage), plan.id_width, *plan.description, plan.path);
  } catch (const InputError& error) {
    throw InputError("{} (counted from row {} and its first atom)", error.what(), first);
  }
  // Not owned: the memory is this reader's.
  rows_ = DatasetBuilder::build(std::move(plan), std::shared_ptr<const std::byte>(std::shared_ptr<const std::byte>(), storage));
  return rows_;
}

void RowReader::announce(std::int64_t first, std::int64_t end) const {
  for (const auto& array : plan_.arrays) {
    // Where atoms and entries lie is known when the offsets are read; until then, as if rows were alike.
    const auto counts = counted_by(array.path);
    const auto place = [&](std::int64_t row) {
      return counts == Counts::rows || counts == Counts::row_offsets ? row : static_cast<std::int64_t>(static_cast<double>(array.spec.rows()) * static_cast<double>(row) / static_cast<double>(extents_.rows));
    };
    const std::size_t row = array.spec.row_bytes(), begin = static_cast<std::size_t>(place(first)) * row, stop = static_cast<std::size_t>(place(end)) * row;
    if (stop > begin && array.direct) for_parts(array.extents, begin, stop - begin, [&](auto in_file, auto, auto bytes) { file_.announce(in_file, bytes); });
  }
}

}  // namespace xxact::io
