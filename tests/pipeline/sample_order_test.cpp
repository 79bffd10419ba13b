// The sample order is a permutation each epoch, the same whatever the number of ranks, and shuffles like a shuffle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "pipeline/sample_order.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

std::vector<std::int64_t> epoch_order(const SampleOrder& order, std::int64_t epoch) {
  std::vector<std::int64_t> samples;
  for (std::int64_t i = 0; i < order.samples(); ++i) {
    const auto at = order.at(epoch * order.samples() + i);
    EXPECT_EQ(at.epoch, epoch);
    samples.push_back(at.sample);
  }
  return samples;
}

TEST(SampleOrder, VisitsEverySampleOnceInEveryEpoch) {
  for (const std::int64_t n : {1, 2, 3, 5, 16, 17, 100, 1023, 1024, 1025, 4097}) {
    const SampleOrder order(7, n);
    for (const std::int64_t epoch : {0, 1, 5}) {
      auto samples = epoch_order(order, epoch);
      std::sort(samples.begin(), samples.end());
      for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(samples[static_cast<std::size_t>(i)], i) << "of " << n << " in epoch " << epoch;
    }
  }
}

TEST(SampleOrder, DiffersBetweenEpochsAndSeedsAndRepeatsItself) {
  const SampleOrder a(1, 1000), b(2, 1000), again(1, 1000);
  EXPECT_NE(epoch_order(a, 0), epoch_order(a, 1));
  EXPECT_NE(epoch_order(a, 0), epoch_order(b, 0));
  EXPECT_EQ(epoch_order(a, 3), epoch_order(again, 3));
}

TEST(SampleOrder, PutsSamplesInAnyPlaceEquallyOften) {
  // chi-squared over (sample, place) of many epochs of 8 samples: 49 degrees of freedom; 99.9 % of shuffles lie below 85.4.
  constexpr std::int64_t kSamples = 8, kEpochs = 8000;
  const SampleOrder order(3, kSamples);
  std::array<std::array<double, kSamples>, kSamples> count{};
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch)
    for (std::int64_t place = 0; place < kSamples; ++place) ++count[static_cast<std::size_t>(order.at(epoch * kSamples + place).sample)][static_cast<std::size_t>(place)];
  const double expected = static_cast<double>(kEpochs) / kSamples;
  double chi_squared = 0;
  for (const auto& row : count)
    for (const double observed : row) chi_squared += (observed - expected) * (observed - expected) / expected;
  EXPECT_LT(chi_squared, 85.4);
}

TEST(SampleOrder, NeighboursInTheFileDoNotStayNeighbours) {
  // Correlation of sample and place over one long epoch: standard error 1 / sqrt(n).
  constexpr std::int64_t kSamples = 20000;
  const auto samples = epoch_order(SampleOrder(11, kSamples), 0);
  double covariance = 0, step_covariance = 0;
  const double middle = (kSamples - 1) / 2.0, variance = (static_cast<double>(kSamples) * kSamples - 1) / 12.0;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    const double here = static_cast<double>(samples[static_cast<std::size_t>(i)]) - middle;
    covariance += here * (static_cast<double>(i) - middle);
    if (i + 1 < kSamples) step_covariance += here * (static_cast<double>(samples[static_cast<std::size_t>(i + 1)]) - middle);
  }
  EXPECT_LT(std::abs(covariance / kSamples / variance), 4 / std::sqrt(kSamples));
  EXPECT_LT(std::abs(step_covariance / kSamples / variance), 4 / std::sqrt(kSamples));
}

TEST(SampleOrder, RefusesAnEmptySet) { EXPECT_THROW(SampleOrder(0, 0), ConfigError); }

}  // namespace
}  // namespace xxact::pipeline
