#include "pipeline/prediction.hpp"

#include <cmath>
#include <iterator>
#include <limits>

#include "pipeline/metrics.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

/// One model's view of one row and task.
struct Member {
  double mean, std, half90;
};

struct Ensemble {
  double value, std, half90;
};

Ensemble combine(const std::vector<Member>& members) {
  const auto n = static_cast<double>(members.size());
  double mean = 0, variance = 0, half = 0, std = 0;
  for (const auto& m : members) {
    mean += m.mean / n;
    variance += m.std * m.std / n;
    half += m.half90 / n;
    std += m.std / n;
  }
  for (const auto& m : members) variance += (m.mean - mean) * (m.mean - mean) / n;
  const double total = std::sqrt(variance);
  return {mean, total, std > 0 ? half * total / std : half};
}

io::LabelPrediction combine_task(const std::vector<LoadedModel>& models, const std::vector<Predictions>& predictions, const std::vector<std::string>& failure, std::size_t task) {
  io::LabelPrediction out;
  for (std::size_t row = 0; row < failure.size(); ++row) {
    std::vector<Member> members;
    for (std::size_t m = 0; m < models.size(); ++m) {
      if (predictions[m].mean[task].empty()) continue;
      const auto& calibration = models[m].description.calibration;
      const double raw = predictions[m].std[task][row];
      members.push_back({predictions[m].mean[task][row], raw * calibration.std_factor[task], raw * calibration.interval90[task]});
    }
    const bool ok = failure[row].empty();
    const Ensemble all = ok ? combine(members) : Ensemble{kUnknown, kUnknown, kUnknown};
    out.value.push_back(static_cast<float>(all.value));
    out.std.push_back(static_cast<float>(all.std));
    out.lo90.push_back(static_cast<float>(all.value - all.half90));
    out.hi90.push_back(static_cast<float>(all.value + all.half90));
  }
  return out;
}

/// Of models that say a band gap as a mixture: median and quantiles of the mean of their distributions.
io::LabelPrediction combine_gaps(const std::vector<LoadedModel>& models, const std::vector<Predictions>& predictions, const std::vector<std::string>& failure, std::vector<float>& metal_probability) {
  io::LabelPrediction out;
  for (std::size_t row = 0; row < failure.size(); ++row) {
    std::vector<GapMixture> gaps;
    double half = 0, metal = 0;
    for (std::size_t m = 0; m < models.size(); ++m) {
      if (predictions[m].metal_logit.empty()) continue;
      const auto& calibration = models[m].description.calibration;
      gaps.push_back(calibrated_gap(predictions[m], row, calibration));
      half += calibration.gap_eccentricity;
      metal += gaps.back().metal;
    }
    half /= static_cast<double>(gaps.size());
    const bool ok = failure[row].empty();
    const double value = ok ? quantile(gaps, 0.5) : kUnknown;
    out.value.push_back(static_cast<float>(value));
    out.std.push_back(ok ? static_cast<float>(std::sqrt(squared_difference(gaps, value))) : kUnknown);
    out.lo90.push_back(ok ? static_cast<float>(quantile(gaps, 0.5 - half)) : kUnknown);
    out.hi90.push_back(ok ? static_cast<float>(quantile(gaps, 0.5 + half)) : kUnknown);
    metal_probability.push_back(ok ? static_cast<float>(metal / static_cast<double>(gaps.size())) : kUnknown);
  }
  return out;
}

/// Mean over the models that have the task, [N, classes].
std::vector<float> combine_classes(const std::vector<LoadedModel>& models, const std::vector<Predictions>& predictions, const std::vector<std::string>& failure, model::Task task) {
  const auto t = static_cast<std::size_t>(task), width = static_cast<std::size_t>(model::task_classes(task));
  std::vector<float> sum(failure.size() * width, 0.0F);
  float members = 0;
  for (std::size_t m = 0; m < models.size(); ++m) {
    if (predictions[m].logits[t].empty()) continue;
    const auto probability = class_probabilities(predictions[m].logits[t], model::task_classes(task), models[m].description.calibration.temperature[t]);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += probability[i];
    ++members;
  }
  for (auto& value : sum) value /= members;
  for (std::size_t row = 0; row < failure.size(); ++row)
    if (!failure[row].empty()) std::fill_n(sum.begin() + static_cast<std::ptrdiff_t>(row * width), width, kUnknown);
  return sum;
}

/// The most probable space group and how probable it is.
void add_space_groups(const std::vector<float>& probability, io::ResultRows& out) {
  const auto best = most_probable(probability, kSpaceGroups);
  for (std::size_t row = 0; row < best.size(); ++row) {
    out.space_group.push_back(static_cast<std::uint8_t>(best[row] + 1));
    out.space_group_probability.push_back(best[row] < 0 ? kUnknown : probability[row * kSpaceGroups + static_cast<std::size_t>(best[row])]);
  }
}

bool says(const LoadedModel& loaded, model::Task task) {
  const auto& own = loaded.description.config.model.tasks;
  return std::find(own.begin(), own.end(), task) != own.end();
}

bool says_mixture(const LoadedModel& loaded) { return says(loaded, model::Task::band_gap) && loaded.description.config.model.is_mixture(model::Task::band_gap); }

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::string task_units(model::Task task) {
  switch (task) {
    case model::Task::formation_energy_per_atom: return "eV/atom";
    case model::Task::band_gap: return "eV";
    case model::Task::lattice_a:
    case model::Task::lattice_b:
    case model::Task::lattice_c: return "angstrom";
    case model::Task::lattice_volume: return "angstrom^3";
    case model::Task::crystal_system:
    case model::Task::space_group: break;
  }
  return "";
}

std::vector<model::Task> tasks_of(const std::vector<LoadedModel>& models) {
  std::vector<model::Task> tasks;
  for (const auto task : model::kTasks)
    if (std::ranges::any_of(models, [task](const LoadedModel& loaded) { return says(loaded, task); })) tasks.push_back(task);
  const auto mixture = std::ranges::find_if(models, says_mixture);
  for (const auto& loaded : models)
    if (mixture != models.end() && says(loaded, model::Task::band_gap) && !says_mixture(loaded))
      throw ConfigError("{} says band gaps as values, {} as mixtures (gap-head): they cannot be one ensemble", loaded.path.string(), mixture->path.string());
  if (tasks.empty()) throw ConfigError("{}: predicts nothing, as it was trained without tasks; `xxact train --init` goes on from it", models.front().path.string());
  return tasks;
}

io::ResultRows predict_rows(std::vector<LoadedModel>& models, const io::Dataset& dataset, std::span<const std::int64_t> rows,
                            const torch::Device& device, const InferenceOptions& options) {
  std::vector<Predictions> predictions;
  for (auto& loaded : models)
    predictions.push_back(infer(loaded.net, loaded.description.config, loaded.description.standardisation, dataset, rows, device, options));
  io::ResultRows out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string reason;
    for (const auto& prediction : predictions)
      if (reason.empty()) reason = prediction.failure[i];
    out.id.emplace_back(dataset.id(rows[i]));
    out.source.emplace_back(dataset.source_of(rows[i]));
    out.formula.push_back(dataset.formula(rows[i]));
    out.status.push_back(static_cast<std::uint8_t>(reason.empty() ? RowStatus::ok : RowStatus::not_predictable));
    out.reason.push_back(std::move(reason));
  }
  const bool mixtures = std::ranges::any_of(models, says_mixture);
  for (const auto task : tasks_of(models))
    if (task == model::Task::band_gap && mixtures)
      out.predictions.push_back(combine_gaps(models, predictions, out.reason, out.metal_probability));
    else if (model::is_regression(task))
      out.predictions.push_back(combine_task(models, predictions, out.reason, static_cast<std::size_t>(task)));
    else if (task == model::Task::crystal_system)
      out.crystal_system_probability = combine_classes(models, predictions, out.reason, task);
    else
      add_space_groups(combine_classes(models, predictions, out.reason, task), out);
  return out;
}

io::ResultDescription describe_results(const std::vector<LoadedModel>& models, const std::string& dataset_hash, const std::string& program_version) {
  io::ResultDescription description;
  for (const auto task : tasks_of(models))
    if (model::is_regression(task)) description.labels.push_back({std::string(model::task_name(task)), task_units(task)});
  std::string digests;
  for (const auto& loaded : models) digests += (digests.empty() ? "" : ",") + loaded.digest;
  description.attributes = {{"model_hash", digests}, {"dataset_hash", dataset_hash}, {"program_version", program_version}};
  return description;
}

void append_rows(io::ResultRows& rows, io::ResultRows more) {
  append(rows.id, more.id);
  append(rows.source, more.source);
  append(rows.formula, more.formula);
  append(rows.status, more.status);
  append(rows.reason, more.reason);
  append(rows.crystal_system_probability, more.crystal_system_probability);
  append(rows.space_group, more.space_group);
  append(rows.space_group_probability, more.space_group_probability);
  append(rows.metal_probability, more.metal_probability);
  rows.predictions.resize(std::max(rows.predictions.size(), more.predictions.size()));
  for (std::size_t p = 0; p < more.predictions.size(); ++p) {
    append(rows.predictions[p].value, more.predictions[p].value);
    append(rows.predictions[p].std, more.predictions[p].std);
    append(rows.predictions[p].lo90, more.predictions[p].lo90);
    append(rows.predictions[p].hi90, more.predictions[p].hi90);
  }
}

}  // namespace xxact::pipeline
