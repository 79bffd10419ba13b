#include "pipeline/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace xxact::pipeline {
namespace {

constexpr double kCoverage = 0.9;
constexpr auto kGap = static_cast<std::size_t>(model::Task::band_gap);

/// The ceil((n + 1) * 0.9)-th smallest score covers a new row with at least 90 % probability.
double conformal_score(std::vector<double>& scores) {
  const auto rank = static_cast<std::size_t>(std::ceil(kCoverage * static_cast<double>(scores.size() + 1)));
  const auto place = std::min(rank, scores.size()) - 1;
  std::nth_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(place), scores.end());
  return scores[place];
}

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
  interval = conformal_score(scores);
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
template <class Likelihood>
double best_temperature(const Likelihood& negative_log_likelihood) {
  constexpr double kRatio = 0.6180339887498949;
  double low = std::log(0.05), high = std::log(20.0);
  for (int step = 0; step < 60; ++step) {
    const double a = high - kRatio * (high - low), b = low + kRatio * (high - low);
    if (negative_log_likelihood(std::exp(a)) < negative_log_likelihood(std::exp(b)))
      high = b;
    else
      low = a;
  }
  return std::exp(0.5 * (low + high));
}

/// Temperature, then the factor of the gaps that there are, then the interval of the distribution that both make.
void calibrate_mixture(const Predictions& predictions, std::span<const float> truth, Calibration& calibration) {
  std::vector<std::size_t> known;
  std::size_t metals = 0;
  double squares = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (std::isnan(truth[i]) || std::isnan(predictions.metal_logit[i])) continue;
    known.push_back(i);
    const double score = (static_cast<double>(predictions.mean[kGap][i]) - truth[i]) / predictions.std[kGap][i];
    truth[i] > 0 ? squares += score * score : ++metals;
  }
  if (known.empty()) return;
  const auto others = known.size() - metals;
  if (metals > 0 && others > 0)
    calibration.metal_temperature = best_temperature([&](double temperature) {
      double sum = 0;
      for (const auto i : known) {
        const double logit = (truth[i] > 0 ? 1 : -1) * static_cast<double>(predictions.metal_logit[i]) / temperature;
        sum += std::max(logit, 0.0) + std::log1p(std::exp(-std::abs(logit)));  // of the other kind's logit: log(1 + e^logit)
      }
      return sum;
    });
  if (others > 0) calibration.std_factor[kGap] = std::sqrt(squares / static_cast<double>(others));
  std::vector<double> scores;
  for (const auto i : known) scores.push_back(eccentricity(calibrated_gap(predictions, i, calibration), truth[i]));
  constexpr double kFarthest = 0.5 - 1e-9;  // quantiles of 0 and 1 have no bound
  calibration.gap_eccentricity = std::min(conformal_score(scores), kFarthest);
}

}  // namespace

GapMixture calibrated_gap(const Predictions& predictions, std::size_t row, const Calibration& calibration) {
  return {1 / (1 + std::exp(-static_cast<double>(predictions.metal_logit[row]) / calibration.metal_temperature)), predictions.mean[kGap][row], predictions.std[kGap][row] * calibration.std_factor[kGap]};
}

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
    if (t == kGap && !predictions.metal_logit.empty())
      calibrate_mixture(predictions, truth.value[t], calibration);
    else if (!predictions.mean[t].empty())
      calibrate_regression(predictions.mean[t], predictions.std[t], truth.value[t], calibration.std_factor[t], calibration.interval90[t]);
    const bool labelled = std::ranges::any_of(truth.classes[t], [](int c) { return c >= 0; });
    if (!predictions.logits[t].empty() && labelled) calibration.temperature[t] = best_temperature([&](double temperature) { return negative_log_likelihood(predictions.logits[t], truth.classes[t], temperature); });
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
