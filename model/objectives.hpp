// Supervised objectives: losses summed over the valid labels of a micro-batch and divided by the counts of the whole
// global batch, so that micro-batches and ranks add up to the same number. Not here: what a label means (pipeline/).
#pragma once

#include <torch/torch.h>

#include <array>

#include "model/xxact_model.hpp"

namespace xxact::model {

/// Labels by task (index = static_cast<int>(Task)); undefined for tasks without labels.
struct Targets {
  std::array<torch::Tensor, 3> value;  // regressions [B] float32, standardised, NaN where unknown; crystal system [B] int64, -1 unknown
};

/// How a regression head is trained.
///   robust_l1  sqrt(2) |e| exp(-s) + s, the Laplace likelihood up to a constant (Wang et al. 2021, doi:10.1038/s41524-021-00545-1)
///   l1         |e| trains the mean; the log-scale s is trained by a tenth of robust_l1 with the error held constant, so
///              the uncertainty is learned while large errors keep their full pull on the mean and on the shared features
enum class RegressionLoss { robust_l1, l1 };

struct ObjectiveConfig {
  RegressionLoss regression = RegressionLoss::l1;
  double label_smoothing = 0.05;                 // of the crystal-system cross-entropy
  std::array<double, 3> weight = {1, 0.5, 0.5};  // by task
};

struct LossResult {
  torch::Tensor total;                   // scalar: sum over tasks of weight * task_sum / valid_count
  std::array<torch::Tensor, 3> task_sum; // scalars, detached: unweighted sum over valid labels; undefined for absent tasks
};

/// Number of valid labels by task, as doubles so that they can be summed over ranks. Reads the labels on the host:
/// call it on host tensors.
std::array<double, 3> count_valid(const Targets& targets);

/// What the sum over valid labels is multiplied by, by task: weight / valid_count, with the counts of the GLOBAL batch; 0 for a task whose
/// count is 0. [3] float32 in host memory.
torch::Tensor task_factors(const ObjectiveConfig& config, const std::array<double, 3>& valid_count);

/// The loss of a micro-batch with `factor` as made by task_factors(), on the device of the output. A task whose factor is 0 adds zero.
/// Unknown labels give exactly zero loss and gradient. A task is trained when both its head and its labels are defined;
/// with no such task the total is an undefined tensor.
LossResult objective(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const torch::Tensor& factor);
/// With the factors made here: waits for their copy to a device.
LossResult objective(const ModelOutput& output, const Targets& targets, const ObjectiveConfig& config, const std::array<double, 3>& valid_count);

}  // namespace xxact::model
