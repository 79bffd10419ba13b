#include "pipeline/validation.hpp"

#include <fmt/format.h>

#include <limits>

#include "pipeline/metrics.hpp"
#include "pipeline/reconstruction.hpp"
#include "pipeline/retrieval.hpp"

namespace xxact::pipeline {

Predictions gather_predictions(const Predictions& local, const comm::Communicator& comm) {
  Predictions all;
  for (std::size_t task = 0; task < model::kTasks.size(); ++task) {
    all.mean[task] = comm.all_gather(std::span<const float>(local.mean[task]), "gathering predictions");
    all.std[task] = comm.all_gather(std::span<const float>(local.std[task]), "gathering uncertainties");
    all.logits[task] = comm.all_gather(std::span<const float>(local.logits[task]), "gathering class scores");
  }
  all.metal_logit = comm.all_gather(std::span<const float>(local.metal_logit), "gathering scores of metals");
  std::vector<std::int64_t> failed;
  for (const auto& reason : local.failure) failed.push_back(reason.empty() ? 0 : 1);
  for (const auto flag : comm.all_gather(std::span<const std::int64_t>(failed), "gathering failures")) all.failure.push_back(flag != 0 ? "failed" : "");
  return all;
}

namespace {

std::map<std::string, double> described(const ReconstructionMetrics& metrics) {
  std::map<std::string, double> said = {{"masked.mse", metrics.all.model}, {"masked.peaks_mse", metrics.peaks.model}};
  const auto ratio = [&](const char* name, double error, double reference) {
    if (reference > 0) said[name] = error / reference;
  };
  ratio("masked.to_zero", metrics.all.model, metrics.all.zero);
  ratio("masked.to_mean", metrics.all.model, metrics.all.mean);
  ratio("masked.peaks_to_zero", metrics.peaks.model, metrics.peaks.zero);
  ratio("masked.peaks_to_mean", metrics.peaks.model, metrics.peaks.mean);
  return said;
}

std::map<std::string, double> described(const RetrievalMetrics& metrics) {
  std::map<std::string, double> said = {{"contrastive.patterns", metrics.patterns}, {"contrastive.formulas", metrics.formulas}};
  for (std::size_t k = 0; k < kRetrievalDepths.size(); ++k) {
    said[fmt::format("contrastive.pattern_top{}", kRetrievalDepths[k])] = metrics.pattern_of_composition[k];
    said[fmt::format("contrastive.composition_top{}", kRetrievalDepths[k])] = metrics.composition_of_pattern[k];
  }
  return said;
}

/// Of one model's mixtures, [N]; empty without.
struct Gaps {
  std::vector<float> median, metal_probability;
};
Gaps most_likely_gaps(const Predictions& predictions, const Calibration& calibration) {
  Gaps gaps;
  for (std::size_t row = 0; row < predictions.metal_logit.size(); ++row) {
    const auto gap = calibrated_gap(predictions, row, calibration);
    gaps.median.push_back(static_cast<float>(quantile(std::span(&gap, 1), 0.5)));
    gaps.metal_probability.push_back(static_cast<float>(gap.metal));
  }
  return gaps;
}

/// Smaller is better; at most one for each objective of a model that knows anything.
double score_of(const std::map<std::string, double>& objectives) {
  double score = 0;
  const auto value = [&](const char* name) { return objectives.at(name); };
  if (objectives.contains("masked.to_mean")) score += value("masked.to_mean");
  if (objectives.contains("contrastive.patterns")) score += 1 - 0.5 * (value("contrastive.pattern_top1") + value("contrastive.composition_top1"));
  return score;
}

}  // namespace

std::map<std::string, double> measure_objectives(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                                 std::span<const std::int64_t> rows, const torch::Device& device, const InferenceOptions& given, const comm::Communicator& comm) {
  auto options = given;
  options.showing.inputs = Shown::all;  // one input is what the other is asked for
  const auto share = comm::share_of(std::ssize(rows), comm.rank(), comm.size());
  const auto own = rows.subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count()));
  std::map<std::string, double> metrics;
  if (config.model.learns(model::Objective::masked)) metrics.merge(described(measure_reconstruction(net, config, standardisation, dataset, own, device, options, comm)));
  if (config.model.learns(model::Objective::contrastive)) metrics.merge(described(measure_retrieval(net, config, standardisation, dataset, rows, device, options, comm)));
  return metrics;
}

ValidationResult validate_model(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                const Labels& labels, std::span<const std::int64_t> rows, const torch::Device& device,
                                const InferenceOptions& options, const comm::Communicator& comm) {
  const auto share = comm::share_of(std::ssize(rows), comm.rank(), comm.size());
  const auto own = rows.subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count()));
  ValidationResult result;
  const auto objectives = measure_objectives(net, config, standardisation, dataset, rows, device, options, comm);
  result.metrics = objectives;
  result.score = score_of(objectives);
  if (config.model.tasks.empty()) return result;
  const auto all = gather_predictions(infer(net, config, standardisation, dataset, own, device, options), comm);
  const auto truth = truth_of(labels, rows);
  result.calibration = calibrate(all, truth);
  const auto gaps = most_likely_gaps(all, result.calibration);
  for (const auto task : config.model.tasks) {
    const auto t = static_cast<std::size_t>(task);
    const std::string name(model::task_name(task));
    const double weight = config.training.objective.weight[t];
    if (model::is_regression(task)) {
      const auto& value = config.model.is_mixture(task) ? gaps.median : all.mean[t];
      const auto m = regression_metrics(truth.value[t], value);
      result.metrics[name + ".mae"] = m.mae;
      result.metrics[name + ".rmse"] = m.rmse;
      if (task == model::Task::band_gap) {
        const auto gap = gap_metrics(truth.value[t], value, gaps.metal_probability);
        result.metrics[name + ".mae_nonmetal"] = gap.mae_nonmetal;
        result.metrics[name + ".metal_auc"] = gap.metal_auc;
      }
      if (m.n > 0) result.score += weight * m.mae / standardisation.scale[t];
    } else {
      const int classes = model::task_classes(task);
      const auto m = classification_metrics(truth.classes[t], most_probable(all.logits[t], classes), classes);
      result.metrics[name + ".accuracy"] = m.accuracy;
      result.metrics[name + ".balanced_accuracy"] = m.balanced_accuracy;
      if (m.n > 0) result.score += weight * (1.0 - m.accuracy);
    }
  }
  return result;
}

}  // namespace xxact::pipeline
