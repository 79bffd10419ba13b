#include "io/dataset_reader.hpp"

#include <algorithm>
#include <cstdlib>

#include "io/dataset_schema.hpp"
#include "io/hdf5_attribute.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

using hdf5::Element;

constexpr std::size_t kAlignment = 64;

}  // namespace

DatasetReader::DatasetReader(const std::filesystem::path& path) : path_(path), file_(hdf5::open_file(path)) {
  hdf5::require_format(file_, kDatasetFormat, kDatasetVersion, at(""));
  read_description();
  plan_arrays();
  check_counts();
}

void DatasetReader::read_description() {
  const auto text = [&](const char* name) {
    return hdf5::has_attribute(file_.get(), name, at("")) ? hdf5::read_text_attribute(file_.get(), name, at("")) : std::string();
  };
  description_.source = text("source");
  description_.licence = text("licence");
  description_.created = text("created");
  description_.split_rule = text("split_rule");
  content_hash_ = hdf5::read_text_attribute(file_.get(), "content_hash", at(""));
  for (const auto& member : hdf5::list_group(file_, at("/labels"))) {
    const auto place = at("/labels/" + member.name);
    const auto label = hdf5::open_array(file_, Element::f32, 1, place);
    description_.labels.push_back({member.name, hdf5::read_text_attribute(label.dataset.get(), "units", place),
                                   hdf5::read_text_attribute(label.dataset.get(), "definition", place)});
  }
  const auto sources = hdf5::open_array(file_, Element::text, 1, at("/sources"));
  std::string padded(sources.spec.bytes(), '\0');
  hdf5::read_array(sources.dataset, sources.spec, padded.data(), at("/sources"));
  description_.sources = hdf5::split_texts(padded, sources.spec.text_width);
}

void DatasetReader::plan(const std::string& path, Element element, std::vector<std::int64_t> row_shape) {
  auto array = hdf5::open_array(file_, element, row_shape.size() + 1, at(path));
  if (!std::equal(row_shape.begin(), row_shape.end(), array.spec.shape.begin() + 1, array.spec.shape.end()))
    throw InputError("{}: its extents after the first are not those of the format", at(path).text());
  const std::size_t offset = (bytes_ + kAlignment - 1) / kAlignment * kAlignment;
  bytes_ = offset + array.spec.bytes();
  planned_.push_back({path, std::move(array), offset});
}

/// In the order in which arrays_over takes them.
void DatasetReader::plan_arrays() {
  plan("/structures/id", Element::text);
  id_width_ = planned_.back().array.spec.text_width;
  if (id_width_ > kMaxIdBytes) throw InputError("{}: ids of {} bytes; at most {} are possible", at("/structures/id").text(), id_width_, kMaxIdBytes);
  plan("/structures/lattice", Element::f64, {3, 3});
  plan("/structures/atom_offset", Element::i64);
  plan("/structures/space_group", Element::u8);
  plan("/structures/space_group_spglib", Element::u8);
  const auto place = at("/structures/space_group_spglib");
  const hid_t spglib = planned_.back().array.dataset.get();
  description_.symprec = hdf5::has_attribute(spglib, "symprec", place) ? hdf5::read_real_attribute(spglib, "symprec", place) : 0.0;
  with_laue_code_ = hdf5::has_object(file_, at("/structures/laue_code"));
  if (with_laue_code_) plan("/structures/laue_code", Element::u32);
  plan("/structures/source_file", Element::u32);
  plan("/structures/record", Element::u32);
  plan("/atoms/atomic_number", Element::u8);
  plan("/atoms/frac_coords", Element::f32, {3});
  plan("/composition/offset", Element::i64);
  plan("/composition/atomic_number", Element::u8);
  plan("/composition/fraction", Element::f32);
  plan("/split", Element::u8);
  for (const auto& label : description_.labels) plan("/labels/" + label.name, Element::f32);
  if (hdf5::has_object(file_, at("/atoms/occupancy"))) plan("/atoms/occupancy", Element::f32);
}

/// Extents must agree with each other before anything is allocated for them.
void DatasetReader::check_counts() const {
  const auto rows_of = [&](const std::string& path) {
    return std::find_if(planned_.begin(), planned_.end(), [&](const Planned& p) { return p.path == path; })->array.spec.rows();
  };
  const std::int64_t rows = rows_of("/split"), atoms = rows_of("/atoms/atomic_number"), entries = rows_of("/composition/atomic_number");
  for (const auto& planned : planned_) {
    std::int64_t expected = rows;
    if (planned.path.ends_with("offset")) expected = rows + 1;
    if (planned.path.starts_with("/atoms/")) expected = atoms;
    if (planned.path == "/composition/atomic_number" || planned.path == "/composition/fraction") expected = entries;
    if (planned.array.spec.rows() != expected)
      throw InputError("{}: has {} entries where {} are expected", at(planned.path).text(), planned.array.spec.rows(), expected);
  }
}

DatasetArrays DatasetReader::arrays_over(const std::byte* storage) const {
  auto next = planned_.begin();
  const auto take = [&]<class T>(std::span<const T>& out) {
    out = {reinterpret_cast<const T*>(storage + next->offset), next->array.spec.bytes() / sizeof(T)};
    ++next;
  };
  DatasetArrays a;
  take(a.id);
  take(a.lattice);
  take(a.atom_offset);
  take(a.space_group);
  take(a.space_group_spglib);
  a.with_laue_code = with_laue_code_;
  if (a.with_laue_code) take(a.laue_code);
  take(a.source_file);
  take(a.record);
  take(a.atomic_number);
  take(a.frac_coords);
  take(a.composition_offset);
  take(a.composition_number);
  take(a.composition_fraction);
  take(a.split);
  a.labels.resize(description_.labels.size());
  for (auto& label : a.labels) take(label);
  a.partial = next != planned_.end();
  if (a.partial) take(a.occupancy);
  return a;
}

void DatasetReader::fill(std::byte* storage, HashCheck check) const {
  for (const auto& planned : planned_)
    hdf5::read_array(planned.array.dataset, planned.array.spec, storage + planned.offset, at(planned.path));
  const auto arrays = arrays_over(storage);
  check_dataset_arrays(arrays, id_width_, description_, path_);
  if (check == HashCheck::skip) return;
  const auto hash = io::content_hash(stored_arrays(arrays, id_width_, description_.labels));
  if (hash != content_hash_)
    throw InputError("{}: its content has the hash {}, its attribute content_hash says {}: it was changed after it was written", path_.string(), hash, content_hash_);
}

Dataset DatasetReader::over(std::shared_ptr<const std::byte> storage) const {
  Dataset dataset;
  dataset.arrays_ = arrays_over(storage.get());
  dataset.storage_ = std::move(storage);
  dataset.id_width_ = id_width_;
  dataset.description_ = description_;
  dataset.content_hash_ = content_hash_;
  dataset.path_ = path_;
  for (std::int64_t row = 0; row < dataset.size(); ++row) dataset.structures_ += dataset.has_structure(row) ? 1 : 0;
  return dataset;
}

Dataset read_dataset(const std::filesystem::path& path, HashCheck check) {
  const DatasetReader reader(path);
  const std::size_t bytes = (std::max<std::size_t>(reader.bytes(), 1) + kAlignment - 1) / kAlignment * kAlignment;
  const std::shared_ptr<std::byte> storage(static_cast<std::byte*>(std::aligned_alloc(kAlignment, bytes)), std::free);
  if (!storage) throw IoError("{}: its arrays need {:.1f} GiB of memory, which are not there", path.string(), static_cast<double>(bytes) / 0x1p30);
  reader.fill(storage.get(), check);
  return reader.over(storage);
}

bool is_dataset_file(const std::filesystem::path& path) { return hdf5::has_format(path, kDatasetFormat); }

}  // namespace xxact::io
