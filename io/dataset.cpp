#include "io/dataset.hpp"

#include <algorithm>

#include "io/composition_formula.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

StructureView Dataset::structure(std::int64_t row) const {
  const auto first = at(arrays_.atom_offset[at(row)]), count = at(atoms(row));
  return {std::span<const double, 9>(arrays_.lattice.data() + 9 * at(row), 9), arrays_.atomic_number.subspan(first, count),
          arrays_.frac_coords.subspan(3 * first, 3 * count),
          arrays_.partial ? arrays_.occupancy.subspan(first, count) : std::span<const float>{},
          arrays_.with_laue_code ? arrays_.laue_code[at(row)] : kNoLaueCode};
}

CompositionView Dataset::composition(std::int64_t row) const {
  const auto first = at(arrays_.composition_offset[at(row)]), end = at(arrays_.composition_offset[at(row) + 1]);
  return {arrays_.composition_number.subspan(first, end - first), arrays_.composition_fraction.subspan(first, end - first)};
}

std::string_view Dataset::id(std::int64_t row) const {
  const auto field = arrays_.id.subspan(at(row) * id_width_, id_width_);
  return {field.data(), static_cast<std::size_t>(std::find(field.begin(), field.end(), '\0') - field.begin())};
}

std::string Dataset::formula(std::int64_t row) const {
  const auto view = composition(row);
  return composition_formula(view.atomic_number, view.fraction);
}

std::span<const float> Dataset::label(std::string_view name) const {
  if (const LabelInfo* info = find_label(name)) return arrays_.labels[static_cast<std::size_t>(info - description_->labels.data())];
  std::string known;
  for (const auto& label : description_->labels) known += (known.empty() ? "" : ", ") + label.name;
  throw InputError("{} has no label \"{}\"; it has {}", path_.string(), name, known.empty() ? "none" : known);
}

const LabelInfo* Dataset::find_label(std::string_view name) const {
  const auto& labels = description_->labels;
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const LabelInfo& label) { return label.name == name; });
  return found == labels.end() ? nullptr : &*found;
}

}  // namespace xxact::io
