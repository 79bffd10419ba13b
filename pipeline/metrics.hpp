// Errors of predictions: regression, classification, and the numbers that a band gap needs besides.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "src/base/elements.hpp"

namespace xxact::pipeline {

/// Over rows where truth and prediction are both known; all NaN when there is none.
struct RegressionMetrics {
  double mae = 0, rmse = 0, r2 = 0;
  std::int64_t n = 0;
};
RegressionMetrics regression_metrics(std::span<const float> truth, std::span<const float> prediction);

/// Of a band gap: error on rows with a true gap > 0, and the area under the ROC curve of "is a metal" scored by a small
/// predicted gap (ties count half); NaN when one of the two kinds is missing.
struct GapMetrics {
  double mae_nonmetal = 0, metal_auc = 0;
};
GapMetrics gap_metrics(std::span<const float> truth, std::span<const float> prediction);

struct ClassificationMetrics {
  double accuracy = 0, balanced_accuracy = 0;  // balanced: mean recall over the classes that occur
  std::int64_t n = 0;
  std::array<std::array<std::int64_t, kCrystalSystems>, kCrystalSystems> confusion{};  // [truth][prediction]
};
/// `truth` is -1 where unknown, `logits` [N, 7] with NaN where there is no prediction.
ClassificationMetrics classification_metrics(std::span<const int> truth, std::span<const float> logits);

/// Share of rows whose truth lies in [low, high]; NaN when there is none.
double coverage(std::span<const float> truth, std::span<const float> low, std::span<const float> high);

}  // namespace xxact::pipeline
