#include "model/objectives.hpp"

#include <algorithm>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::model {
namespace {

// Part of the log-scale's likelihood in the l1 form. At 1 its gradient competes with the mean's for the shared features: the test
// error of the composition model on the Materials Project set rose from 0.054 to 0.062 eV/atom; at 0.1 it is that of |e| alone.
constexpr double kScaleShare = 0.1;

/// Sum over valid labels. Where the label is unknown every term is a constant zero, so neither value nor gradient is touched.
torch::Tensor regression_sum(const torch::Tensor& head, const torch::Tensor& target, RegressionLoss form) {
  const auto mean = head.select(1, 0), log_scale = head.select(1, 1);
  const auto valid = target.isfinite();
  const auto zero = torch::zeros({}, head.options());
  const auto error = at::where(valid, mean - target, zero).abs();
  const auto scale = at::where(valid, log_scale, zero);
  const bool apart = form == RegressionLoss::l1;
  const auto likelihood = (std::numbers::sqrt2 * (apart ? error.detach() : error) * at::exp(-scale) + scale).sum();
  return apart ? error.sum() + kScaleShare * likelihood : likelihood;
}

/// Negative log-likelihood of whether there is a gap, over known labels, and the regression of those that are one.
torch::Tensor mixture_sum(const torch::Tensor& head, const torch::Tensor& target, RegressionLoss form) {
  const auto logit = head.select(1, 2);
  const auto zero = torch::zeros({}, head.options());
  const auto known = target.isnan().logical_not(), metal = target.isneginf();
  const auto likelihood = at::where(known, at::softplus(logit) - at::where(metal, logit, zero), zero).sum();
  return likelihood + regression_sum(head, target, form);
}

torch::Tensor classification_sum(const torch::Tensor& logits, const torch::Tensor& target, double smoothing) {
  return at::cross_entropy_loss(logits, target, {}, at::Reduction::Sum, -1, smoothing);
}

}  // namespace

Counts count_valid(const Targets& targets) {
  Counts counts;
  for (const Task task : kTasks) {
    const auto& value = targets.value[static_cast<std::size_t>(task)];
    if (!value.defined()) continue;
    const auto valid = is_regression(task) ? value.isnan().logical_not() : value.ge(0);
    counts.labels[static_cast<std::size_t>(task)] = static_cast<double>(valid.sum().item<std::int64_t>());
  }
  if (targets.hidden_points.defined()) counts.hidden_points = static_cast<double>(targets.hidden_points.numel());
  return counts;
}

torch::Tensor loss_factors(const ObjectiveConfig& config, const Counts& counts) {
  auto factor = torch::zeros({kFactors}, torch::kFloat32);
  const auto set = [&](std::int64_t place, double weight, double count) {
    if (count > 0) factor.data_ptr<float>()[place] = static_cast<float>(weight / count);
  };
  for (std::size_t i = 0; i < kTasks.size(); ++i) set(static_cast<std::int64_t>(i), config.weight[i], counts.labels[i]);
  set(kMaskedFactor, config.masked_weight, counts.hidden_points);
  set(kContrastiveFactor, config.contrastive_weight, counts.pairs);
  return factor;
}

LossResult objective(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const torch::Tensor& factor) {
  LossResult result;
  const auto add = [&](const torch::Tensor& sum, std::int64_t place) {
    // What has nothing to count in the global batch still takes part, with weight zero: every parameter gets a gradient.
    const auto weighted = sum * factor[place];
    result.total = result.total.defined() ? result.total + weighted : weighted;
  };
  for (const Task task : kTasks) {
    const auto i = static_cast<std::size_t>(task);
    if (!output.head[i].defined() || !targets.value[i].defined()) continue;
    const auto& head = output.head[i];
    const bool mixture = is_regression(task) && head.size(1) == 3;
    const auto sum = mixture             ? mixture_sum(head, targets.value[i], config.regression)
                     : is_regression(task) ? regression_sum(head, targets.value[i], config.regression)
                                         : classification_sum(head, targets.value[i], config.label_smoothing);
    result.task_sum[i] = sum.detach();
    add(sum, static_cast<std::int64_t>(i));
  }
  if (output.reconstruction.defined() && targets.hidden_points.defined()) add((output.reconstruction - targets.hidden_points).square().sum(), kMaskedFactor);
  return result;
}

LossResult objective(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const Counts& counts) {
  const auto head = std::ranges::find_if(output.head, [](const torch::Tensor& h) { return h.defined(); });
  const auto& said = head == output.head.end() ? output.reconstruction : *head;
  const auto factor = loss_factors(config, counts);
  return objective(output, targets, config, said.defined() ? factor.to(said.device()) : factor);
}

torch::Tensor local_loss(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const torch::Tensor& factor) {
  const auto total = objective(output, targets, config, factor).total;
  if (!output.pattern_view.defined()) return total;
  const auto alike = (output.pattern_view * output.composition_view).sum();
  return total.defined() ? total + alike : alike;
}

}  // namespace xxact::model
