#include "pipeline/validation.hpp"

#include <limits>

#include "pipeline/metrics.hpp"

namespace xxact::pipeline {

Predictions gather_predictions(const Predictions& local, const comm::Communicator& comm) {
  Predictions all;
  for (std::size_t task = 0; task < 3; ++task) {
    all.mean[task] = comm.all_gather(std::span<const float>(local.mean[task]), "gathering predictions");
    all.std[task] = comm.all_gather(std::span<const float>(local.std[task]), "gathering uncertainties");
  }
  all.logits = comm.all_gather(std::span<const float>(local.logits), "gathering class scores");
  std::vector<std::int64_t> failed;
  for (const auto& reason : local.failure) failed.push_back(reason.empty() ? 0 : 1);
  for (const auto flag : comm.all_gather(std::span<const std::int64_t>(failed), "gathering failures")) all.failure.push_back(flag != 0 ? "failed" : "");
  return all;
}

ValidationResult validate_model(model::XxactModel& net, const RunConfig& config, const Standardisation& standardisation, const io::Dataset& dataset,
                                const Labels& labels, std::span<const std::int64_t> rows, const torch::Device& device,
                                const InferenceOptions& options, const comm::Communicator& comm) {
  const auto share = comm::share_of(std::ssize(rows), comm.rank(), comm.size());
  const auto own = rows.subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count()));
  const auto all = gather_predictions(infer(net, config, standardisation, dataset, own, device, options), comm);
  const auto truth = truth_of(labels, rows);
  ValidationResult result;
  for (const auto task : config.model.tasks) {
    const auto t = static_cast<std::size_t>(task);
    const std::string name(model::task_name(task));
    const double weight = config.training.objective.weight[t];
    if (model::is_regression(task)) {
      const auto m = regression_metrics(truth.value[t], all.mean[t]);
      result.metrics[name + ".mae"] = m.mae;
      result.metrics[name + ".rmse"] = m.rmse;
      if (m.n > 0) result.score += weight * m.mae / standardisation.scale[t];
    } else {
      const auto m = classification_metrics(truth.crystal_system, all.logits);
      result.metrics[name + ".accuracy"] = m.accuracy;
      result.metrics[name + ".balanced_accuracy"] = m.balanced_accuracy;
      if (m.n > 0) result.score += weight * (1.0 - m.accuracy);
    }
  }
  result.calibration = calibrate(all, truth);
  return result;
}

}  // namespace xxact::pipeline
