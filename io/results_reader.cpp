// Result tables, the reading half; one process.
#include <algorithm>

#include "io/hdf5_attribute.hpp"
#include "io/hdf5_untrusted.hpp"
#include "io/results_format.hpp"
#include "io/results_table.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

class ResultsReader {
 public:
  explicit ResultsReader(const std::filesystem::path& path) : path_(path), file_(hdf5::open_file(path)) {
    hdf5::require_format(file_, kResultsFormat, kResultsVersion, at(""));
  }

  Results read(std::int64_t first, std::int64_t count) {
    Results results;
    auto& rows = results.rows;
    read_attributes(results.description);
    rows_ = hdf5::open_array(file_, hdf5::Element::u8, 1, at("/status")).spec.rows();
    first_ = std::clamp<std::int64_t>(first, 0, rows_);
    count_ = count < 0 ? rows_ - first_ : std::min(count, rows_ - first_);
    rows.status = numbers<std::uint8_t>("/status");
    rows.id = texts("/id");
    rows.source = texts("/source");
    if (has("/formula")) rows.formula = texts("/formula");
    if (has("/reason")) rows.reason = reasons();
    read_predictions(results);
    if (has(kCrystalSystemColumn)) rows.crystal_system_probability = numbers<float>(kCrystalSystemColumn, kCrystalSystems);
    if (has(kSpaceGroupColumn)) {
      rows.space_group = numbers<std::uint8_t>(kSpaceGroupColumn);
      rows.space_group_probability = numbers<float>(kSpaceGroupProbabilityColumn);
    }
    if (has(kMetalColumn)) rows.metal_probability = numbers<float>(kMetalColumn);
    if (has("/pass_probability")) rows.pass_probability = numbers<float>("/pass_probability");
    if (has("/ood_score")) rows.ood_score = numbers<float>("/ood_score");
    if (has("/embedding"))
      for (const auto& member : hdf5::list_group(file_, at("/embedding"))) {
        const auto array = "/embedding/" + member.name;
        const auto width = hdf5::open_array(file_, hdf5::Element::f32, 2, at(array)).spec.shape[1];
        results.description.embedding_widths[member.name] = width;
        rows.embeddings[member.name] = numbers<float>(array, width);
      }
    return results;
  }

 private:
  hdf5::Place at(const std::string& object) const { return {path_, object}; }
  bool has(const std::string& object) const { return hdf5::has_object(file_, at(object)); }

  void read_attributes(ResultDescription& description) {
    for (const auto& [name, kind] : hdf5::list_attributes(file_.get(), at("")))
      if (kind == hdf5::AttributeClass::text && name != "format") description.attributes[name] = hdf5::read_text_attribute(file_.get(), name, at(""));
  }

  void read_predictions(Results& results) {
    if (!has("/prediction")) return;
    for (const auto& member : hdf5::list_group(file_, at("/prediction"))) {
      const std::string group = "/prediction/" + member.name;
      if (!has(group + "/value")) continue;
      const auto array = hdf5::open_array(file_, hdf5::Element::f32, 1, at(group + "/value"));
      const auto place = at(group + "/value");
      const bool units = hdf5::has_attribute(array.dataset.get(), "units", place);
      results.description.labels.push_back({member.name, units ? hdf5::read_text_attribute(array.dataset.get(), "units", place) : ""});
      LabelPrediction column;
      column.value = numbers<float>(group + "/value");
      if (has(group + "/std")) column.std = numbers<float>(group + "/std");
      if (has(group + "/lo90")) column.lo90 = numbers<float>(group + "/lo90");
      if (has(group + "/hi90")) column.hi90 = numbers<float>(group + "/hi90");
      if (has("/target/" + member.name)) column.target = numbers<float>("/target/" + member.name);
      results.rows.predictions.push_back(std::move(column));
    }
  }

  void check_rows(const hdf5::OpenArray& array, const std::string& name) const {
    if (array.spec.rows() != rows_) throw InputError("{}: has {} rows where {} are expected", at(name).text(), array.spec.rows(), rows_);
  }

  /// `width` 0: one value a row.
  template <class T>
  std::vector<T> numbers(const std::string& name, std::int64_t width = 0) const {
    const auto array = hdf5::open_array(file_, hdf5::element_of<T>, width > 0 ? 2 : 1, at(name));
    check_rows(array, name);
    if (width > 0 && array.spec.shape[1] != width) throw InputError("{}: has {} values a row where {} are expected", at(name).text(), array.spec.shape[1], width);
    std::vector<T> values(static_cast<std::size_t>(count_) * array.spec.row_bytes() / sizeof(T));
    hdf5::read_rows(array.dataset, array.spec, first_, count_, values.data(), at(name));
    return values;
  }

  std::vector<std::string> texts(const std::string& name) const {
    const auto array = hdf5::open_array(file_, hdf5::Element::text, 1, at(name));
    check_rows(array, name);
    return texts_of(array, name, first_, count_);
  }

  std::vector<std::string> texts_of(const hdf5::OpenArray& array, const std::string& name, std::int64_t first, std::int64_t count) const {
    std::string padded(static_cast<std::size_t>(count) * array.spec.row_bytes(), '\0');
    hdf5::read_rows(array.dataset, array.spec, first, count, padded.data(), at(name));
    return hdf5::split_texts(padded, array.spec.text_width);
  }

  std::vector<std::string> reasons() const {
    const auto codes = numbers<std::uint32_t>("/reason");
    const auto array = hdf5::open_array(file_, hdf5::Element::text, 1, at("/reasons"));
    const auto all = texts_of(array, "/reasons", 0, array.spec.rows());
    std::vector<std::string> out(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (codes[i] >= all.size()) throw InputError("{}: row {} has reason {}, and /reasons has {}", at("/reason").text(), first_ + static_cast<std::int64_t>(i), codes[i], all.size());
      out[i] = all[codes[i]];
    }
    return out;
  }

  std::filesystem::path path_;
  hdf5::File file_;
  std::int64_t rows_ = 0, first_ = 0, count_ = 0;  // of the file; those that are read
};

}  // namespace

Results read_results(const std::filesystem::path& path, std::int64_t first, std::int64_t rows) { return ResultsReader(path).read(first, rows); }

bool is_results_file(const std::filesystem::path& path) { return hdf5::has_format(path, kResultsFormat); }

}  // namespace xxact::io
