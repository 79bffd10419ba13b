// What a model is trained for: losses summed over the valid labels, hidden points or pairs of a micro-batch and divided by the counts of the
// whole global batch, so that micro-batches and ranks add up to the same number. Not here: what a label means, which tokens are hidden (pipeline/).
#pragma once

#include <torch/torch.h>

#include <array>

#include "model/xxact_model.hpp"

namespace xxact::model {

/// Labels by task (index = static_cast<int>(Task)); undefined for tasks without labels.
struct Targets {
  /// Regressions [B] float32, standardised, NaN where unknown; of a mixture -infinity where there is no gap; classes [B] int64, -1 unknown.
  PerTask<torch::Tensor> value;
  torch::Tensor hidden_points = {};    // [B, n, patch] float32: what the hidden tokens are to be rebuilt as
};

/// What sums are divided by.
struct Counts {
  PerTask<double> labels = {};               // valid ones
  double hidden_points = 0;                  // of patterns
  double pairs = 0;                          // of a pattern and its composition, to be told from others
};

/// Places of the factors: of the tasks by number, then these.
inline constexpr std::int64_t kMaskedFactor = kTasks.size(), kContrastiveFactor = kMaskedFactor + 1, kFactors = kMaskedFactor + 2;

/// How a regression head is trained.
///   robust_l1  sqrt(2) |e| exp(-s) + s, the Laplace likelihood up to a constant (Wang et al. 2021, doi:10.1038/s41524-021-00545-1)
///   l1         |e| trains the mean; the log-scale s is trained by a tenth of robust_l1 with the error held constant, so
///              the uncertainty is learned while large errors keep their full pull on the mean and on the shared features
enum class RegressionLoss { robust_l1, l1 };

struct ObjectiveConfig {
  RegressionLoss regression = RegressionLoss::l1;
  double label_smoothing = 0.05;                 // of the cross-entropy of classes
  PerTask<double> weight = {1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25};
  double masked_weight = 100, contrastive_weight = 1;
};

struct LossResult {
  torch::Tensor total;                   // scalar: sum over tasks and objectives of weight * sum / count
  PerTask<torch::Tensor> task_sum;  // scalars, detached: unweighted sum over valid labels; undefined for absent tasks
};

/// Of the whole batch. Reads the labels on the host: call it on host tensors.
Counts count_valid(const Targets& targets);

/// What each sum is multiplied by: weight / count, with the counts of the GLOBAL batch; 0 where the count is 0. [kFactors] float32 in host memory.
torch::Tensor loss_factors(const ObjectiveConfig& config, const Counts& counts);

/// The loss of a micro-batch with `factor` as made by loss_factors(), on the device of the output. A task whose factor is 0 adds zero.
/// Unknown labels give exactly zero loss and gradient. A task is trained when both its head and its labels are defined; hidden tokens, by the
/// squared difference of their points, when both the reconstruction and the points are. With nothing to train the total is an undefined tensor.
LossResult objective(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const torch::Tensor& factor);
/// With the factors made here: waits for their copy to a device.
LossResult objective(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const Counts& counts);

/// That and, where the model learns to compare, how alike a pattern and its composition are: not what training minimises, which takes the whole batch, but a
/// scalar that all parameters have a part in, to measure passes with.
torch::Tensor local_loss(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const torch::Tensor& factor);

}  // namespace xxact::model
