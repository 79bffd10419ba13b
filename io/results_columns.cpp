#include "io/results_columns.hpp"

#include <algorithm>

#include "io/collective_step.hpp"
#include "io/results_format.hpp"
#include "src/base/elements.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

std::size_t widest(const std::vector<std::string>& texts) {
  std::size_t width = texts.empty() ? 0 : 1;
  for (const auto& text : texts) width = std::max(width, text.size());
  return width;
}

class ColumnList {
 public:
  explicit ColumnList(std::size_t rows) : rows_(static_cast<std::int64_t>(rows)) {}

  /// `width` values a row; 0: one, without an extent of its own.
  template <class T>
  void numbers(std::string name, const std::vector<T>& values, std::string units = {}, std::int64_t width = 0) {
    ResultColumn column{std::move(name), std::move(units), {}, values.data(), nullptr, values.size()};
    column.spec.element = hdf5::element_of<T>;
    column.spec.shape = {rows_};
    if (width > 0) column.spec.shape.push_back(width);
    columns.push_back(std::move(column));
  }

  void texts(std::string name, const std::vector<std::string>& values, std::size_t width) {
    ResultColumn column{std::move(name), {}, {}, nullptr, &values, values.size()};
    column.spec.element = hdf5::Element::text;
    column.spec.shape = {rows_};
    column.spec.text_width = width;
    columns.push_back(std::move(column));
  }

  std::vector<ResultColumn> columns;

 private:
  std::int64_t rows_;
};

}  // namespace

ResultLayout layout_of(const ResultRows& rows, const ResultDescription& description) {
  ResultLayout layout;
  layout.description = description;
  layout.rows = static_cast<std::int64_t>(rows.size());
  layout.id_width = std::max<std::size_t>(widest(rows.id), 1);
  layout.source_width = std::max<std::size_t>(widest(rows.source), 1);
  layout.formula_width = widest(rows.formula);
  for (const auto& p : rows.predictions) {
    layout.standard_deviations = layout.standard_deviations || !p.std.empty();
    layout.intervals = layout.intervals || !p.lo90.empty() || !p.hi90.empty();
    layout.targets = layout.targets || !p.target.empty();
  }
  layout.crystal_systems = !rows.crystal_system_probability.empty();
  layout.space_groups = !rows.space_group.empty();
  layout.metals = !rows.metal_probability.empty();
  layout.pass_probability = !rows.pass_probability.empty();
  layout.ood_score = !rows.ood_score.empty();
  return layout;
}

ResultLayout agree_on_layout(MPI_Comm comm, ResultLayout own) {
  std::int64_t most[11] = {static_cast<std::int64_t>(own.id_width), static_cast<std::int64_t>(own.source_width), static_cast<std::int64_t>(own.formula_width),
                          own.standard_deviations, own.intervals, own.targets, own.crystal_systems, own.pass_probability, own.ood_score, own.space_groups, own.metals};
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, most, 11, MPI_INT64_T, MPI_MAX, comm), "agreeing on columns");
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &own.rows, 1, MPI_INT64_T, MPI_SUM, comm), "counting rows");
  own.id_width = static_cast<std::size_t>(most[0]);
  own.source_width = static_cast<std::size_t>(most[1]);
  own.formula_width = static_cast<std::size_t>(most[2]);
  own.standard_deviations = most[3] != 0;
  own.intervals = most[4] != 0;
  own.targets = most[5] != 0;
  own.crystal_systems = most[6] != 0;
  own.pass_probability = most[7] != 0;
  own.ood_score = most[8] != 0;
  own.space_groups = most[9] != 0;
  own.metals = most[10] != 0;
  return own;
}

std::vector<ResultColumn> result_columns(const ResultLayout& layout, const ResultRows& rows) {
  static const LabelPrediction kNone;
  ColumnList list(rows.size());
  list.texts("/id", rows.id, layout.id_width);
  list.texts("/source", rows.source, layout.source_width);
  if (layout.formula_width > 0) list.texts("/formula", rows.formula, layout.formula_width);
  for (std::size_t i = 0; i < layout.description.labels.size(); ++i) {
    const auto& [name, units] = layout.description.labels[i];
    const LabelPrediction& p = i < rows.predictions.size() ? rows.predictions[i] : kNone;
    const std::string group = "/prediction/" + name;
    list.numbers(group + "/value", p.value, units);
    if (layout.standard_deviations) list.numbers(group + "/std", p.std, units);
    if (layout.intervals) list.numbers(group + "/lo90", p.lo90, units);
    if (layout.intervals) list.numbers(group + "/hi90", p.hi90, units);
    if (layout.targets) list.numbers("/target/" + name, p.target, units);
  }
  if (layout.crystal_systems) list.numbers(kCrystalSystemColumn, rows.crystal_system_probability, {}, kCrystalSystems);
  if (layout.space_groups) {
    list.numbers(kSpaceGroupColumn, rows.space_group);
    list.numbers(kSpaceGroupProbabilityColumn, rows.space_group_probability);
  }
  if (layout.metals) list.numbers(kMetalColumn, rows.metal_probability);
  if (layout.pass_probability) list.numbers("/pass_probability", rows.pass_probability);
  if (layout.ood_score) list.numbers("/ood_score", rows.ood_score);
  static const std::vector<float> kNoEmbedding;
  for (const auto& [name, width] : layout.description.embedding_widths) {
    const auto found = rows.embeddings.find(name);
    list.numbers("/embedding/" + name, found == rows.embeddings.end() ? kNoEmbedding : found->second, {}, width);
  }
  // Last, so that a row whose status is there is there as a whole.
  list.numbers("/status", rows.status);
  return std::move(list.columns);
}

}  // namespace xxact::io
