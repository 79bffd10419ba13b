// Training patterns with the artefacts of a measurement: clean at the first step, at full strength after the ramp, and a
// function of seed, epoch and sample alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

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

TEST_F(TrainingPatterns, TestPatternsHaveTheArtefactsThatAreAskedForAlikeForAllModels) {
  const auto shown = [&](const RunConfig& config, double artefacts, std::int64_t step = 0) { return BatchBuilder(config, standardisation_, Augmentation::off, Hiding::off, {Shown::all, artefacts}).build(samples(step)).input.pattern; };
  const auto clean = shown(config_, 0), full = shown(config_, 1);
  EXPECT_TRUE(torch::equal(clean, patterns(config_, Augmentation::off, 0)));
  EXPECT_GT((full - clean).abs().amax(1).min().item<double>(), 0) << "every row has them";
  EXPECT_GT((full - clean).abs().mean().item<double>(), (shown(config_, 0.2) - clean).abs().mean().item<double>());
  auto other = config_;
  other.training.seed += 1;
  other.training.artefacts = 0;
  EXPECT_TRUE(torch::equal(shown(other, 1, 99), full)) << "whatever the model was trained with";
}

TEST_F(TrainingPatterns, BringAStrainOfTheirOwn) {
  config_.training.strain = 0.01;
  EXPECT_THROW(validate(config_), ConfigError);
}

/// What the model is shown: the whole of a row, part of it, something else in its place.
class ShownInputs : public testing::Test {
 protected:
  ShownInputs() : dataset_(training_dataset()), config_(training_case(16, 1)) { config_.training.strain = 0; }

  std::vector<SampleRequest> rows(std::int64_t count, std::int64_t epoch = 0) const {
    std::vector<SampleRequest> requests;
    for (std::int64_t row = 0; row < count; ++row) requests.push_back({&dataset_, nullptr, row, epoch, row});
    return requests;
  }
  Batch build(const RunConfig& config, std::int64_t count, Augmentation augmentation = Augmentation::off, Shown shown = Shown::all, std::int64_t epoch = 0) const {
    return BatchBuilder(config, standardisation_, augmentation, Hiding::off, {shown, 0}).build(rows(count, epoch));
  }

  const io::Dataset& dataset_;
  RunConfig config_;
  Standardisation standardisation_;
};

TEST_F(ShownInputs, AShuffledPatternIsThatOfAnotherRowOfTheSplit) {
  const auto own = build(config_, dataset_.size()).input.pattern;
  config_.pattern_content = PatternContent::shuffled;
  constexpr std::int64_t kRows = 64;
  const auto shuffled = build(config_, kRows).input.pattern;
  EXPECT_TRUE(torch::equal(build(config_, kRows, Augmentation::on).input.pattern, shuffled)) << "in training and validation alike";
  std::set<std::int64_t> partners;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const auto found = (own - shuffled[row]).abs().amax(1).eq(0).nonzero().flatten();
    ASSERT_GE(found.numel(), 1) << "row " << row;
    bool same_split = false;
    for (std::int64_t k = 0; k < found.numel(); ++k) {
      const auto partner = found[k].item<std::int64_t>();
      EXPECT_NE(partner, row);
      same_split = same_split || dataset_.split()[static_cast<std::size_t>(partner)] == dataset_.split()[static_cast<std::size_t>(row)];
      partners.insert(partner);
    }
    EXPECT_TRUE(same_split);
  }
  EXPECT_GT(partners.size(), 50U);
}

TEST_F(ShownInputs, OfAPatternItsCrystalSystemAlone) {
  config_.pattern_content = PatternContent::system;
  constexpr std::int64_t kRows = 64;
  const auto pattern = build(config_, kRows).input.pattern;
  const Labels labels(dataset_, {model::Task::crystal_system}, false);
  std::set<int> systems;
  for (std::int64_t i = 0; i < kRows; ++i)
    for (std::int64_t j = 0; j < i; ++j) EXPECT_EQ(torch::equal(pattern[i], pattern[j]), labels.class_of(model::Task::crystal_system, i) == labels.class_of(model::Task::crystal_system, j));
  for (std::int64_t i = 0; i < kRows; ++i) systems.insert(static_cast<int>(labels.class_of(model::Task::crystal_system, i)));
  EXPECT_GE(systems.size(), 2U);
  EXPECT_TRUE(pattern.amax(1).eq(1).all().item<bool>());
}

TEST(BatchTargets, OfStructuresAndOfMetalsAreWhatTheRowsSay) {
  const auto dataset = ingested("mp20");
  auto config = training_case(16, 1);
  set_field(config, "tasks", "band_gap,space_group,crystal_system,lattice_a,lattice_b,lattice_c,lattice_volume");
  set_field(config, "gap-head", "mixture");
  const Labels labels(dataset, config.model.tasks, true);
  const auto standardisation = standardise(labels, config.model.tasks, select_rows(dataset, Subset::train, labels, config.model.tasks, true), dataset.path());
  std::vector<SampleRequest> rows;
  for (std::int64_t row = 0; row < 300; ++row) rows.push_back({&dataset, &labels, row, 0, row});
  const auto batch = BatchBuilder(config, standardisation, Augmentation::off).build(rows);
  const auto of = [&](model::Task task) { return batch.targets.value[static_cast<std::size_t>(task)]; };
  int metals = 0;
  for (std::int64_t row = 0; row < 300; ++row) {
    const auto at = static_cast<std::size_t>(row);
    EXPECT_EQ(of(model::Task::space_group)[row].item<std::int64_t>(), dataset.space_group()[at] - 1);
    const auto gap = of(model::Task::band_gap)[row].item<float>();
    EXPECT_EQ(std::isinf(gap), dataset.label("band_gap")[at] == 0) << row;
    metals += std::isinf(gap) ? 1 : 0;
    // Volumes a primitive cell times a whole number are those of the cell that is written.
    const auto volume = static_cast<std::size_t>(model::Task::lattice_volume);
    const double primitive = of(model::Task::lattice_volume)[row].item<double>() * standardisation.scale[volume] + standardisation.mean[volume];
    const auto& l = dataset.structure(row).lattice;
    const double written = std::abs(l[0] * (l[4] * l[8] - l[5] * l[7]) - l[1] * (l[3] * l[8] - l[5] * l[6]) + l[2] * (l[3] * l[7] - l[4] * l[6]));
    const double cells = written / primitive;
    EXPECT_NEAR(cells, std::round(cells), 1e-3) << row;
    EXPECT_LE(of(model::Task::lattice_a)[row].item<double>() * standardisation.scale[4] + standardisation.mean[4], of(model::Task::lattice_c)[row].item<double>() * standardisation.scale[6] + standardisation.mean[6] + 1e-4);
  }
  EXPECT_GT(metals, 50);
  EXPECT_LT(metals, 250);
}

TEST(BatchTargets, OfALatticeAreThoseOfTheStrainedPattern) {
  const auto dataset = ingested("mp20");
  auto config = training_case(16, 1);
  set_field(config, "tasks", "lattice_a,lattice_volume,formation_energy_per_atom");
  set_field(config, "strain", "0.02");
  const Labels labels(dataset, config.model.tasks, true);
  const auto standardisation = standardise(labels, config.model.tasks, select_rows(dataset, Subset::train, labels, config.model.tasks, true), dataset.path());
  std::vector<SampleRequest> rows;
  for (std::int64_t row = 0; row < 50; ++row) rows.push_back({&dataset, &labels, row, 0, row});
  const auto given = BatchBuilder(config, standardisation, Augmentation::off).build(rows), strained = BatchBuilder(config, standardisation, Augmentation::on).build(rows);
  const auto in_units = [&](const Batch& batch, model::Task task) {
    const auto t = static_cast<std::size_t>(task);
    return batch.targets.value[t].to(torch::kFloat64) * standardisation.scale[t] + standardisation.mean[t];
  };
  const auto ratio = [&](model::Task task) { return in_units(strained, task) / in_units(given, task); };
  const auto length = ratio(model::Task::lattice_a);
  EXPECT_LT((length - 1).abs().max().item<double>(), 0.02 + 1e-5);
  EXPECT_GT((length - 1).abs().max().item<double>(), 0.01);
  EXPECT_TRUE(ratio(model::Task::lattice_volume).allclose(length.pow(3), 1e-4, 1e-4));
  EXPECT_TRUE(ratio(model::Task::formation_energy_per_atom).allclose(torch::ones({50}, torch::kFloat64), 1e-5, 1e-5));
  // The pattern is that of the lattice which the target says.
  xrd::Simulator simulator(config.pattern);
  std::vector<float> pattern(static_cast<std::size_t>(config.model.points));
  for (std::int64_t row = 0; row < 5; ++row) {
    simulator.pattern(dataset.structure(row), length[row].item<double>() - 1, pattern);
    EXPECT_TRUE(torch::from_blob(pattern.data(), {config.model.points}).allclose(strained.input.pattern[row], 1e-2, 1e-2)) << row;
  }
}

TEST_F(ShownInputs, TrainingLeavesOutOneInputOfSomeSamples) {
  config_.training.drop_composition = 0.3;
  config_.training.drop_pattern = 0.2;
  constexpr std::int64_t kRows = 2000;
  const auto batch = build(config_, kRows, Augmentation::on);
  const auto no_composition = batch.input.element.select(1, 0).eq(0), no_pattern = batch.input.pattern.amax(1).eq(0);
  EXPECT_FALSE(no_composition.logical_and(no_pattern).any().item<bool>());
  EXPECT_NEAR(no_composition.to(torch::kFloat64).mean().item<double>(), 0.3, 0.04);
  EXPECT_NEAR(no_pattern.to(torch::kFloat64).mean().item<double>(), 0.2, 0.04);
  EXPECT_TRUE(batch.input.fraction.sum(1).allclose(torch::ones({kRows})));
  EXPECT_FALSE(torch::equal(build(config_, kRows, Augmentation::on, Shown::all, 1).input.element.select(1, 0).eq(0), no_composition)) << "others in the next epoch";
  EXPECT_TRUE(build(config_, kRows).input.element.select(1, 0).gt(0).all().item<bool>()) << "none where nothing is trained";
}

TEST_F(ShownInputs, AModelAnswersWithoutAnInputAsIfItHadNeverBeenThere) {
  config_.training.drop_pattern = 0.1;
  model::XxactModel net(config_.model, model::mat2vec_table(), 3);
  net->eval();
  const torch::NoGradGuard guard;
  auto without = build(config_, 8, Augmentation::off, Shown::composition), other = build(config_, 8, Augmentation::off, Shown::pattern);
  EXPECT_EQ(without.input.pattern.abs().max().item<float>(), 0);
  EXPECT_EQ(other.input.element.abs().max().item<std::int64_t>(), 0);
  // Whatever the composition is, the same is said without it; padding changes nothing.
  const auto said = net->forward(other.input).head[0];
  EXPECT_TRUE(said.isfinite().all().item<bool>());
  other.input.element = torch::cat({other.input.element, torch::zeros({8, 3}, torch::kInt64)}, 1);
  other.input.fraction = torch::cat({other.input.fraction, torch::zeros({8, 3})}, 1);
  EXPECT_TRUE(net->forward(other.input).head[0].allclose(said, 1e-5, 1e-6));
}

TEST_F(ShownInputs, WhatCannotBeIsRefused) {
  const auto refusal = [](auto change) -> std::string {
    auto config = training_case(16, 1);
    change(config);
    try {
      validate(config);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal([](RunConfig& c) { c.model.mode = model::Mode::xrd, c.training.drop_pattern = 0.1; }).find("mode = bimodal"), std::string::npos);
  EXPECT_NE(refusal([](RunConfig& c) { c.training.drop_pattern = 0.6, c.training.drop_composition = 0.6; }).find("lack both"), std::string::npos);
  EXPECT_NE(refusal([](RunConfig& c) { c.pattern_content = PatternContent::shuffled, c.training.window_rows = 8192; }).find("window-rows"), std::string::npos);
}

}  // namespace
}  // namespace xxact::pipeline
