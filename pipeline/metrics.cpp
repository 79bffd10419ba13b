#include "pipeline/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace xxact::pipeline {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool known(float truth, float prediction) { return !std::isnan(truth) && !std::isnan(prediction); }

}  // namespace

RegressionMetrics regression_metrics(std::span<const float> truth, std::span<const float> prediction) {
  double absolute = 0, squared = 0, sum = 0;
  std::int64_t n = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (!known(truth[i], prediction[i])) continue;
    const double error = static_cast<double>(prediction[i]) - truth[i];
    absolute += std::abs(error);
    squared += error * error;
    sum += truth[i];
    ++n;
  }
  if (n == 0) return {kNaN, kNaN, kNaN, 0};
  const auto count = static_cast<double>(n);
  double spread = 0;
  for (std::size_t i = 0; i < truth.size(); ++i)
    if (known(truth[i], prediction[i])) spread += std::pow(truth[i] - sum / count, 2);
  return {absolute / count, std::sqrt(squared / count), spread > 0 ? 1.0 - squared / spread : kNaN, n};
}

GapMetrics gap_metrics(std::span<const float> truth, std::span<const float> prediction) {
  struct Row { float prediction; bool metal; };
  std::vector<Row> rows;
  double absolute = 0, nonmetals = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (!known(truth[i], prediction[i])) continue;
    rows.push_back({prediction[i], truth[i] <= 0});
    if (truth[i] > 0) {
      absolute += std::abs(static_cast<double>(prediction[i]) - truth[i]);
      ++nonmetals;
    }
  }
  // Mann-Whitney: for each group of equal predictions, metals beat the non-metals above them and halve with those beside them.
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.prediction < b.prediction; });
  const double metals = static_cast<double>(rows.size()) - nonmetals;
  double wins = 0, nonmetals_below = 0;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first;
    double metals_here = 0;
    while (last < rows.size() && rows[last].prediction == rows[first].prediction) metals_here += rows[last++].metal ? 1 : 0;
    const double nonmetals_here = static_cast<double>(last - first) - metals_here;
    wins += metals_here * (nonmetals - nonmetals_below - 0.5 * nonmetals_here);
    nonmetals_below += nonmetals_here;
    first = last;
  }
  return {nonmetals > 0 ? absolute / nonmetals : kNaN, metals > 0 && nonmetals > 0 ? wins / (metals * nonmetals) : kNaN};
}

ClassificationMetrics classification_metrics(std::span<const int> truth, std::span<const float> logits) {
  ClassificationMetrics metrics;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto row = logits.subspan(i * kCrystalSystems, kCrystalSystems);
    if (truth[i] < 0 || std::isnan(row[0])) continue;
    const auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    ++metrics.confusion[static_cast<std::size_t>(truth[i])][best];
    right += best == static_cast<std::size_t>(truth[i]) ? 1 : 0;
    ++metrics.n;
  }
  double recalls = 0;
  int classes = 0;
  for (std::size_t c = 0; c < kCrystalSystems; ++c) {
    const auto total = std::accumulate(metrics.confusion[c].begin(), metrics.confusion[c].end(), std::int64_t{0});
    if (total == 0) continue;
    recalls += static_cast<double>(metrics.confusion[c][c]) / static_cast<double>(total);
    ++classes;
  }
  metrics.accuracy = metrics.n > 0 ? static_cast<double>(right) / static_cast<double>(metrics.n) : kNaN;
  metrics.balanced_accuracy = classes > 0 ? recalls / classes : kNaN;
  return metrics;
}

double coverage(std::span<const float> truth, std::span<const float> low, std::span<const float> high) {
  std::int64_t inside = 0, n = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (std::isnan(truth[i]) || std::isnan(low[i])) continue;
    inside += truth[i] >= low[i] && truth[i] <= high[i] ? 1 : 0;
    ++n;
  }
  return n > 0 ? static_cast<double>(inside) / static_cast<double>(n) : kNaN;
}

}  // namespace xxact::pipeline
