// Labels of the model's tasks for rows of a dataset, and the standardisation of the regressions.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "io/primitive_lattice.hpp"
#include "model/config.hpp"
#include "pipeline/sampling/row_selection.hpp"

namespace xxact::pipeline {

/// Mean and scale by task (index = static_cast<int>(Task)): standardised = (label - mean) / scale. Classes have none.
struct Standardisation {
  model::PerTask<double> mean = {}, scale = model::for_each_task(1.0);
};

/// Looks labels up in a dataset, which must outlive it. Crystal systems follow from space groups, lattices are computed from structures.
class Labels {
 public:
  /// With `required`, a task whose label the dataset lacks is an InputError; else that task is unknown everywhere.
  Labels(const io::Dataset& dataset, const std::vector<model::Task>& tasks, bool required);

  bool has(model::Task task) const;
  /// Regression label in its own unit, NaN where unknown; not of a lattice, see RowLabels.
  float value(model::Task task, std::int64_t row) const;
  /// Crystal system 0..6, or number of the space group less one; -1 where unknown.
  int class_of(model::Task task, std::int64_t row) const;
  bool known(model::Task task, std::int64_t row) const;
  /// Nothing for a row without a structure.
  std::optional<io::PrimitiveLattice> lattice(std::int64_t row) const;

 private:
  const io::Dataset& dataset_;
  model::PerTask<std::span<const float>> values_;
  model::PerTask<bool> present_ = {};
};

/// Labels of one row, whose lattice is computed once.
class RowLabels {
 public:
  /// Both must outlive it.
  RowLabels(const Labels& labels, std::int64_t row) : labels_(labels), row_(row) {}
  float value(model::Task task);
  int class_of(model::Task task) const { return labels_.class_of(task, row_); }

 private:
  const Labels& labels_;
  std::int64_t row_;
  std::optional<std::optional<io::PrimitiveLattice>> lattice_;
};

/// What standardisation needs of some rows: how many know each task, and of the regressions the mean and the sum of squared
/// differences from it. Sums of parts: Chan, Golub and LeVeque, Am. Stat. 37 (1983) 242, doi:10.1080/00031305.1983.10483115.
struct LabelMoments {
  model::PerTask<double> count = {}, mean = {}, squares = {};

  void add(const Labels& labels, const std::vector<model::Task>& tasks, std::int64_t row);
  void add(const LabelMoments& more);
};

/// Mean and standard deviation. InputError naming the dataset when a regression has fewer than two labels or they are all the same, or when no row
/// knows a class.
Standardisation standardise(const LabelMoments& moments, const std::vector<model::Task>& tasks, const std::filesystem::path& dataset);
/// The same over `rows`.
Standardisation standardise(const Labels& labels, const std::vector<model::Task>& tasks, const sampling::RowSelection& rows, const std::filesystem::path& dataset);

enum class Subset { train, validation, test, all };
Subset parse_subset(const std::string& name);

/// Rows of a subset. With `labelled`, only those that know at least one of the tasks.
sampling::RowSelection select_rows(const io::Dataset& dataset, Subset subset, const Labels& labels, const std::vector<model::Task>& tasks, bool labelled);

}  // namespace xxact::pipeline
