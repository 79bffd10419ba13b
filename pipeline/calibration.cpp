#include "pipeline/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace xxact::pipeline {
namespace {

constexpr double kCoverage = 0.9;

void calibrate_regression(std::span<const float> mean, std::span<const float> std, std::span<const float> truth, double& factor, double& interval) {
  std::vector<double> scores;
  double squares = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (std::isnan(truth[i]) || std::isnan(mean[i])) continue;
    scores.push_back(std::abs(static_cast<double>(mean[i]) - truth[i]) / std[i]);
    squares += scores.back() * scores.back();
  }
  if (scores.empty()) return;
  factor = std::sqrt(squares / static_cast<double>(scores.size()));
  // The ceil((n + 1) * 0.9)-th smallest score covers a new row with at least 90 % probability.
  const auto rank = static_cast<std::size_t>(std::ceil(kCoverage * static_cast<double>(scores.size() + 1)));
  const auto place = std::min(rank, scores.size()) - 1;
  std::nth_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(place), scores.end());
  interval = scores[place];
}

double negative_log_likelihood(std::span<const float> logits, std::span<const int> truth, double temperature) {
  const auto classes = logits.size() / truth.size();
  double total = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto row = logits.subspan(i * classes, classes);
    if (truth[i] < 0 || std::isnan(row[0])) continue;
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float logit : row) sum += std::exp((logit - top) / temperature);
    total += std::log(sum) - (row[static_cast<std::size_t>(truth[i])] - top) / temperature;
  }
  return total;
}

/// Golden-section search on log temperature: the likelihood has one minimum in it.
double best_temperature(std::span<const float> logits, std::span<const int> truth) {
  constexpr double kRatio = 0.6180339887498949;
  double low = std::log(0.05), high = std::log(20.0);
  for (int step = 0; step < 60; ++step) {
    const double a = high - kRatio * (high - low), b = low + kRatio * (high - low);
    if (negative_log_likelihood(logits, truth, std::exp(a)) < negative_log_likelihood(logits, truth, std::exp(b)))
      high = b;
    else
      low = a;
  }
  return std::exp(0.5 * (low + high));
}

}  // namespace

Truth truth_of(const Labels& labels, std::span<const std::int64_t> rows) {
  Truth truth;
  for (const auto row : rows) {
    RowLabels of_row(labels, row);
    for (const auto task : model::kTasks) {
      const auto t = static_cast<std::size_t>(task);
      if (model::is_regression(task))
        truth.value[t].push_back(of_row.value(task));
      else
        truth.classes[t].push_back(of_row.class_of(task));
    }
  }
  return truth;
}

Calibration calibrate(const Predictions& predictions, const Truth& truth) {
  Calibration calibration;
  for (std::size_t t = 0; t < model::kTasks.size(); ++t) {
    if (!predictions.mean[t].empty()) calibrate_regression(predictions.mean[t], predictions.std[t], truth.value[t], calibration.std_factor[t], calibration.interval90[t]);
    const bool labelled = std::ranges::any_of(truth.classes[t], [](int c) { return c >= 0; });
    if (!predictions.logits[t].empty() && labelled) calibration.temperature[t] = best_temperature(predictions.logits[t], truth.classes[t]);
  }
  return calibration;
}

std::vector<float> class_probabilities(std::span<const float> logits, int classes, double temperature) {
  const auto width = static_cast<std::size_t>(classes);
  std::vector<float> probability(logits.size());
  for (std::size_t first = 0; first < logits.size(); first += width) {
    const auto row = logits.subspan(first, width);
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float logit : row) sum += std::exp((logit - top) / temperature);
    for (std::size_t c = 0; c < width; ++c) probability[first + c] = static_cast<float>(std::exp((row[c] - top) / temperature) / sum);
  }
  return probability;
}

}  // namespace xxact::pipeline
