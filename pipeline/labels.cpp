#include "pipeline/labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

std::size_t index_of(model::Task task) { return static_cast<std::size_t>(task); }

}  // namespace

Labels::Labels(const io::Dataset& dataset, const std::vector<model::Task>& tasks, bool required) : dataset_(dataset) {
  for (const auto task : tasks) {
    if (task == model::Task::crystal_system) {
      present_[index_of(task)] = std::any_of(dataset.space_group().begin(), dataset.space_group().end(), [](auto group) { return group != 0; });
    } else if (required || dataset.find_label(model::task_name(task)) != nullptr) {
      values_[index_of(task)] = dataset.label(model::task_name(task));
      present_[index_of(task)] = true;
    }
    if (required && !present_[index_of(task)])
      throw InputError("{}: no row has a space group, which the task '{}' needs; ingest with --symmetry given or compute",
                       dataset.path().string(), model::task_name(task));
  }
}

bool Labels::has(model::Task task) const { return present_[index_of(task)]; }

float Labels::value(model::Task task, std::int64_t row) const {
  const auto& values = values_[index_of(task)];
  return values.empty() ? std::numeric_limits<float>::quiet_NaN() : values[static_cast<std::size_t>(row)];
}

int Labels::crystal_system(std::int64_t row) const {
  return has(model::Task::crystal_system) ? crystal_system_of(dataset_.space_group()[static_cast<std::size_t>(row)]) : -1;
}

bool Labels::known(model::Task task, std::int64_t row) const {
  return task == model::Task::crystal_system ? crystal_system(row) >= 0 : !std::isnan(value(task, row));
}

Standardisation standardise(const Labels& labels, const std::vector<model::Task>& tasks, const sampling::RowSelection& rows) {
  Standardisation result;
  for (const auto task : tasks) {
    if (!model::is_regression(task)) continue;
    double sum = 0, squares = 0, count = 0;
    rows.for_each([&](std::int64_t row) {
      if (!labels.known(task, row)) return;
      sum += labels.value(task, row);
      ++count;
    });
    const double mean = sum / count;
    rows.for_each([&](std::int64_t row) {
      if (labels.known(task, row)) squares += (labels.value(task, row) - mean) * (labels.value(task, row) - mean);
    });
    const double scale = std::sqrt(squares / (count - 1));
    if (!(count >= 2) || !(scale > 0) || !std::isfinite(scale))
      throw InputError("the training rows have {} different labels '{}': at least two are needed", count < 2 ? "fewer than two" : "no two", model::task_name(task));
    result.mean[index_of(task)] = mean;
    result.scale[index_of(task)] = scale;
  }
  return result;
}

Subset parse_subset(const std::string& name) {
  if (name == "train") return Subset::train;
  if (name == "validation") return Subset::validation;
  if (name == "test") return Subset::test;
  if (name == "all") return Subset::all;
  throw ConfigError("--split '{}' is not one of train, validation, test, all", name);
}

sampling::RowSelection select_rows(const io::Dataset& dataset, Subset subset, const Labels& labels, const std::vector<model::Task>& tasks, bool labelled) {
  return sampling::RowSelection::where(dataset.size(), [&](std::int64_t row) {
    if (subset != Subset::all && dataset.split()[static_cast<std::size_t>(row)] != static_cast<std::uint8_t>(subset)) return false;
    return !labelled || std::any_of(tasks.begin(), tasks.end(), [&](auto task) { return labels.known(task, row); });
  });
}

}  // namespace xxact::pipeline
