#include "io/dataset_plan.hpp"

#include <algorithm>

#include "io/block_checksums.hpp"
#include "io/dataset_schema.hpp"
#include "io/hdf5_attribute.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

using hdf5::Element;

/// Builds the plan from the open file.
class Planner {
 public:
  explicit Planner(const std::filesystem::path& path) : file_(hdf5::open_file(path)) {
    plan_.path = path;
    std::error_code error;
    plan_.file_bytes = std::filesystem::file_size(path, error);
    if (error) throw IoError("cannot ask for the size of {}: {}", path.string(), error.message());
    hdf5::require_format(file_, kDatasetFormat, kDatasetVersion, at(""));
  }

  DatasetPlan make() {
    read_description();
    add_arrays();
    check_counts();
    check_places();
    read_blocks();
    plan_.description = std::make_shared<const DatasetDescription>(std::move(description_));
    return std::move(plan_);
  }

 private:
  void read_description();
  void add(const std::string& path, Element element, const std::vector<std::int64_t>& row_shape = {});
  void add_arrays();
  void check_counts() const;
  void check_places() const;
  void read_blocks();
  bool has(const std::string& object) const { return hdf5::has_object(file_, at(object)); }
  hdf5::Place at(const std::string& object) const { return {plan_.path, object}; }

  hdf5::File file_;
  DatasetPlan plan_;
  DatasetDescription description_;
  std::size_t blocks_ = 0;
};

void Planner::read_description() {
  const auto text = [&](const char* name) {
    return hdf5::has_attribute(file_.get(), name, at("")) ? hdf5::read_text_attribute(file_.get(), name, at("")) : std::string();
  };
  auto& d = description_;
  d.source = text("source");
  d.licence = text("licence");
  d.created = text("created");
  d.split_rule = text("split_rule");
  plan_.content_hash = hdf5::read_text_attribute(file_.get(), "content_hash", at(""));
  for (const auto& member : hdf5::list_group(file_, at("/labels"))) {
    const auto place = at("/labels/" + member.name);
    const auto label = hdf5::open_array(file_, Element::f32, 1, place);
    d.labels.push_back({member.name, hdf5::read_text_attribute(label.dataset.get(), "units", place),
                        hdf5::read_text_attribute(label.dataset.get(), "definition", place)});
  }
  const auto sources = hdf5::open_array(file_, Element::text, 1, at("/sources"));
  std::string padded(sources.spec.bytes(), '\0');
  hdf5::read_array(sources.dataset, sources.spec, padded.data(), at("/sources"));
  d.sources = hdf5::split_texts(padded, sources.spec.text_width);
}

void Planner::add(const std::string& path, Element element, const std::vector<std::int64_t>& row_shape) {
  const auto array = hdf5::open_array(file_, element, row_shape.size() + 1, at(path));
  if (!std::equal(row_shape.begin(), row_shape.end(), array.spec.shape.begin() + 1, array.spec.shape.end()))
    throw InputError("{}: its extents after the first are not those of the format", at(path).text());
  PlannedArray planned{path, array.spec, 0, blocks_, false, {}, chunk_rows(array, at(path))};
  planned.offset = (plan_.bytes + kStorageAlignment - 1) / kStorageAlignment * kStorageAlignment;
  if (auto extents = file_extents(file_, array, at(path))) {
    planned.direct = true;
    planned.extents = std::move(*extents);
  }
  plan_.bytes = planned.offset + array.spec.bytes();
  blocks_ += block_count(array.spec.bytes());
  plan_.arrays.push_back(std::move(planned));
}

/// In the order of stored_arrays, which is that of the blocks, and in which arrays_over takes them.
void Planner::add_arrays() {
  add("/structures/id", Element::text);
  plan_.id_width = plan_.arrays.back().spec.text_width;
  if (plan_.id_width > kMaxIdBytes) throw InputError("{}: ids of {} bytes; at most {} are possible", at("/structures/id").text(), plan_.id_width, kMaxIdBytes);
  add("/structures/lattice", Element::f64, {3, 3});
  add("/structures/atom_offset", Element::i64);
  add("/structures/space_group", Element::u8);
  add("/structures/space_group_spglib", Element::u8);
  const auto place = at("/structures/space_group_spglib");
  const auto spglib = hdf5::open_array(file_, Element::u8, 1, place);
  description_.symprec = hdf5::has_attribute(spglib.dataset.get(), "symprec", place) ? hdf5::read_real_attribute(spglib.dataset.get(), "symprec", place) : 0.0;
  if (has("/structures/laue_code")) add("/structures/laue_code", Element::u32);
  add("/structures/source_file", Element::u32);
  add("/structures/record", Element::u32);
  add("/atoms/atomic_number", Element::u8);
  add("/atoms/frac_coords", Element::f32, {3});
  if (has("/atoms/occupancy")) add("/atoms/occupancy", Element::f32);
  add("/composition/offset", Element::i64);
  add("/composition/atomic_number", Element::u8);
  add("/composition/fraction", Element::f32);
  for (const auto& label : description_.labels) add("/labels/" + label.name, Element::f32);
  add("/split", Element::u8);
}

/// Extents must agree with each other before anything is allocated for them.
void Planner::check_counts() const {
  const auto extents = plan_.extents();
  for (const auto& array : plan_.arrays) {
    const auto expected = count_of(extents, counted_by(array.path));
    if (array.spec.rows() != expected)
      throw InputError("{}: has {} entries where {} are expected", at(array.path).text(), array.spec.rows(), expected);
  }
}

void Planner::check_places() const {
  std::vector<std::pair<std::string, std::vector<FileExtent>>> places;
  for (const auto& array : plan_.arrays) places.emplace_back(array.path, array.extents);
  check_extents(places, plan_.file_bytes, plan_.path);
}

void Planner::read_blocks() {
  if (!has("/checksums/blocks")) return;
  const auto place = at("/checksums/blocks");
  const auto stored = hdf5::open_array(file_, Element::u64, 1, place);
  const auto algorithm = hdf5::read_text_attribute(stored.dataset.get(), "algorithm", place);
  const auto block_bytes = hdf5::read_integer_attribute(stored.dataset.get(), "block_bytes", place);
  if (algorithm != kBlockAlgorithm || block_bytes != static_cast<std::int64_t>(kBlockBytes))
    throw InputError("{}: says {} of blocks of {} bytes; this program knows {} of {}", place.text(), algorithm, block_bytes, kBlockAlgorithm, kBlockBytes);
  if (stored.spec.rows() != static_cast<std::int64_t>(blocks_))
    throw InputError("{}: has {} entries where the arrays have {} blocks", place.text(), stored.spec.rows(), blocks_);
  plan_.blocks.resize(blocks_);
  hdf5::read_array(stored.dataset, stored.spec, plan_.blocks.data(), place);
}

}  // namespace

DatasetPlan plan_dataset(const std::filesystem::path& path) { return Planner(path).make(); }

Counts counted_by(const std::string& path) {
  if (path == "/structures/atom_offset" || path == "/composition/offset") return Counts::row_offsets;
  if (path.starts_with("/atoms/")) return Counts::atoms;
  return path.starts_with("/composition/") ? Counts::entries : Counts::rows;
}

std::int64_t count_of(const DatasetExtents& extents, Counts what) {
  switch (what) {
    case Counts::rows: return extents.rows;
    case Counts::row_offsets: return extents.rows + 1;
    case Counts::atoms: return extents.atoms;
    case Counts::entries: return extents.entries;
  }
  return 0;
}

DatasetExtents DatasetPlan::extents() const {
  const auto rows_of = [&](const std::string& path) {
    return std::find_if(arrays.begin(), arrays.end(), [&](const auto& array) { return array.path == path; })->spec.rows();
  };
  return {rows_of("/split"), rows_of("/atoms/atomic_number"), rows_of("/composition/atomic_number")};
}

DatasetPlan plan_of_extents(const DatasetPlan& plan, const DatasetExtents& extents) {
  DatasetPlan out;
  out.path = plan.path;
  out.id_width = plan.id_width;
  out.description = plan.description;
  out.content_hash = plan.content_hash;
  for (const auto& array : plan.arrays) {
    PlannedArray planned{array.path, array.spec, (out.bytes + kStorageAlignment - 1) / kStorageAlignment * kStorageAlignment, 0, false, {}, 1};
    planned.spec.shape.front() = count_of(extents, counted_by(array.path));
    out.bytes = planned.offset + planned.spec.bytes();
    out.arrays.push_back(std::move(planned));
  }
  return out;
}

DatasetArrays arrays_over(const DatasetPlan& plan, const std::byte* storage) {
  auto next = plan.arrays.begin();
  const auto take = [&]<class T>(std::span<const T>& out) {
    out = {reinterpret_cast<const T*>(storage + next->offset), next->spec.bytes() / sizeof(T)};
    ++next;
  };
  DatasetArrays a;
  take(a.id);
  take(a.lattice);
  take(a.atom_offset);
  take(a.space_group);
  take(a.space_group_spglib);
  a.with_laue_code = next->path == "/structures/laue_code";
  if (a.with_laue_code) take(a.laue_code);
  take(a.source_file);
  take(a.record);
  take(a.atomic_number);
  take(a.frac_coords);
  a.partial = next->path == "/atoms/occupancy";
  if (a.partial) take(a.occupancy);
  take(a.composition_offset);
  take(a.composition_number);
  take(a.composition_fraction);
  a.labels.resize(plan.description->labels.size());
  for (auto& label : a.labels) take(label);
  take(a.split);
  return a;
}

Dataset DatasetBuilder::build(DatasetPlan plan, std::shared_ptr<const std::byte> storage) {
  Dataset dataset;
  dataset.arrays_ = arrays_over(plan, storage.get());
  dataset.storage_ = std::move(storage);
  dataset.id_width_ = plan.id_width;
  const auto offset = dataset.arrays_.atom_offset;
  for (std::size_t row = 1; row < offset.size(); ++row) dataset.structures_ += offset[row] > offset[row - 1] ? 1 : 0;
  dataset.bytes_ = static_cast<std::int64_t>(plan.bytes);
  dataset.description_ = std::move(plan.description);
  dataset.content_hash_ = std::move(plan.content_hash);
  dataset.path_ = std::move(plan.path);
  return dataset;
}

}  // namespace xxact::io
