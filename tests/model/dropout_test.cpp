// Keyed dropout: a mask belongs to the sample, not to its place in a batch.
#include <gtest/gtest.h>

#include "model/dropout.hpp"
#include "tests/model/reference_case.hpp"

namespace xxact::model {
namespace {

torch::Tensor keys(std::vector<std::int64_t> values) { return torch::tensor(values, torch::kInt64); }

TEST(Dropout, SameSampleGetsTheSameMaskInAnyBatch) {
  const auto ones = torch::ones({4, 3, 32});
  const auto together = Dropout(keys({11, 22, 33, 1LL << 40}), 0.3)(ones, 5);
  const auto other = Dropout(keys({99, 1LL << 40, 22, 7}), 0.3)(ones, 5);
  EXPECT_TRUE(torch::equal(together[1], other[2]));
  EXPECT_TRUE(torch::equal(together[3], other[1]));
  EXPECT_FALSE(torch::equal(together[0], together[1]));
}

TEST(Dropout, ElementsKeepTheirFateWhenTokensAreAddedOrOnlyTheFirstIsComputed) {
  const Dropout dropout(keys({5, 6}), 0.4);
  const auto longer = dropout(torch::ones({2, 9, 16}), 3);
  EXPECT_TRUE(torch::equal(dropout(torch::ones({2, 4, 16}), 3), longer.narrow(1, 0, 4)));
  EXPECT_TRUE(torch::equal(dropout(torch::ones({2, 1, 16}), 3), longer.narrow(1, 0, 1)));
}

TEST(Dropout, KeepsTheRateAndTheMeanAndScalesWhatRemains) {
  for (const double rate : {0.1, 0.5, 0.9}) {
    const auto y = Dropout(torch::arange(64, torch::kInt64), rate)(torch::ones({64, 16, 64}), 2);
    const double n = 64 * 16 * 64, deviation = std::sqrt(rate * (1 - rate) / n);
    EXPECT_NEAR(y.eq(0).to(torch::kFloat64).mean().item<double>(), rate, 5 * deviation);
    EXPECT_FLOAT_EQ(y.max().item<float>(), static_cast<float>(1 / (1 - rate)));
    EXPECT_TRUE((y.eq(0) | y.eq(y.max())).all().item<bool>());
  }
}

TEST(Dropout, SitesSamplesAndNeighboursAreUnrelated) {
  // Correlation of two independent masks of n elements has a deviation of 1 / sqrt(n).
  constexpr std::int64_t n = 1 << 16;
  const auto mask = [&](std::int64_t key, std::int64_t site) { return Dropout(keys({key}), 0.5)(torch::ones({1, 1, n}), site).flatten() - 1.0; };
  const auto correlation = [&](const torch::Tensor& a, const torch::Tensor& b) { return (a * b).mean().item<double>(); };
  const auto base = mask(1000, 4);
  for (const std::int64_t key : {1001LL, 2000LL, 1000LL + (1LL << 32), -1000LL}) EXPECT_LT(std::abs(correlation(base, mask(key, 4))), 5.0 / 256) << key;
  for (const std::int64_t site : {0, 3, 5, 100}) EXPECT_LT(std::abs(correlation(base, mask(1000, site))), 5.0 / 256) << site;
  for (const std::int64_t lag : {1, 2, 64}) EXPECT_LT(std::abs(correlation(base.narrow(0, 0, n - lag), base.narrow(0, lag, n - lag))), 5.0 / 256) << lag;
}

TEST(Dropout, HostLoopAndTensorArithmeticAgree) {
  const auto hash = torch::randint(0, 1LL << 32, {7}, torch::kInt64);
  for (const std::int64_t site : {0, 1, 77})
    EXPECT_TRUE(torch::equal(dropout_mask(hash, site, 1000, 0.2), dropout_mask_by_tensors(hash, site, 1000, 0.2)));
}

TEST(Dropout, ActsInTrainingWithKeysOnlyAndGivesEachSampleItsOwnOutput) {
  auto reference = reference_case("bimodal_skip");
  reference.config.dropout = 0.2;
  auto model = reference.build();
  auto input = reference.input();
  const auto run = [&](const ModelInput& x) { return joint_output(reference.config, model->forward(x)); };
  model->train();
  EXPECT_LT(relative_difference(run(input), reference["output"]), 1e-5) << "no keys: no dropout";
  input.sample_key = torch::arange(100, 106, torch::kInt64);
  const auto dropped = run(input);
  EXPECT_GT(relative_difference(dropped, reference["output"]), 1e-2);
  EXPECT_TRUE(torch::equal(run(input), dropped));
  // Reversed batch, more padding: each sample's output stays its own.
  const ModelInput reversed{torch::constant_pad_nd(input.element.flip(0), {0, 3}), torch::constant_pad_nd(input.fraction.flip(0), {0, 3}),
                            input.pattern.flip(0), input.sample_key.flip(0)};
  EXPECT_LT(relative_difference(run(reversed), dropped.flip(0)), 1e-5);
  model->eval();
  EXPECT_LT(relative_difference(run(input), reference["output"]), 1e-5) << "evaluation: no dropout";
}

}  // namespace
}  // namespace xxact::model
