// Metrics and calibration against closed forms.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "pipeline/calibration.hpp"
#include "pipeline/metrics.hpp"
#include "src/base/counter_random.hpp"

namespace xxact::pipeline {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(RegressionMetrics, CountOnlyKnownPairs) {
  const std::vector<float> truth = {1, 2, 3, kNaN, 5}, prediction = {1.5F, 2, 2, 4, kNaN};
  const auto m = regression_metrics(truth, prediction);
  EXPECT_EQ(m.n, 3);
  EXPECT_NEAR(m.mae, 0.5, 1e-12);
  EXPECT_NEAR(m.rmse, std::sqrt(1.25 / 3), 1e-12);
  EXPECT_NEAR(m.r2, 1 - 1.25 / 2.0, 1e-12);
}

TEST(GapMetrics, AreaCountsPairsAndHalvesTies) {
  const std::vector<float> truth = {0, 0, 1, 2}, prediction = {0.1F, 0.5F, 0.5F, 0.3F};
  // metal 0.1 beats both (2); metal 0.5 ties one (0.5) and loses one: 2.5 of 4 pairs.
  const auto m = gap_metrics(truth, prediction);
  EXPECT_NEAR(m.metal_auc, 2.5 / 4, 1e-12);
  EXPECT_NEAR(m.mae_nonmetal, (0.5 + 1.7) / 2, 1e-6);
}

TEST(GapMetrics, AProbabilityOfAMetalRanksBeforeAGap) {
  const std::vector<float> truth = {0, 0, 1, 2}, prediction = {0, 0, 0, 0}, metal = {0.9F, 0.6F, 0.7F, 0.1F};
  EXPECT_NEAR(gap_metrics(truth, prediction).metal_auc, 0.5, 1e-12);
  EXPECT_NEAR(gap_metrics(truth, prediction, metal).metal_auc, 0.75, 1e-12);  // 0.6 loses against 0.7
}

TEST(ClassificationMetrics, BalanceOverClassesThatOccur) {
  const std::vector<int> truth = {0, 0, 0, 6, -1};
  std::vector<float> logits(5 * 7, 0.0F);
  for (const auto& [row, best] : std::vector<std::pair<int, int>>{{0, 0}, {1, 0}, {2, 3}, {3, 6}, {4, 1}}) logits[static_cast<std::size_t>(row * 7 + best)] = 1;
  const auto m = classification_metrics(truth, most_probable(logits, 7), 7);
  EXPECT_EQ(m.n, 4);
  EXPECT_NEAR(m.accuracy, 0.75, 1e-12);
  EXPECT_NEAR(m.balanced_accuracy, (2.0 / 3 + 1) / 2, 1e-12);
  EXPECT_EQ(m.confusion[0][3], 1);
}

TEST(Calibration, FindsTheFactorsItWasGiven) {
  // Errors drawn with twice the claimed standard deviation: factor 2, interval 2 * 1.645.
  CounterRandom random(5, Purpose::bootstrap, 0, 0);
  Predictions predictions;
  Truth truth;
  for (int i = 0; i < 20000; ++i) {
    predictions.mean[0].push_back(0);
    predictions.std[0].push_back(0.5F);
    predictions.failure.emplace_back();
    truth.value[0].push_back(random.normal());
    truth.classes[2].push_back(-1);
  }
  const auto calibration = calibrate(predictions, truth);
  EXPECT_NEAR(calibration.std_factor[0], 2.0, 0.03);
  EXPECT_NEAR(calibration.interval90[0], 2 * 1.6449, 0.06);
}

TEST(Calibration, TemperatureUndoesSharpenedLogits) {
  CounterRandom random(6, Purpose::bootstrap, 0, 0);
  Predictions predictions;
  Truth truth;
  for (int i = 0; i < 20000; ++i) {
    std::array<float, 7> logits{};
    double sum = 0;
    for (auto& logit : logits) sum += std::exp(logit = random.normal());
    double place = random.uniform() * sum;
    int drawn = 0;
    while (drawn < 6 && (place -= std::exp(logits[static_cast<std::size_t>(drawn)])) > 0) ++drawn;
    for (const float logit : logits) predictions.logits[2].push_back(3 * logit);
    predictions.failure.emplace_back();
    truth.classes[2].push_back(drawn);
  }
  EXPECT_NEAR(calibrate(predictions, truth).temperature[2], 3.0, 0.1);
  const auto probability = class_probabilities(std::vector<float>{1, 1, 1, 1, 1, 1, kNaN}, 7, 1.0);
  EXPECT_TRUE(std::isnan(probability[0]));
}

TEST(Calibration, OfMixturesUndoesSharpenedMetalsAndTooSmallDeviations) {
  CounterRandom random(7, Purpose::bootstrap, 0, 0);
  constexpr auto kGap = static_cast<std::size_t>(model::Task::band_gap);
  constexpr double kSharpened = 2.5, kTooSmall = 3;
  const auto laplace = [&](double std) {
    const double side = random.uniform() - 0.5;
    return -std / std::sqrt(2.0) * std::copysign(std::log(1 - 2 * std::abs(side)), side);
  };
  Predictions predictions;
  Truth truth;
  const auto add = [&] {
    const double logit = 2 * random.normal(), mean = 3 + random.normal(), std = 0.3;
    const bool metal = random.uniform() < 1 / (1 + std::exp(-logit));
    predictions.metal_logit.push_back(static_cast<float>(kSharpened * logit));
    predictions.mean[kGap].push_back(static_cast<float>(mean));
    predictions.std[kGap].push_back(static_cast<float>(std / kTooSmall));
    predictions.failure.emplace_back();
    truth.value[kGap].push_back(metal ? 0.0F : static_cast<float>(std::max(1e-3, mean + laplace(std))));
  };
  for (int i = 0; i < 20000; ++i) add();
  const auto calibration = calibrate(predictions, truth);
  EXPECT_NEAR(calibration.metal_temperature, kSharpened, 0.1);
  EXPECT_NEAR(calibration.std_factor[kGap], kTooSmall, 0.1);
  // Rows of the same kind that calibration has not seen.
  predictions = {};
  truth = {};
  for (int i = 0; i < 20000; ++i) add();
  int covered = 0;
  for (std::size_t i = 0; i < 20000; ++i) {
    const auto gap = calibrated_gap(predictions, i, calibration);
    const std::span one(&gap, 1);
    covered += quantile(one, 0.5 - calibration.gap_eccentricity) <= truth.value[kGap][i] && truth.value[kGap][i] <= quantile(one, 0.5 + calibration.gap_eccentricity) ? 1 : 0;
  }
  // Where many are surely metals, an interval cannot hold as few as 90 %.
  EXPECT_GT(covered, 0.895 * 20000);
  EXPECT_LT(covered, 0.93 * 20000);
}

TEST(Calibration, OfMixturesStandsCertaintyAndRowsOfOneKind) {
  constexpr auto kGap = static_cast<std::size_t>(model::Task::band_gap);
  Predictions predictions;
  Truth truth;
  for (int i = 0; i < 20; ++i) {
    predictions.metal_logit.push_back(60);
    predictions.mean[kGap].push_back(1);
    predictions.std[kGap].push_back(0.1F);
    predictions.failure.emplace_back();
    truth.value[kGap].push_back(0);
  }
  const auto calibration = calibrate(predictions, truth);
  EXPECT_EQ(calibration.metal_temperature, 1);
  EXPECT_EQ(calibration.std_factor[kGap], 1);
  const auto gap = calibrated_gap(predictions, 0, calibration);
  EXPECT_EQ(quantile(std::span(&gap, 1), 0.5 + calibration.gap_eccentricity), 0);
  predictions.metal_logit[3] = kNaN;
  truth.value[kGap][4] = kNaN;
  EXPECT_TRUE(std::isfinite(calibrate(predictions, truth).gap_eccentricity));
}

}  // namespace
}  // namespace xxact::pipeline
