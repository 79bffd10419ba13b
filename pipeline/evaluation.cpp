#include "pipeline/evaluation.hpp"

#include <fmt/format.h>

#include "pipeline/metrics.hpp"
#include "pipeline/run_folder.hpp"
#include "pipeline/validation.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

nlohmann::json regression_json(std::span<const float> truth, const std::array<std::vector<float>, 4>& predicted, double training_mean) {
  const auto& [value, std, lo90, hi90] = predicted;
  const auto m = regression_metrics(truth, value);
  const std::vector<float> constant(truth.size(), static_cast<float>(training_mean));
  return {{"mae", m.mae}, {"rmse", m.rmse}, {"r2", m.r2}, {"n", m.n}, {"baseline_mae", regression_metrics(truth, constant).mae}, {"coverage90", coverage(truth, lo90, hi90)}};
}

nlohmann::json systems_json(std::span<const int> truth, std::span<const float> probability) {
  const auto m = classification_metrics(truth, most_probable(probability, kCrystalSystems), kCrystalSystems);
  std::vector<std::string> classes;
  for (int c = 0; c < kCrystalSystems; ++c) classes.emplace_back(crystal_system_name(c));
  return {{"accuracy", m.accuracy}, {"balanced_accuracy", m.balanced_accuracy}, {"n", m.n}, {"confusion", m.confusion}, {"classes", classes}};
}

/// `truth` and `group` are numbers of space groups less one, -1 where unknown.
nlohmann::json groups_json(std::span<const int> truth, std::span<const int> group) {
  const auto systems = [](std::span<const int> groups) {
    std::vector<int> of;
    for (const int one : groups) of.push_back(crystal_system_of(one + 1));
    return of;
  };
  const auto m = classification_metrics(truth, group, kSpaceGroups);
  return {{"accuracy", m.accuracy}, {"balanced_accuracy", m.balanced_accuracy}, {"n", m.n}, {"crystal_system_accuracy", classification_metrics(systems(truth), systems(group), kCrystalSystems).accuracy}};
}

/// A column of this rank's rows on every rank.
std::vector<float> everywhere(const std::vector<float>& column, const comm::Communicator& comm) {
  return comm.all_gather(std::span<const float>(column), "gathering predictions for the metrics");
}

}  // namespace

nlohmann::json evaluate(std::vector<LoadedModel>& models, const io::Dataset& dataset, const EvaluationOptions& options, const torch::Device& device, const comm::Communicator& comm) {
  const bool alone = models.size() == 1 && !models.front().description.config.model.objectives.empty();
  const auto tasks = alone ? models.front().description.config.model.tasks : tasks_of(models);
  const Labels labels(dataset, tasks, false);
  const auto rows = select_rows(dataset, options.subset, labels, tasks, false).list();
  if (rows.empty()) throw InputError("{}: the chosen split has no rows; data without a split of its own is evaluated with --split all", dataset.path().string());
  const auto share = comm::share_of(std::ssize(rows), comm.rank(), comm.size());
  const auto own = std::span(rows).subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count()));
  const auto truth = truth_of(labels, rows);
  nlohmann::json metrics = {{"n", rows.size()}, {"data", dataset.path().string()}, {"dataset_hash", dataset.content_hash()}, {"model", models.front().path.parent_path().string()},
                            {"mode", model::mode_name(models.front().description.config.model.mode)}, {"program_version", options.program_version}};
  std::filesystem::create_directories(options.output);
  if (alone) {
    auto& [net, description, digest, path] = models.front();
    for (const auto& [name, value] : measure_objectives(net, description.config, description.standardisation, dataset, rows, device, options.inference, comm)) {
      const auto dot = name.find('.');
      metrics[name.substr(0, dot)][name.substr(dot + 1)] = value;
    }
  }
  if (tasks.empty()) return metrics;
  auto results = predict_rows(models, dataset, own, device, options.inference);
  std::size_t column = 0;
  for (const auto task : tasks) {
    const auto t = static_cast<std::size_t>(task);
    auto& json = metrics[std::string(model::task_name(task))];
    if (model::is_regression(task)) {
      auto& p = results.predictions[column++];
      p.target.assign(truth.value[t].begin() + share.first, truth.value[t].begin() + share.last);
      const auto value = everywhere(p.value, comm);
      json = regression_json(truth.value[t], {value, everywhere(p.std, comm), everywhere(p.lo90, comm), everywhere(p.hi90, comm)}, models.front().description.standardisation.mean[t]);
      if (task == model::Task::band_gap) {
        const auto gap = gap_metrics(truth.value[t], value, everywhere(results.metal_probability, comm));
        json["mae_nonmetal"] = gap.mae_nonmetal;
        json["metal_auc"] = gap.metal_auc;
      }
    } else if (task == model::Task::crystal_system) {
      json = systems_json(truth.classes[t], everywhere(results.crystal_system_probability, comm));
    } else {
      std::vector<std::int64_t> own_groups;
      for (const auto number : results.space_group) own_groups.push_back(static_cast<int>(number) - 1);
      const auto groups = comm.all_gather(std::span<const std::int64_t>(own_groups), "gathering space groups for the metrics");
      json = groups_json(truth.classes[t], std::vector<int>(groups.begin(), groups.end()));
    }
  }
  std::array<double, 1> failed = {static_cast<double>(std::count_if(results.status.begin(), results.status.end(), [](auto s) { return s != 0; }))};
  comm.sum(failed, "counting rows without prediction");
  metrics["not_predicted"] = static_cast<std::int64_t>(failed[0]);

  io::write_results(comm.handle(), options.output / "predictions.h5", results, describe_results(models, dataset.content_hash(), options.program_version));
  return metrics;
}

std::string metrics_table(const nlohmann::json& metrics) {
  std::string text;
  const auto share = [](const nlohmann::json& of, const char* key) { return of.contains(key) ? of[key].get<double>() : std::numeric_limits<double>::quiet_NaN(); };
  if (metrics.contains("masked")) {
    const auto& m = metrics["masked"];
    text += fmt::format("{:<28} squared error {:.3g}, of the mean pattern's {:.3f}, of zero's {:.3f}; on peaks {:.3g}, {:.3f}, {:.3f}\n", "hidden tokens", share(m, "mse"), share(m, "to_mean"),
                        share(m, "to_zero"), share(m, "peaks_mse"), share(m, "peaks_to_mean"), share(m, "peaks_to_zero"));
  }
  if (metrics.contains("contrastive")) {
    const auto& m = metrics["contrastive"];
    for (const std::string found : {"pattern", "composition"})
      text += fmt::format("{:<28} top 1 {:.4f}, 3 {:.4f}, 5 {:.4f}, 10 {:.4f} (of {:.0f})\n", found == "pattern" ? "pattern of a composition" : "composition of a pattern", share(m, (found + "_top1").c_str()),
                          share(m, (found + "_top3").c_str()), share(m, (found + "_top5").c_str()), share(m, (found + "_top10").c_str()), share(m, found == "pattern" ? "patterns" : "formulas"));
  }
  for (const auto task : model::kTasks) {
    const auto found = metrics.find(std::string(model::task_name(task)));
    if (found == metrics.end()) continue;
    const auto& m = *found;
    const auto number = [&](const char* key) { return m.contains(key) && m[key].is_number() ? m[key].get<double>() : std::numeric_limits<double>::quiet_NaN(); };
    if (model::is_regression(task))
      text += fmt::format("{:<28} MAE {:.4f} {}, RMSE {:.4f}, R2 {:.3f}, 90 % interval covers {:.1f} %, training mean {:.4f} (n = {})\n", model::task_name(task), number("mae"),
                          task_units(task), number("rmse"), number("r2"), 100 * number("coverage90"), number("baseline_mae"), m["n"].get<std::int64_t>());
    if (m.contains("metal_auc")) text += fmt::format("{:<28} MAE of non-metals {:.4f} {}, area under the curve of metal or not {:.4f}\n", "", number("mae_nonmetal"), task_units(task), number("metal_auc"));
    if (!model::is_regression(task))
      text += fmt::format("{:<28} accuracy {:.4f}, balanced {:.4f} (n = {})\n", model::task_name(task), number("accuracy"), number("balanced_accuracy"), m["n"].get<std::int64_t>());
  }
  return text;
}

}  // namespace xxact::pipeline
