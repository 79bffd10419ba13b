#include "pipeline/labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kMomentsBlock = 4096;  // rows; as window-block unless configured

std::size_t index_of(model::Task task) { return static_cast<std::size_t>(task); }

bool is_of_lattice(model::Task task) { return model::is_regression(task) && model::follows_from_structure(task); }

}  // namespace

Labels::Labels(const io::Dataset& dataset, const std::vector<model::Task>& tasks, bool required) : dataset_(dataset) {
  for (const auto task : tasks) {
    if (!model::is_regression(task)) {
      present_[index_of(task)] = std::any_of(dataset.space_group().begin(), dataset.space_group().end(), [](auto group) { return group != 0; });
    } else if (is_of_lattice(task)) {
      present_[index_of(task)] = true;
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

int Labels::class_of(model::Task task, std::int64_t row) const {
  if (!has(task)) return -1;
  const int group = dataset_.space_group()[static_cast<std::size_t>(row)];
  return task == model::Task::crystal_system ? crystal_system_of(group) : group - 1;
}

bool Labels::known(model::Task task, std::int64_t row) const {
  // No cell is flat: ingest sees to that.
  if (is_of_lattice(task)) return has(task) && dataset_.has_structure(row);
  return model::is_regression(task) ? !std::isnan(value(task, row)) : class_of(task, row) >= 0;
}

std::optional<io::PrimitiveLattice> Labels::lattice(std::int64_t row) const { return dataset_.has_structure(row) ? io::primitive_lattice(dataset_.structure(row)) : std::nullopt; }

float RowLabels::value(model::Task task) {
  if (!is_of_lattice(task)) return labels_.value(task, row_);
  constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
  if (!labels_.has(task)) return kUnknown;
  if (!lattice_) lattice_ = labels_.lattice(row_);
  const auto& lattice = *lattice_;
  if (!lattice) return kUnknown;
  return static_cast<float>(task == model::Task::lattice_volume ? lattice->volume : lattice->length[index_of(task) - index_of(model::Task::lattice_a)]);
}

void LabelMoments::add(const Labels& labels, const std::vector<model::Task>& tasks, std::int64_t row) {
  RowLabels of_row(labels, row);
  for (const auto task : tasks) {
    const auto t = index_of(task);
    if (!model::is_regression(task)) {
      count[t] += of_row.class_of(task) >= 0 ? 1 : 0;
      continue;
    }
    const double value = of_row.value(task);
    if (std::isnan(value)) continue;
    ++count[t];
    const double difference = value - mean[t];
    mean[t] += difference / count[t];
    squares[t] += difference * (value - mean[t]);
  }
}

void LabelMoments::add(const LabelMoments& more) {
  for (std::size_t t = 0; t < count.size(); ++t) {
    if (more.count[t] == 0) continue;
    const double both = count[t] + more.count[t], difference = more.mean[t] - mean[t];
    squares[t] += more.squares[t] + difference * difference * count[t] * more.count[t] / both;
    mean[t] += difference * more.count[t] / both;
    count[t] = both;
  }
}

Standardisation standardise(const LabelMoments& moments, const std::vector<model::Task>& tasks, const std::filesystem::path& dataset) {
  Standardisation result;
  for (const auto task : tasks) {
    const auto t = index_of(task);
    if (!model::is_regression(task)) {
      if (moments.count[t] == 0) throw InputError("{}: no training row has a space group, which the task '{}' needs; ingest with --symmetry given or compute", dataset.string(), model::task_name(task));
      continue;
    }
    const double scale = std::sqrt(moments.squares[t] / (moments.count[t] - 1));
    if (!(moments.count[t] >= 2) || !(scale > 0) || !std::isfinite(scale))
      throw InputError("{}: the training rows have {} different labels '{}': at least two are needed", dataset.string(), moments.count[t] < 2 ? "fewer than two" : "no two", model::task_name(task));
    result.mean[t] = moments.mean[t];
    result.scale[t] = scale;
  }
  return result;
}

Standardisation standardise(const Labels& labels, const std::vector<model::Task>& tasks, const sampling::RowSelection& rows, const std::filesystem::path& dataset) {
  LabelMoments all, block;
  std::int64_t number = 0;
  // Block by block, so that a streamed run with blocks of this size gets the same sums.
  rows.for_each([&](std::int64_t row) {
    if (row / kMomentsBlock != number) {
      all.add(block);
      block = {};
      number = row / kMomentsBlock;
    }
    block.add(labels, tasks, row);
  });
  all.add(block);
  return standardise(all, tasks, dataset);
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
