// Labels of the model's tasks for rows of a dataset, and the standardisation of the regressions.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/dataset.hpp"
#include "model/config.hpp"
#include "pipeline/sampling/row_selection.hpp"

namespace xxact::pipeline {

/// Mean and scale by task (index = static_cast<int>(Task)): standardised = (label - mean) / scale. The crystal system has none.
struct Standardisation {
  std::array<double, 3> mean = {0, 0, 0}, scale = {1, 1, 1};
};

/// Looks labels up in a dataset, which must outlive it. The crystal system follows from the space group.
class Labels {
 public:
  /// With `required`, a task whose label the dataset lacks is an InputError; else that task is unknown everywhere.
  Labels(const io::Dataset& dataset, const std::vector<model::Task>& tasks, bool required);

  bool has(model::Task task) const;
  /// Regression label in its own unit, NaN where unknown.
  float value(model::Task task, std::int64_t row) const;
  /// 0..6, or -1 where unknown.
  int crystal_system(std::int64_t row) const;
  bool known(model::Task task, std::int64_t row) const;

 private:
  const io::Dataset& dataset_;
  std::array<std::span<const float>, 3> values_;
  std::array<bool, 3> present_ = {false, false, false};
};

/// What standardisation needs of some rows: how many know each task, and of the regressions the mean and the sum of squared
/// differences from it. Sums of parts: Chan, Golub and LeVeque, Am. Stat. 37 (1983) 242, doi:10.1080/00031305.1983.10483115.
struct LabelMoments {
  std::array<double, 3> count = {0, 0, 0}, mean = {0, 0, 0}, squares = {0, 0, 0};

  void add(const Labels& labels, const std::vector<model::Task>& tasks, std::int64_t row);
  void add(const LabelMoments& more);
};

/// Mean and standard deviation. InputError naming the dataset when a regression has fewer than two labels or they are all the same, or when no row
/// knows the crystal system.
Standardisation standardise(const LabelMoments& moments, const std::vector<model::Task>& tasks, const std::filesystem::path& dataset);
/// The same over `rows`.
Standardisation standardise(const Labels& labels, const std::vector<model::Task>& tasks, const sampling::RowSelection& rows, const std::filesystem::path& dataset);

enum class Subset { train, validation, test, all };
Subset parse_subset(const std::string& name);

/// Rows of a subset. With `labelled`, only those that know at least one of the tasks.
sampling::RowSelection select_rows(const io::Dataset& dataset, Subset subset, const Labels& labels, const std::vector<model::Task>& tasks, bool labelled);

}  // namespace xxact::pipeline
