// Learning without labels: hidden tokens are not seen, errors are held against predictors that know nothing, ranks and interruptions change nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pipeline/contrastive_step.hpp"
#include "pipeline/reconstruction.hpp"
#include "pipeline/retrieval.hpp"
#include "pipeline/sampling/subset.hpp"
#include "pipeline/training_data.hpp"
#include "tests/pipeline/training_case.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {
namespace {

RunConfig masked_case(std::int64_t global_batch, double steps) {
  auto config = training_case(global_batch, steps * static_cast<double>(global_batch) / 3076);
  config.model.tasks.clear();
  config.model.objectives = {model::Objective::masked};
  config.model.patch = config.model.points / 64;
  config.training.mask_ratio = 0.1;
  return config;
}

class Pretraining : public testing::Test {
 protected:
  Pretraining() : world_(MPI_COMM_WORLD), self_(MPI_COMM_SELF) { training_dataset(); }

  std::filesystem::path own(const std::string& name) const { return scratch(name + ".rank" + std::to_string(world_.rank())); }
  static double difference(const std::vector<double>& a, const std::vector<double>& b) {
    double largest = a.size() == b.size() && !a.empty() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]) / std::abs(b[i]));
    return largest;
  }

  comm::Communicator world_, self_;
};

TEST_F(Pretraining, HiddenTokensAreNotSeenAndTheirPointsAreTheTarget) {
  const auto config = masked_case(50, 1);
  const Standardisation none;
  BatchBuilder builder(config, none, Augmentation::off, Hiding::on);
  std::vector<SampleRequest> samples;
  for (std::int64_t row = 0; row < 8; ++row) samples.push_back({&training_dataset(), nullptr, row, 0, row});
  auto batch = builder.build(samples);
  model::XxactModel net(config.model, model::mat2vec_table(), 3);
  net->eval();
  const torch::NoGradGuard guard;
  const auto before = net->forward(batch.input).reconstruction;
  const auto patch = config.model.patch, hidden = batch.input.hidden.size(1);
  ASSERT_EQ(hidden, 6);
  ASSERT_EQ(before.sizes(), batch.targets.hidden_points.sizes());
  auto tokens = batch.input.pattern.view({8, -1, patch});
  for (std::int64_t i = 0; i < 8; ++i)
    for (std::int64_t k = 0; k < hidden; ++k) {
      auto token = tokens[i][batch.input.hidden[i][k].item<std::int64_t>()];
      ASSERT_TRUE(token.equal(batch.targets.hidden_points[i][k]));
      token.fill_(7);
    }
  EXPECT_TRUE(net->forward(batch.input).reconstruction.equal(before));
  batch.input.pattern.fill_(7);
  EXPECT_FALSE(net->forward(batch.input).reconstruction.equal(before)) << "what is seen matters";
}

TEST_F(Pretraining, NoisyPatternsAreRebuiltAsCleanOnes) {
  auto config = masked_case(50, 1);
  config.training.strain = 0;
  config.training.artefacts = 1;
  config.training.artefact_ramp = 0;
  const Standardisation none;
  std::vector<SampleRequest> samples;
  for (std::int64_t row = 0; row < 8; ++row) samples.push_back({&training_dataset(), nullptr, row, 0, row, 1});
  const auto clean = BatchBuilder(config, none, Augmentation::off, Hiding::on).build(samples), noisy = BatchBuilder(config, none, Augmentation::on, Hiding::on).build(samples);
  ASSERT_TRUE(clean.input.hidden.equal(noisy.input.hidden));
  EXPECT_FALSE(clean.input.pattern.equal(noisy.input.pattern));
  EXPECT_TRUE(clean.targets.hidden_points.equal(noisy.targets.hidden_points));
  config.training.masked_target = MaskedTarget::seen;
  EXPECT_FALSE(BatchBuilder(config, none, Augmentation::on, Hiding::on).build(samples).targets.hidden_points.equal(clean.targets.hidden_points));
}

TEST_F(Pretraining, ErrorsAreThoseOfTheHiddenPointsOnAnyRanks) {
  const auto config = masked_case(50, 1);
  const Standardisation none;
  constexpr std::int64_t kRows = 101;
  std::vector<std::int64_t> rows;
  std::vector<SampleRequest> samples;
  for (std::int64_t row = 0; row < kRows; ++row) {
    rows.push_back(row);
    samples.push_back({&training_dataset(), nullptr, row, 0, static_cast<std::int64_t>(sampling::record_key(0, training_dataset().id(row)))});
  }
  model::XxactModel net(config.model, model::mat2vec_table(), 3);
  const auto share = comm::share_of(kRows, world_.rank(), world_.size());
  const InferenceOptions options{{1, 2, {}, false}, 16, {}, {}};
  const auto metrics = measure_reconstruction(net, config, none, training_dataset(), std::span(rows).subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count())), torch::kCPU, options, world_);

  // In double precision, from whole tensors.
  const torch::NoGradGuard guard;
  net->eval();
  const auto batch = BatchBuilder(config, none, Augmentation::off, Hiding::on).build(samples);
  const auto truth = batch.targets.hidden_points.to(torch::kFloat64), said = net->forward(batch.input).reconstruction.to(torch::kFloat64);
  const auto mean = batch.input.pattern.to(torch::kFloat64).mean(0).view({-1, config.model.patch}).index_select(0, batch.input.hidden.flatten()).view(truth.sizes());
  const auto expect = [](const ReconstructionErrors& errors, const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& m) {
    EXPECT_EQ(errors.points, static_cast<double>(x.numel()));
    EXPECT_NEAR(errors.model, (y - x).square().mean().item<double>(), 1e-6 * errors.model);
    EXPECT_NEAR(errors.zero, x.square().mean().item<double>(), 1e-9);
    EXPECT_NEAR(errors.mean, (m - x).square().mean().item<double>(), 1e-9);
  };
  expect(metrics.all, truth, said, mean);
  const auto bearing = truth.amax(2).ge(static_cast<double>(kPeakBearing));
  ASSERT_LT(bearing.sum().item<std::int64_t>(), bearing.numel());
  expect(metrics.peaks, truth.index({bearing}), said.index({bearing}), mean.index({bearing}));
}

TEST_F(Pretraining, IsTheSameOnAnyRanksAfterResumingAndInMicroBatches) {
  auto config = masked_case(50, 30);
  const auto alone = train_losses(config, own("masked-alone"), self_);
  EXPECT_LT(alone.back(), alone.front());
  EXPECT_LT(difference(train_losses(config, scratch("masked"), world_), alone), 1e-4);
  train_losses(config, scratch("masked-stopped"), world_, false, 13);
  EXPECT_LT(difference(train_losses(config, scratch("masked-stopped"), world_, true), alone), 1e-4);
  config.training.micro_batch = 7;
  EXPECT_LT(difference(train_losses(config, own("masked-micro"), self_), alone), 1e-4);
}

TEST_F(Pretraining, AModelStartsFromWhatItLearnt) {
  auto config = masked_case(50, 20);
  train_losses(config, scratch("pretrained"), world_);
  auto tuning = training_case(50, 3.0 * 50 / 3076);
  EXPECT_EQ(shaped_as(tuning, config).model.patch, config.model.patch);
  tuning = shaped_as(tuning, config);
  train_losses(tuning, scratch("tuned"), world_, false, 0, [&](TrainingOptions& options) { options.initial = scratch("pretrained"); });
  const auto lines = [](const std::filesystem::path& folder) { return nlohmann::json::parse(std::ifstream(folder / "summary.json")); };
  EXPECT_TRUE(lines(scratch("pretrained")).at("best").at("validation").contains("masked.to_mean"));
  EXPECT_FALSE(lines(scratch("tuned")).at("best").at("validation").contains("masked.to_mean"));
}

/// Views and formulas of a batch, the same on every rank: some formulas twice.
struct Batches {
  torch::Tensor composition, pattern, log_scale, weight;
  std::vector<std::int64_t> formula;
};

Batches views_of_a_batch(std::int64_t pairs, torch::Dtype type) {
  torch::manual_seed(11);
  const auto unit = [&] {
    const auto rows = torch::randn({pairs, 8}, torch::kFloat64);
    return (rows / rows.norm(2, 1, true)).to(type);
  };
  Batches batch{unit(), unit(), torch::full({}, 2.5, type), torch::full({}, 1.0 / static_cast<double>(pairs), type), {}};
  for (std::int64_t i = 0; i < pairs; ++i) batch.formula.push_back(i % (pairs - 1));
  return batch;
}

double distance(const torch::Tensor& a, const torch::Tensor& b) { return ((a - b).norm() / b.norm().clamp_min(1e-30)).item<double>(); }

TEST_F(Pretraining, PairsOfAllRanksAreComparedAsOnOne) {
  for (const std::int64_t pairs : {17, 2, 64}) {  // neither divides by 3
    const auto batch = views_of_a_batch(pairs, torch::kFloat32);
    const auto whole = model::contrastive_gradients({batch.composition, batch.pattern, torch::tensor(batch.formula)}, 0, pairs, batch.log_scale, batch.weight, pairs);
    const auto share = comm::share_of(pairs, world_.rank(), world_.size());
    const auto channel = comm::make_mpi_channel(world_);
    const auto own = contrastive_step({batch.composition.slice(0, share.first, share.last), batch.pattern.slice(0, share.first, share.last),
                                       std::span(batch.formula).subspan(static_cast<std::size_t>(share.first), static_cast<std::size_t>(share.count()))},
                                      batch.log_scale, batch.weight, *channel, world_);
    std::array<double, 2> sums = {own.loss.item<double>(), own.log_scale.item<double>()};
    world_.sum(sums, "sums of parts");
    EXPECT_NEAR(sums[0], whole.loss.item<double>(), 1e-5 * std::abs(whole.loss.item<double>()));
    EXPECT_NEAR(sums[1], whole.log_scale.item<double>(), 1e-5 * std::max(0.1, std::abs(whole.log_scale.item<double>())));
    ASSERT_EQ(own.composition.size(0), share.count());
    if (share.count() == 0) continue;
    EXPECT_LT(distance(own.composition, whole.composition.slice(0, share.first, share.last)), 1e-5);
    EXPECT_LT(distance(own.pattern, whole.pattern.slice(0, share.first, share.last)), 1e-5);
  }
}

TEST_F(Pretraining, PairsOfAllRanksAreComparedAsOnOneInDoublePrecision) {
  constexpr std::int64_t kPairs = 17;
  const auto batch = views_of_a_batch(kPairs, torch::kFloat64);
  const auto share = comm::share_of(kPairs, world_.rank(), world_.size());
  const model::Pairs pairs{batch.composition, batch.pattern, torch::tensor(batch.formula)};
  const auto whole = model::contrastive_gradients(pairs, 0, kPairs, batch.log_scale, batch.weight, kPairs);
  const auto own = model::contrastive_gradients(pairs, share.first, share.count(), batch.log_scale, batch.weight, 4);
  const auto parts = torch::cat({own.loss.view({1}), own.log_scale.view({1}), own.composition.flatten(), own.pattern.flatten()});
  std::vector<double> sums(parts.data_ptr<double>(), parts.data_ptr<double>() + parts.numel());
  world_.sum(sums, "sums of parts");
  const auto expected = torch::cat({whole.loss.view({1}), whole.log_scale.view({1}), whole.composition.flatten(), whole.pattern.flatten()});
  EXPECT_LT(distance(torch::tensor(sums, torch::kFloat64), expected), 1e-6);
}

TEST_F(Pretraining, BothObjectivesAreTheSameOnAnyRanksAfterResumingAndInMicroBatches) {
  auto config = masked_case(50, 20);
  config.model.objectives = {model::Objective::masked, model::Objective::contrastive};
  config.model.projection = 16;
  const auto alone = train_losses(config, own("both-alone"), self_);
  EXPECT_LT(alone.back(), alone.front());
  EXPECT_LT(difference(train_losses(config, scratch("both"), world_), alone), 1e-4);
  train_losses(config, scratch("both-stopped"), world_, false, 13);
  EXPECT_LT(difference(train_losses(config, scratch("both-stopped"), world_, true), alone), 1e-4);
  config.training.micro_batch = 7;
  EXPECT_LT(difference(train_losses(config, own("both-micro"), self_), alone), 1e-4);
  EXPECT_LT(difference(train_losses(config, scratch("both-micro"), world_), alone), 1e-4);
}

TEST_F(Pretraining, ContrastiveLearningAloneTakesFewerSamplesThanRanks) {
  auto config = masked_case(2, 10);
  config.model.objectives = {model::Objective::contrastive};
  config.training.global_batch = 2;
  const auto alone = train_losses(config, own("pairs-alone"), self_);
  EXPECT_LT(difference(train_losses(config, scratch("pairs"), world_), alone), 1e-4);
}

TEST_F(Pretraining, WhatIsFoundIsCountedWithTies) {
  // Two formulas; the first has two patterns. The second pattern points at the other formula, and the third at both.
  const auto composition = torch::tensor({{1.0F, 0.0F}, {1.0F, 0.0F}, {0.0F, 1.0F}}), pattern = torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 1.0F}});
  const std::vector<std::int64_t> formula = {5, 5, 9};
  RetrievalHits sum;
  for (int part = 0; part < 2; ++part) {
    const auto hits = count_hits(composition, pattern, formula, part, 2);
    EXPECT_EQ(hits.formulas, 2);
    for (std::size_t k = 0; k < 4; ++k) {
      sum.pattern_of_composition[k] += hits.pattern_of_composition[k];
      sum.composition_of_pattern[k] += hits.composition_of_pattern[k];
    }
  }
  // Of compositions: both tie with one pattern of the other.
  EXPECT_EQ(sum.pattern_of_composition, (std::array<double, 4>{1, 2, 2, 2}));
  // Of patterns: first right; second wrong; third tied.
  EXPECT_EQ(sum.composition_of_pattern, (std::array<double, 4>{1.5, 3, 3, 3}));
}

}  // namespace
}  // namespace xxact::pipeline
