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

GapMetrics gap_metrics(std::span<const float> truth, std::span<const float> prediction, std::span<const float> metal) {
  struct Row { float score; bool metal; };
  std::vector<Row> rows;
  double absolute = 0, nonmetals = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (!known(truth[i], prediction[i])) continue;
    rows.push_back({metal.empty() ? prediction[i] : -metal[i], truth[i] <= 0});
    if (truth[i] > 0) {
      absolute += std::abs(static_cast<double>(prediction[i]) - truth[i]);
      ++nonmetals;
    }
  }
  // Mann-Whitney: for each group of equal scores, metals beat the non-metals above them and halve with those beside them.
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.score < b.score; });
  const double metals = static_cast<double>(rows.size()) - nonmetals;
  double wins = 0, nonmetals_below = 0;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first;
    double metals_here = 0;
    while (last < rows.size() && rows[last].score == rows[first].score) metals_here += rows[last++].metal ? 1 : 0;
    const double nonmetals_here = static_cast<double>(last - first) - metals_here;
    wins += metals_here * (nonmetals - nonmetals_below - 0.5 * nonmetals_here);
    nonmetals_below += nonmetals_here;
    first = last;
  }
  return {nonmetals > 0 ? absolute / nonmetals : kNaN, metals > 0 && nonmetals > 0 ? wins / (metals * nonmetals) : kNaN};
}

std::vector<int> most_probable(std::span<const float> scores, int classes) {
  const auto width = static_cast<std::size_t>(classes);
  std::vector<int> best;
  for (std::size_t first = 0; first < scores.size(); first += width) {
    const auto row = scores.subspan(first, width);
    best.push_back(std::isnan(row[0]) ? -1 : static_cast<int>(std::ranges::max_element(row) - row.begin()));
  }
  return best;
}

ClassificationMetrics classification_metrics(std::span<const int> truth, std::span<const int> predicted, int classes) {
  const auto count = static_cast<std::size_t>(classes);
  ClassificationMetrics metrics;
  metrics.confusion.assign(count, std::vector<std::int64_t>(count, 0));
  std::int64_t right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] < 0 || predicted[i] < 0) continue;
    ++metrics.confusion[static_cast<std::size_t>(truth[i])][static_cast<std::size_t>(predicted[i])];
    right += predicted[i] == truth[i] ? 1 : 0;
    ++metrics.n;
  }
  double recalls = 0;
  int occurring = 0;
  for (std::size_t c = 0; c < count; ++c) {
    const auto total = std::accumulate(metrics.confusion[c].begin(), metrics.confusion[c].end(), std::int64_t{0});
    if (total == 0) continue;
    recalls += static_cast<double>(metrics.confusion[c][c]) / static_cast<double>(total);
    ++occurring;
  }
  metrics.accuracy = metrics.n > 0 ? static_cast<double>(right) / static_cast<double>(metrics.n) : kNaN;
  metrics.balanced_accuracy = occurring > 0 ? recalls / occurring : kNaN;
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
