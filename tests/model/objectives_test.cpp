// The objective against formulas written out per sample, and the rules that make micro-batches and ranks add up.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/objectives.hpp"

namespace xxact::model {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

struct Batch {
  ModelOutput output;
  Targets targets;
};

Batch make_batch() {
  torch::manual_seed(3);
  Batch batch;
  for (const auto task : {0U, 1U}) batch.output.head[task] = torch::randn({5, 2}).requires_grad_();
  batch.output.head[2] = torch::randn({5, 7}).requires_grad_();
  batch.targets.value[0] = torch::tensor({0.5F, kUnknown, -1.0F, 2.0F, kUnknown});
  batch.targets.value[1] = torch::tensor({kUnknown, 0.1F, 0.2F, -0.3F, 0.4F});
  batch.targets.value[2] = torch::tensor({0, 6, -1, 3, 3}, torch::kInt64);
  return batch;
}

double laplace(const torch::Tensor& head, const torch::Tensor& target) {
  double sum = 0;
  const auto h = head.accessor<float, 2>();
  const auto t = target.accessor<float, 1>();
  for (std::int64_t i = 0; i < target.size(0); ++i)
    if (!std::isnan(t[i])) sum += std::sqrt(2.0) * std::abs(h[i][0] - t[i]) * std::exp(-h[i][1]) + h[i][1];
  return sum;
}

double smoothed_cross_entropy(const torch::Tensor& logits, const torch::Tensor& target, double smoothing) {
  double sum = 0;
  const auto x = logits.accessor<float, 2>();
  const auto t = target.accessor<std::int64_t, 1>();
  for (std::int64_t i = 0; i < target.size(0); ++i) {
    if (t[i] < 0) continue;
    double total = 0;
    for (int c = 0; c < 7; ++c) total += std::exp(static_cast<double>(x[i][c]));
    for (int c = 0; c < 7; ++c) sum -= (smoothing / 7 + (c == t[i] ? 1 - smoothing : 0)) * (x[i][c] - std::log(total));
  }
  return sum;
}

TEST(Objective, IsTheWeightedSumOverValidLabelsDividedByGlobalCounts) {
  const auto batch = make_batch();
  EXPECT_EQ(count_valid(batch.targets).labels, (PerTask<double>{3, 4, 4}));
  ObjectiveConfig config{RegressionLoss::robust_l1, 0.05, {1.0, 0.25, 0.75}};
  const Counts global{{30, 44, 17}};  // more than this micro-batch holds
  const auto result = objective(batch.output, batch.targets, config, global);
  const double sums[] = {laplace(batch.output.head[0], batch.targets.value[0]), laplace(batch.output.head[1], batch.targets.value[1]),
                         smoothed_cross_entropy(batch.output.head[2], batch.targets.value[2], 0.05)};
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(result.task_sum[i].item<double>(), sums[i], 1e-5) << i;
  EXPECT_NEAR(result.total.item<double>(), sums[0] / 30 + 0.25 * sums[1] / 44 + 0.75 * sums[2] / 17, 1e-6);
  EXPECT_FALSE(result.task_sum[0].requires_grad());
}

TEST(Objective, UnknownLabelsGiveExactlyZeroGradient) {
  for (const auto form : {RegressionLoss::l1, RegressionLoss::robust_l1}) {
    const auto batch = make_batch();
    ObjectiveConfig config;
    config.regression = form;
    const auto result = objective(batch.output, batch.targets, config, count_valid(batch.targets));
    EXPECT_TRUE(std::isfinite(result.total.item<double>()));
    result.total.backward();
    const std::vector<std::int64_t> unknown[] = {{1, 4}, {0}, {2}}, known[] = {{0, 2, 3}, {1, 2, 3, 4}, {0, 1, 3, 4}};
    for (std::size_t task = 0; task < 3; ++task) {
      const auto gradient = batch.output.head[task].grad().abs().sum(1);
      for (const auto row : unknown[task]) EXPECT_EQ(gradient[row].item<double>(), 0.0) << task << " " << row;
      for (const auto row : known[task]) EXPECT_GT(gradient[row].item<double>(), 0.0) << task << " " << row;
    }
  }
}

TEST(Objective, L1PullsTheMeanWithConstantForceAndFitsTheScaleToTheError) {
  auto head = torch::tensor({{2.0F, 0.3F}}).requires_grad_();
  ModelOutput output;
  output.head[0] = head;
  Targets targets;
  targets.value[0] = torch::tensor({0.5F});
  objective(output, targets, {RegressionLoss::l1, 0.0, {1, 1, 1}}, {1, 0, 0}).total.backward();
  EXPECT_FLOAT_EQ(head.grad()[0][0].item<float>(), 1.0F);  // not scaled by exp(-s)
  EXPECT_NEAR(head.grad()[0][1].item<float>(), 0.1 * (1.0 - std::sqrt(2.0) * 1.5 * std::exp(-0.3)), 1e-6);  // a tenth of the likelihood's pull
}

TEST(Objective, AMixtureLearnsWhetherThereIsAGapFromAllAndItsSizeFromThoseThatAre) {
  constexpr float kMetal = -std::numeric_limits<float>::infinity();
  ModelOutput output;
  Targets targets;
  output.head[1] = torch::tensor({{0.5F, 0.2F, 1.0F}, {0.1F, -0.3F, -2.0F}, {0.7F, 0.0F, 0.5F}}).requires_grad_();
  targets.value[1] = torch::tensor({kMetal, 0.4F, kUnknown});
  EXPECT_EQ(count_valid(targets).labels[1], 2);
  const auto sum = objective(output, targets, {RegressionLoss::robust_l1, 0.0, {1, 1}}, count_valid(targets)).task_sum[1].item<double>();
  const double whether = std::log(1 + std::exp(-1.0)) + std::log(1 + std::exp(-2.0));
  EXPECT_NEAR(sum, whether + std::sqrt(2.0) * 0.3 * std::exp(0.3) - 0.3, 1e-6);
  objective(output, targets, {}, count_valid(targets)).total.backward();
  const auto gradient = output.head[1].grad();
  for (const auto& [row, column] : {std::pair{0, 0}, std::pair{0, 1}, std::pair{2, 0}, std::pair{2, 1}, std::pair{2, 2}}) EXPECT_EQ(gradient[row][column].item<float>(), 0.0F) << row << " " << column;
  EXPECT_LT(gradient[0][2].item<float>(), 0.0F);  // more of a metal
  EXPECT_GT(gradient[1][2].item<float>(), 0.0F);
}

TEST(Objective, MicroBatchesAddUpToTheWholeBatch) {
  const auto batch = make_batch();
  const auto count = count_valid(batch.targets);
  const auto whole = objective(batch.output, batch.targets, {}, count).total.item<double>();
  double parts = 0;
  for (const auto& [first, length] : {std::pair{0, 2}, std::pair{2, 1}, std::pair{3, 2}}) {
    Batch part;
    for (std::size_t i = 0; i < 3; ++i) {
      part.output.head[i] = batch.output.head[i].narrow(0, first, length);
      part.targets.value[i] = batch.targets.value[i].narrow(0, first, length);
    }
    parts += objective(part.output, part.targets, {}, count).total.item<double>();
  }
  EXPECT_NEAR(parts, whole, 1e-6);
}

TEST(Objective, ATaskWithoutAnyLabelAddsZeroAndKeepsItsGradientDefined) {
  auto batch = make_batch();
  batch.targets.value[0].fill_(kUnknown);
  batch.targets.value[2].fill_(-1);
  const auto result = objective(batch.output, batch.targets, {}, count_valid(batch.targets));
  result.total.backward();
  EXPECT_TRUE(std::isfinite(result.total.item<double>()));
  for (const auto task : {0U, 2U}) {
    ASSERT_TRUE(batch.output.head[task].grad().defined());
    EXPECT_EQ(batch.output.head[task].grad().abs().max().item<double>(), 0.0);
  }
}

}  // namespace
}  // namespace xxact::model
