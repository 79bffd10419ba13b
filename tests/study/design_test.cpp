// Designs of studies, the queue of their runs, and the statistics of pretraining experiments.
#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "pipeline/study/experiment.hpp"
#include "pipeline/study/run_queue.hpp"
#include "pipeline/study/scaling_study.hpp"
#include "src/base/error.hpp"
#include "tests/pipeline/training_case.hpp"
#include "tests/scratch.hpp"

namespace xxact::study {
namespace {

namespace fs = std::filesystem;

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Design, ArmsAreNamesAndSettings) {
  const auto arm = parse_arm("masked  mode=bimodal init=runs/masked-{seed}/{seed} freeze=composition,xrd");
  EXPECT_EQ(arm.name, "masked");
  EXPECT_EQ(arm.initial, "runs/masked-{seed}/{seed}");
  ASSERT_EQ(arm.settings.size(), 2U);
  EXPECT_EQ(arm.settings[1], (std::pair<std::string, std::string>("freeze", "composition,xrd")));
  EXPECT_NE(refusal([] { parse_arm(""); }), "");
  EXPECT_NE(refusal([] { parse_arm("../up"); }).find("--arm '../up'"), std::string::npos);
  EXPECT_NE(refusal([] { parse_arm("a b"); }).find("'b' is no setting"), std::string::npos);
}

Design design() {
  Design design;
  design.base = pipeline::preset_run("small");
  design.base.training.epochs = 10;
  design.arms = {parse_arm("composition mode=composition"), parse_arm("started init=runs/{seed}.h5")};
  design.fractions = {0.25, 0.5, 1};
  design.lengths = {0.5, 1};
  design.seeds = 2;
  return design;
}

TEST(Design, RunsAreAllCombinations) {
  auto d = design();
  d.base.training.seed = 7;
  d.base.training.subset_seed = 7;
  const auto runs = plan_runs(d, 1000, 3);
  ASSERT_EQ(runs.size(), 2U * 3 * 2 * 2);
  const auto& first = runs.front().run.config;
  EXPECT_EQ(first.model.mode, model::Mode::composition);
  EXPECT_EQ(first.training.train_fraction, 0.25);
  EXPECT_EQ(first.training.epochs, 10 * 0.5 * 4) << "the same steps on a quarter of the rows";
  EXPECT_EQ(first.training.seed, 7);
  EXPECT_EQ(runs[1].run.config.training.subset_seed, 8);
  EXPECT_EQ(runs.back().run.initial, "runs/8.h5");
  EXPECT_EQ(runs.back().run.config.training.epochs, 10);
  std::set<std::string> names;
  for (const auto& run : runs) names.insert(run.run.name);
  EXPECT_EQ(names.size(), runs.size());
  // Of the same arm and length all sizes cost the same.
  EXPECT_NEAR(runs[0].run.operations, runs[4].run.operations, 1e-9 * runs[0].run.operations);
  d.work_exponent = 1;
  EXPECT_EQ(plan_runs(d, 1000, 3).front().run.config.training.epochs, 5) << "the same epochs";
}

TEST(Design, RefusesWhatIsNone) {
  const auto with = [](auto change) {
    auto d = design();
    change(d);
    return refusal([&] { plan_runs(d, 1000, 3); });
  };
  EXPECT_NE(with([](Design& d) { d.fractions = {0.5, 0.25}; }).find("--fractions"), std::string::npos);
  EXPECT_NE(with([](Design& d) { d.fractions = {0.5, 2}; }).find("--fractions"), std::string::npos);
  EXPECT_NE(with([](Design& d) { d.lengths = {}; }).find("--lengths"), std::string::npos);
  EXPECT_NE(with([](Design& d) { d.seeds = 0; }).find("--seeds"), std::string::npos);
  EXPECT_NE(with([](Design& d) { d.arms.clear(); }).find("--arm"), std::string::npos);
  EXPECT_NE(with([](Design& d) { d.arms.push_back(d.arms.front()); }).find("there twice"), std::string::npos);
  EXPECT_NE(with([](Design& d) { d.arms.push_back(parse_arm("a seed=3")); }).find("part of the design"), std::string::npos);
  EXPECT_NE(with([](Design& d) { d.arms.push_back(parse_arm("a widht=3")); }).find("width"), std::string::npos);
  EXPECT_NE(refusal([] { geometric_fractions(1, 32); }).find("--sizes"), std::string::npos);
  EXPECT_NE(refusal([] { geometric_fractions(6, 1); }).find("--factor"), std::string::npos);
  const auto fractions = geometric_fractions(6, 32);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(fractions[i], std::pow(2.0, static_cast<double>(i) - 5), 1e-12);
}

TEST(RunQueue, TheLongestRunIsTakenFirst) {
  const std::vector<double> costs = {1, 5, 3, 3, 2, 2};
  EXPECT_EQ(longest_first(costs), (std::vector<std::size_t>{1, 2, 3, 4, 5, 0}));
  EXPECT_EQ(time_of_all(costs, 1), 16);
  EXPECT_EQ(time_of_all(costs, 2), 8);  // 5, 2, 1 beside 3, 3, 2
  EXPECT_EQ(time_of_all(costs, 8), 5);
  EXPECT_EQ(time_of_all({}, 2), 0);
}

TEST(RunQueue, EveryPlaceIsTakenOnceByGroupsOfAnySpeed) {
  const comm::Communicator world(MPI_COMM_WORLD);
  const auto folder = scratch("run_queue");
  constexpr std::size_t kPlaces = 50;
  if (world.root()) {
    RunQueue::make(folder);
    std::ofstream(folder / "7") << "";  // of a job that was killed
    RunQueue::make(folder);
  }
  world.barrier("a queue is made");
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, world.rank() / 2, world.rank(), &part);
  {
    const comm::Communicator group(part);
    RunQueue queue(folder, kPlaces);
    std::vector<double> taken(kPlaces, 0.0);
    std::size_t last = 0;
    while (const auto place = queue.take(group)) {
      EXPECT_TRUE(*place == 0 || *place > last);
      last = *place;
      if (group.root()) taken[*place] += 1;
      if (world.rank() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    world.sum(taken, "counting");
    EXPECT_EQ(taken, std::vector<double>(kPlaces, 1.0));
    EXPECT_FALSE(queue.take(group).has_value());
    RunQueue later(folder, kPlaces + world.size() + 1);
    EXPECT_TRUE(later.take(group).has_value());
    world.barrier("places of a longer queue are taken");
    if (world.root()) later.close();
    world.barrier("the queue is closed");
    EXPECT_FALSE(later.take(group).has_value());
  }
  MPI_Comm_free(&part);
  world.barrier("all have taken");
  if (world.root()) RunQueue::remove(folder);
  world.barrier("the queue is gone");
  EXPECT_FALSE(fs::exists(folder));
  MPI_Comm group = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_SELF, &group);
  RunQueue gone(folder, 1);
  try {
    gone.take(comm::Communicator(group));
    ADD_FAILURE() << "a place of a queue that is not there was taken";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find(folder.string()), std::string::npos) << error.what();
  }
  MPI_Comm_free(&group);
}

TEST(Study, GroupsHaveAsManyRanksAsARunNeeds) {
  EXPECT_EQ(groups_of(7, 2), 3);
  EXPECT_NE(refusal([] { groups_of(2, 3); }).find("--ranks-per-run 3"), std::string::npos);
}

TEST(PretrainingExperiment, SamplesToAnErrorLieBetweenValidations) {
  const std::vector<std::pair<double, double>> course = {{100, 0.5}, {200, 0.3}, {300, 0.35}, {400, 0.1}};
  EXPECT_EQ(samples_to(course, 0.6), 100);
  EXPECT_NEAR(samples_to(course, 0.4).value(), 150, 1e-9);
  EXPECT_NEAR(samples_to(course, 0.3).value(), 200, 1e-9);
  EXPECT_NEAR(samples_to(course, 0.2).value(), 360, 1e-9);
  EXPECT_FALSE(samples_to(course, 0.05).has_value());
}

TEST(PretrainingExperiment, MeansHaveStudentsInterval) {
  const std::vector<double> values = {1, 2, 3};
  const auto mean = mean_with_interval(values, 0.95);
  EXPECT_NEAR(mean.value, 2, 1e-12);
  EXPECT_NEAR(mean.high - mean.value, 4.302652730 / std::sqrt(3.0), 1e-8);  // t, 0.975, 2 degrees of freedom
  EXPECT_TRUE(std::isnan(mean_with_interval(std::vector<double>{1}, 0.95).low));
}

TEST(ScalingStudy, WhatCompositionCannotKnowIsTheSpreadWithinFormulas) {
  const auto& dataset = pipeline::training_dataset();
  const auto floor = composition_floor(dataset, model::Task::formation_energy_per_atom);
  // By hand, formula by formula.
  const pipeline::Labels labels(dataset, {model::Task::formation_energy_per_atom}, false);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(dataset.size()));
  std::iota(rows.begin(), rows.end(), 0);
  const auto truth = pipeline::truth_of(labels, rows).value[0];
  std::map<std::string, std::vector<double>> formulas;
  for (const auto row : rows) formulas[std::string(dataset.formula(row))].push_back(static_cast<double>(truth[static_cast<std::size_t>(row)]));
  double sum = 0;
  std::int64_t grouped = 0;
  for (const auto& [formula, values] : formulas) {
    if (values.size() < 2) continue;
    grouped += std::ssize(values);
    // The median has the least sum of deviations: it is one of the values, or any place between two of them.
    double least = INFINITY;
    for (const double centre : values) {
      double deviations = 0;
      for (const double value : values) deviations += std::abs(value - centre);
      least = std::min(least, deviations);
    }
    sum += least * std::sqrt(static_cast<double>(values.size()) / static_cast<double>(values.size() - 1));
  }
  EXPECT_EQ(floor.grouped_rows, grouped);
  EXPECT_GT(grouped, 100);
  EXPECT_EQ(floor.rows, dataset.size());
  EXPECT_NEAR(floor.deviation, sum / static_cast<double>(grouped), 1e-6);
}

}  // namespace
}  // namespace xxact::study
