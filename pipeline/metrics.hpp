// Errors of predictions: regression, classification, and the numbers that a band gap needs besides.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace xxact::pipeline {

/// Over rows where truth and prediction are both known; all NaN when there is none.
struct RegressionMetrics {
  double mae = 0, rmse = 0, r2 = 0;
  std::int64_t n = 0;
};
RegressionMetrics regression_metrics(std::span<const float> truth, std::span<const float> prediction);

/// Of a band gap: error on rows with a true gap > 0, and the area under the ROC curve of "is a metal" (ties count half), scored by `metal` or, where that is
/// empty, by a small predicted gap; NaN when one of the two kinds is missing.
struct GapMetrics {
  double mae_nonmetal = 0, metal_auc = 0;
};
GapMetrics gap_metrics(std::span<const float> truth, std::span<const float> prediction, std::span<const float> metal = {});

struct ClassificationMetrics {
  double accuracy = 0, balanced_accuracy = 0;  // balanced: mean recall over the classes that occur
  std::int64_t n = 0;
  std::vector<std::vector<std::int64_t>> confusion;  // [truth][prediction]
};
/// `truth` and `predicted` are -1 where unknown, else less than `classes`.
ClassificationMetrics classification_metrics(std::span<const int> truth, std::span<const int> predicted, int classes);
/// The largest of each row of `scores` [N, classes]; -1 for rows of NaN.
std::vector<int> most_probable(std::span<const float> scores, int classes);

/// Share of rows whose truth lies in [low, high]; NaN when there is none.
double coverage(std::span<const float> truth, std::span<const float> low, std::span<const float> high);

}  // namespace xxact::pipeline
