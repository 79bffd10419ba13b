// Training patterns with the artefacts of a measurement: clean at the first step, at full strength after the ramp, and a
// function of seed, epoch and sample alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "pipeline/batch_builder.hpp"
#include "src/base/error.hpp"
#include "tests/pipeline/training_case.hpp"

namespace xxact::pipeline {
namespace {

class TrainingPatterns : public testing::Test {
 protected:
  TrainingPatterns() : dataset_(training_dataset()), config_(training_case(16, 1)) {
    config_.training.strain = 0;
    config_.training.artefacts = 1;
    config_.training.artefact_ramp = 0.5;
  }

  std::vector<SampleRequest> samples(std::int64_t step) const {
    std::vector<SampleRequest> requests;
    for (std::int64_t i = 0; i < 16; ++i) requests.push_back({&dataset_, nullptr, i, 2, i, static_cast<double>(step) / 100});
    return requests;
  }
  torch::Tensor patterns(const RunConfig& config, Augmentation augmentation, std::int64_t step) const {
    BatchBuilder builder(config, standardisation_, augmentation);
    return builder.build(samples(step)).input.pattern;
  }

  const io::Dataset& dataset_;
  RunConfig config_;
  Standardisation standardisation_;
};

TEST_F(TrainingPatterns, GrowFromCleanToFullStrength) {
  const auto clean = patterns(config_, Augmentation::off, 0);
  EXPECT_TRUE(torch::equal(patterns(config_, Augmentation::on, 0), clean));
  EXPECT_TRUE(torch::equal(patterns(config_, Augmentation::off, 99), clean));
  const double early = (patterns(config_, Augmentation::on, 5) - clean).abs().mean().item<double>();
  const auto full = patterns(config_, Augmentation::on, 50);
  const double late = (full - clean).abs().mean().item<double>();
  EXPECT_GT(early, 0);
  EXPECT_GT(late, 2 * early);
  EXPECT_TRUE(torch::equal(patterns(config_, Augmentation::on, 99), full)) << "the strength is full after the ramp";
  EXPECT_GE(full.min().item<double>(), 0);
  EXPECT_EQ(full.max().item<double>(), 1);
}

TEST_F(TrainingPatterns, DependOnSeedEpochAndSampleOnly) {
  const auto whole = patterns(config_, Augmentation::on, 80);
  BatchBuilder builder(config_, standardisation_, Augmentation::on);
  auto reversed = samples(80);
  std::ranges::reverse(reversed);
  EXPECT_TRUE(torch::equal(builder.build(reversed).input.pattern.flip(0), whole));
  auto other = config_;
  other.training.seed += 1;
  EXPECT_FALSE(torch::equal(patterns(other, Augmentation::on, 80), whole));
}

TEST_F(TrainingPatterns, BringAStrainOfTheirOwn) {
  config_.training.strain = 0.01;
  EXPECT_THROW(validate(config_), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
