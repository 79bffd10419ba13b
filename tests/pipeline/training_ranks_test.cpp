// Training does not depend on the number of ranks, on micro-batches or on interruptions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>
#include <set>
#include <string>

#include "io/checkpoint.hpp"
#include "model/schedule.hpp"
#include "pipeline/streamed_training_data.hpp"
#include "pipeline/training_plan.hpp"
#include "src/base/error.hpp"
#include "tests/pipeline/training_case.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {
namespace {

class TrainingRanks : public testing::Test {
 protected:
  TrainingRanks() : world_(MPI_COMM_WORLD), self_(MPI_COMM_SELF) { training_dataset(); }

  /// A folder that only this rank uses.
  std::filesystem::path own(const std::string& name) const { return scratch(name + ".rank" + std::to_string(world_.rank())); }

  /// Largest relative difference, the same on every rank.
  double difference(const std::vector<double>& a, const std::vector<double>& b) const {
    double largest = a.size() == b.size() && !a.empty() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]) / std::max(std::abs(b[i]), 1e-3));
    std::array<double, 1> all = {largest};
    world_.max(all, "comparing loss curves");
    return all[0];
  }

  /// What the run in this folder recorded about its micro-batches on so many ranks; null on other ranks than the first.
  nlohmann::json execution_in(const std::filesystem::path& folder) const {
    if (!world_.root()) return {};
    return nlohmann::json::parse(std::ifstream(folder / "execution.json")).at(std::to_string(world_.size()) + " cpu");
  }

  /// Bytes of a node that hold a pass of so many samples on each of its ranks, and not much more.
  double memory_for(std::int64_t samples, const RunConfig& config) {
    const Device device(DeviceChoice::cpu, world_, 0, {});
    TrainingState state(config, device.torch());
    ResidentTrainingData data(training_dataset(), config, world_, 2);
    ExecutionOptions options;
    options.recompute = Recompute::off;
    return choose_execution(state, data.facts(), config, device, options, world_, world_.size()).batch.memory.bytes(samples) * world_.size() / kHostShare;
  }

  comm::Communicator world_, self_;
};

TEST_F(TrainingRanks, LossCurveEqualsThatOfOneRank) {
  // 50 is divisible by neither 3 nor the epoch: shares are ragged and steps cross epoch ends.
  const auto config = training_case(50, 50.0 * 50 / 3000);
  const auto alone = train_losses(config, own("alone"), self_);
  const auto together = train_losses(config, scratch("together"), world_);
  ASSERT_GE(alone.size(), 48U);
  EXPECT_LT(difference(together, alone), 1e-4);
}

TEST_F(TrainingRanks, ArtefactsAndTheirCurriculumAreThoseOfOneRank) {
  auto config = training_case(50, 20.0 * 50 / 3000);
  config.training.strain = 0;
  config.training.artefacts = 1;
  config.training.artefact_ramp = 0.4;
  config.training.checkpoint_epochs = 5.0 * 50 / 3000;
  const auto alone = train_losses(config, own("artefacts-alone"), self_);
  EXPECT_LT(difference(train_losses(config, scratch("artefacts"), world_), alone), 1e-4);
  train_losses(config, scratch("artefacts-stopped"), world_, false, 12);
  EXPECT_LT(difference(train_losses(config, scratch("artefacts-stopped"), world_, true), alone), 1e-4);
}

TEST_F(TrainingRanks, LeavesOutStructuresThatCannotBeSimulatedAndSaysWhy) {
  // With neutrons this short a sphere of reflections holds more than the most of all but the smallest cells: 4/3 pi g^3 V.
  auto config = training_case(50, 1);
  config.pattern.simulation.form_factors = xrd::FormFactors::neutron;
  config.pattern.simulation.wavelength_angstrom = 0.055;
  const auto& dataset = training_dataset();
  const Labels labels(dataset, config.model.tasks, true);
  const double g = 2 * std::sin(std::numbers::pi / 4) / 0.055, largest = xrd::kMostReflections / (4 * std::numbers::pi / 3 * g * g * g);
  std::int64_t labelled = 0;
  const auto expected = sampling::RowSelection::where(dataset.size(), [&](std::int64_t row) {
    const auto a = dataset.structure(row).lattice;
    const double volume = a[0] * (a[4] * a[8] - a[5] * a[7]) - a[1] * (a[3] * a[8] - a[5] * a[6]) + a[2] * (a[3] * a[7] - a[4] * a[6]);
    if (dataset.split()[static_cast<std::size_t>(row)] != static_cast<std::uint8_t>(io::Split::train)) return false;
    ++labelled;
    return std::abs(volume) <= largest;
  });
  const auto rows = select_training_rows(dataset, config, labels, world_, 2);
  EXPECT_EQ(rows.train, expected);
  EXPECT_GT(rows.train.size(), 100);
  EXPECT_LT(rows.train.size(), labelled - 100);
  std::string text;
  for (const auto& part : rows.unusable) text += part;
  if (world_.root()) {
    EXPECT_GE(std::ranges::count(text, '\n'), labelled - rows.train.size());
    EXPECT_NE(text.find(": about "), std::string::npos) << text.substr(0, 200);
  }
}

TEST_F(TrainingRanks, MicroBatchesAddUpToTheWholeBatch) {
  auto config = training_case(64, 0.3);
  const auto whole = train_losses(config, scratch("whole"), world_);
  config.training.micro_batch = 7;
  EXPECT_LT(difference(train_losses(config, scratch("micro"), world_), whole), 1e-4);
}

TEST_F(TrainingRanks, RecomputedActivationsGiveTheSameLosses) {
  const auto config = training_case(50, 20.0 * 50 / 3000);
  const auto again = [](TrainingOptions& options) {
    options.execution.recompute = Recompute::on;
    options.trace = 3;
  };
  const auto kept = train_losses(config, scratch("kept"), world_);
  EXPECT_EQ(difference(train_losses(config, scratch("recomputed"), world_, false, 0, again), kept), 0.0);
  if (!world_.root()) return;
  EXPECT_TRUE(execution_in(scratch("recomputed")).at("recompute"));
  // Backward of a layer that runs again tells the reducer which gradients are there.
  const auto trace = nlohmann::json::parse(std::ifstream(scratch("recomputed") / "trace.json"));
  const auto within_backward = [&](const nlohmann::json& sum) {
    return std::ranges::any_of(trace["traceEvents"], [&](const nlohmann::json& event) {
      return event["ph"] == "X" && event["pid"] == sum["pid"] && event["name"] == "backward" && event["ts"] <= sum["ts"] && sum["ts"].get<double>() <= event["ts"].get<double>() + event["dur"].get<double>();
    });
  };
  int sums = 0;
  for (const auto& event : trace["traceEvents"])
    if (event["ph"] == "X" && event["tid"] == 1 && event["name"] != "1 floats") {  // which is the loss
      ++sums;
      EXPECT_TRUE(within_backward(event)) << event;
    }
  EXPECT_EQ(sums, world_.size() > 1 ? 6 * world_.size() : 0);
}

TEST_F(TrainingRanks, AResumedRunKeepsTheMicroBatchThatMemoryOnceAllowed) {
  auto config = training_case(60, 30.0 * 60 / 3000);
  const auto little = [memory = memory_for(10, config)](TrainingOptions& options) {
    options.execution.recompute = Recompute::off;
    options.execution.node_memory = memory;
  };
  const auto through = train_losses(config, scratch("little"), world_, false, 0, little);
  const auto chosen = execution_in(scratch("little"));
  if (world_.root()) {
    EXPECT_LE(chosen.at("micro_batch"), 10);
    EXPECT_FALSE(chosen.at("recompute"));
  }
  train_losses(config, scratch("little-stopped"), world_, false, 17, little);
  EXPECT_EQ(difference(train_losses(config, scratch("little-stopped"), world_, true), through), 0.0) << "though there is plenty of memory";
  EXPECT_EQ(execution_in(scratch("little-stopped")), chosen);
  EXPECT_LT(difference(train_losses(config, scratch("plenty"), world_), through), 1e-4);
}

TEST_F(TrainingRanks, AGrowingBatchIsTheSameOnAnyRanksAndAfterResuming) {
  auto config = training_case(64, 1);
  config.training.batch_start = 2;  // fewer than three ranks: one has no samples at first
  config.training.batch_ramp = 0.2;
  config.training.micro_batch = 9;
  const auto alone = train_losses(config, own("ramp-alone"), self_);
  EXPECT_GT(alone.size(), 100U) << "1 epoch of 3,076 rows has 48 steps of 64, and more in the ramp";
  EXPECT_LT(difference(train_losses(config, scratch("ramp"), world_), alone), 1e-4);
  train_losses(config, scratch("ramp-stopped"), world_, false, 70);
  EXPECT_LT(difference(train_losses(config, scratch("ramp-stopped"), world_, true), alone), 1e-4);
}

TEST_F(TrainingRanks, TheCourseOfAGrowingBatchIsToldInSamples) {
  auto config = training_case(64, 1);
  config.training.batch_start = 4;
  config.training.batch_ramp = 0.5;
  train_losses(config, own("ramp-course"), self_);
  std::vector<nlohmann::json> lines;
  std::ifstream file(own("ramp-course") / "metrics.jsonl");
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  const auto samples = [&](std::size_t step) { return step == 0 ? 0 : lines.at(step - 1).at("consumed_samples").get<std::int64_t>(); };
  const auto total = samples(lines.size());
  const std::int64_t warmup = std::llround(config.training.warmup_fraction * static_cast<double>(total) / 64) * 64;
  std::int64_t validated = 0, most = 0;
  for (std::size_t step = 0; step < lines.size(); ++step) {
    const auto batch = samples(step + 1) - samples(step);
    const auto rate = model::learning_rate(samples(step), samples(step + 1), total, warmup, config.training.learning_rate);
    ASSERT_DOUBLE_EQ(lines[step].at("learning_rate"), rate * std::sqrt(static_cast<double>(batch) / 64)) << step;
    if (!lines[step].contains("validation")) continue;
    most = std::max(most, samples(step + 1) - validated);
    validated = samples(step + 1);
  }
  EXPECT_EQ(validated, total);
  EXPECT_LT(static_cast<double>(most), 0.1 * static_cast<double>(total) + 64) << "a tenth of the samples between validations";
  set_field(config, "ramp-rate", "constant");
  train_losses(config, own("ramp-constant"), self_, false, 1);
  const auto first = nlohmann::json::parse(std::ifstream(own("ramp-constant") / "metrics.jsonl"));
  EXPECT_DOUBLE_EQ(first.at("learning_rate"), model::learning_rate(0, 4, total, warmup, config.training.learning_rate));
}

TEST_F(TrainingRanks, LambTrainsOnAnyRanksAndAfterResuming) {
  auto config = training_case(256, 40.0 * 256 / 3076);
  set_field(config, "optimizer", "lamb");
  const auto alone = train_losses(config, own("lamb-alone"), self_);
  EXPECT_LT(alone.back(), 0.7 * alone.front());
  EXPECT_LT(difference(train_losses(config, scratch("lamb"), world_), alone), 1e-4);
  train_losses(config, scratch("lamb-stopped"), world_, false, 17);
  EXPECT_LT(difference(train_losses(config, scratch("lamb-stopped"), world_, true), alone), 1e-4);
}

TEST_F(TrainingRanks, RanksThatShareTheOptimizersStateTrainAlike) {
  auto config = training_case(50, 30.0 * 50 / 3000);
  config.training.checkpoint_epochs = 10.0 * 50 / 3000;
  const auto alone = train_losses(config, own("unshared"), self_);
  const auto sharded = [](TrainingOptions& options) { options.optimizer_state = OptimizerState::sharded; };
  const auto through = train_losses(config, scratch("sharded"), world_, false, 0, sharded);
  EXPECT_LT(difference(through, alone), 1e-4);
  // What one of them saved, others go on with: on as many ranks to the last bit, without sharing alike.
  train_losses(config, scratch("sharded-stopped"), world_, false, 17, sharded);
  const auto folder = own("sharded-alone");
  std::filesystem::remove_all(folder);
  std::filesystem::copy(scratch("sharded-stopped"), folder, std::filesystem::copy_options::recursive);
  EXPECT_LT(difference(train_losses(config, folder, self_, true), alone), 1e-4);
  world_.barrier("before the folder changes");
  EXPECT_EQ(difference(train_losses(config, scratch("sharded-stopped"), world_, true, 0, sharded), through), 0.0);
}

TEST_F(TrainingRanks, Bf16LearnsWhatFp32Does) {
  if (precision_on(torch::kCPU, PrecisionChoice::bf16) == model::Precision::fp32) GTEST_SKIP() << "this processor has no bfloat16";
  auto config = training_case(384, 40.0 * 384 / 3076);  // every rank's products are large enough to be rounded
  const auto exact = train_losses(config, scratch("fp32"), world_);
  config.training.precision = PrecisionChoice::bf16;
  const auto rounded = train_losses(config, scratch("bf16"), world_);
  const double apart = difference(rounded, exact);
  EXPECT_GT(apart, 1e-5) << "it must make a difference, or nothing was rounded";
  EXPECT_LT(apart, 0.15);
  EXPECT_LT(rounded.back(), 0.7 * rounded.front());
}

TEST_F(TrainingRanks, RanksWithoutSamplesTakePart) {
  const auto config = training_case(2, 12.0 / 3000);
  const auto alone = train_losses(config, own("tiny-alone"), self_);
  EXPECT_LT(difference(train_losses(config, scratch("tiny"), world_), alone), 1e-4);
}

TEST_F(TrainingRanks, AResumedRunRepeatsTheUninterruptedOneExactly) {
  auto config = training_case(50, 30.0 * 50 / 3000);
  config.training.checkpoint_epochs = 10.0 * 50 / 3000;
  const auto through = train_losses(config, scratch("through"), world_);
  train_losses(config, scratch("stopped"), world_, false, 17);
  const auto resumed = train_losses(config, scratch("stopped"), world_, true);
  EXPECT_EQ(difference(resumed, through), 0.0);
}

TEST_F(TrainingRanks, ARunResumedOnAnotherNumberOfRanksGoesOnAlike) {
  auto config = training_case(50, 67.0 * 50 / 3076);
  const auto through = train_losses(config, scratch("through-67"), world_);
  ASSERT_EQ(through.size(), 67U);
  train_losses(config, scratch("moved"), world_, false, 17);
  // Each rank goes on alone with a copy of the run.
  const auto folder = own("moved-alone");
  std::filesystem::remove_all(folder);
  std::filesystem::copy(scratch("moved"), folder, std::filesystem::copy_options::recursive);
  const auto alone = train_losses(config, folder, self_, true);
  ASSERT_EQ(alone.size(), 67U);
  EXPECT_LT(difference({alone[17]}, {through[17]}), 1e-5);
  EXPECT_LT(difference(alone, through), 1e-4);
  world_.barrier("before the folder changes");
  EXPECT_EQ(difference(train_losses(config, scratch("moved"), world_, true), through), 0.0);
}

TEST_F(TrainingRanks, ATraceShowsTheFirstStepsOfEveryRank) {
  const auto config = training_case(50, 5.0 * 50 / 3076);
  train_losses(config, scratch("traced"), world_, false, 0, [](TrainingOptions& options) { options.trace = 3; });
  std::map<std::pair<int, std::string>, int> events;  // by rank and name
  if (world_.root()) {
    const auto trace = nlohmann::json::parse(std::ifstream(scratch("traced") / "trace.json"));
    for (const auto& event : trace["traceEvents"]) {
      if (event["ph"] != "X") continue;
      EXPECT_GE(event["dur"], 0.0);
      const bool sum = event["tid"] == 1;
      ++events[{event["pid"], sum ? "sum" : event["name"].get<std::string>()}];
    }
    for (int rank = 0; rank < world_.size(); ++rank) {
      for (const auto* name : {"waiting for data", "forward", "backward", "waiting for gradients", "waiting for other ranks", "update"}) EXPECT_EQ((events[{rank, name}]), 3) << rank << " " << name;
      EXPECT_EQ((events[{rank, "sum"}]), world_.size() > 1 ? 9 : 0) << "the loss and two buckets a step, matrices and the rest, on " << rank;
    }
  }
  train_losses(config, scratch("untraced"), world_);
  EXPECT_FALSE(std::filesystem::exists(scratch("untraced") / "trace.json"));
}

TEST_F(TrainingRanks, SkippedUpdatesAreResumedToo) {
  auto config = training_case(50, 90.0 * 50 / 3076);
  config.training.spike_factor = 1.2;
  config.training.skipped_in_a_row = 1000;
  const auto through = train_losses(config, scratch("spikes"), world_);
  std::array<std::int64_t, 1> skipped = {0};
  if (world_.root()) {
    std::ifstream metrics(scratch("spikes") / "metrics.jsonl");
    for (std::string line; std::getline(metrics, line);) skipped[0] += nlohmann::json::parse(line).contains("skipped") ? 1 : 0;
  }
  world_.sum(skipped, "counting skipped steps");
  EXPECT_GT(skipped[0], 0) << "norms scatter by more than a fifth";
  EXPECT_LT(skipped[0], 40) << "none of the first 50 is judged";
  train_losses(config, scratch("spikes-stopped"), world_, false, 70);
  EXPECT_EQ(difference(train_losses(config, scratch("spikes-stopped"), world_, true), through), 0.0);
}

TEST_F(TrainingRanks, ARunThatDivergesEndsWithAnErrorAndSoundWeights) {
  auto config = training_case(50, 60.0 * 50 / 3076);
  config.training.learning_rate = 1;
  config.training.gradient_clip = 0;
  config.training.weight_decay = 10;  // times the learning rate: weights grow ninefold a step
  config.training.warmup_fraction = 0;
  config.training.checkpoint_epochs = 1.0 * 50 / 3076;
  EXPECT_THROW(train_losses(config, scratch("diverged"), world_), NumericError);
  world_.barrier("the run has ended");
  const auto last = io::read_checkpoint(io::list_checkpoints(scratch("diverged") / "checkpoints").back());
  for (const auto& array : last.content().arrays)
    if (const auto* values = std::get_if<std::span<const float>>(&array.data)) {
      EXPECT_TRUE(std::ranges::all_of(*values, [](float v) { return std::isfinite(v); })) << array.name;
    }
}

TEST_F(TrainingRanks, ADamagedCheckpointIsPassedOver) {
  auto config = training_case(50, 20.0 * 50 / 3000);
  config.training.checkpoint_epochs = 5.0 * 50 / 3000;
  const auto through = train_losses(config, scratch("sound"), world_);
  train_losses(config, scratch("damaged"), world_, false, 12);
  if (world_.root()) std::filesystem::resize_file(io::list_checkpoints(scratch("damaged") / "checkpoints").back(), 5000);
  world_.barrier("damaging the last checkpoint");
  EXPECT_EQ(difference(train_losses(config, scratch("damaged"), world_, true), through), 0.0);
}

TEST_F(TrainingRanks, StreamedTrainingIsTheSameOnAnyRanksAndAfterResuming) {
  auto config = training_case(50, 1.6);
  config.training.window_block = 64;
  config.training.window_rows = 640;
  config.training.checkpoint_epochs = 0.5;
  config.training.train_fraction = 0.5;
  const auto alone = train_losses(config, own("streamed-alone"), self_);
  EXPECT_EQ(alone.size(), 49U) << "1.6 epochs of half the 3,076 training rows";
  EXPECT_LT(difference(train_losses(config, scratch("streamed"), world_), alone), 1e-4);
  train_losses(config, scratch("streamed-stopped"), world_, false, 22);
  EXPECT_LT(difference(train_losses(config, scratch("streamed-stopped"), world_, true), alone), 1e-4);
}

TEST_F(TrainingRanks, StreamedDataAreThoseOfTheWhole) {
  auto config = training_case(50, 1);
  config.training.window_block = 128;
  config.training.window_rows = 1024;
  config.training.train_fraction = 0.7;
  config.training.validation_fraction = 0.4;
  const auto& dataset = training_dataset();
  ResidentTrainingData whole(dataset, config, world_, 2);
  StreamedTrainingData streamed(io::plan_dataset(world_.handle(), dataset.path()), config, world_, 2, kMemory);
  EXPECT_EQ(streamed.samples(), whole.samples());
  EXPECT_EQ(streamed.facts().split, whole.facts().split);
  EXPECT_EQ(streamed.facts().most_elements, whole.facts().most_elements);
  EXPECT_GE(whole.facts().most_elements, 3);
  for (const auto task : config.model.tasks) {
    const auto t = static_cast<std::size_t>(task);
    EXPECT_NEAR(streamed.standardisation().mean[t], whole.standardisation().mean[t], 1e-12);
    EXPECT_NEAR(streamed.standardisation().scale[t], whole.standardisation().scale[t], 1e-12);
  }
  const auto& a = streamed.validation();
  const auto& b = whole.validation();
  ASSERT_EQ(a.rows.size(), b.rows.size());
  for (std::size_t i = 0; i < a.rows.size(); ++i) ASSERT_EQ(a.dataset->id(a.rows[i]), b.dataset->id(b.rows[i]));
  // An epoch and a half, each step of it in the memory of two windows: every row once an epoch, with its labels.
  const auto n = whole.samples();
  std::multiset<std::string> expected, first_epoch;
  std::vector<SampleRequest> requests;
  whole.visit(0, n, requests);
  for (const auto& request : requests) expected.insert(std::string(request.dataset->id(request.row)));
  streamed.begin(0, n + n / 2);
  for (std::int64_t position = 0; position + 50 <= n + n / 2; position += 50) {
    streamed.used_before(position);
    requests.clear();
    streamed.visit(position, 50, requests);
    for (const auto& request : requests) {
      if (request.epoch == 0) first_epoch.insert(std::string(request.dataset->id(request.row)));
      const auto row = whole.rows().row(request.sample);
      ASSERT_EQ(request.dataset->id(request.row), dataset.id(row));
      ASSERT_EQ(request.labels->value(model::Task::band_gap, request.row), dataset.label("band_gap")[static_cast<std::size_t>(row)]);
    }
  }
  EXPECT_EQ(first_epoch, expected);
  streamed.end();
}

TEST_F(TrainingRanks, WindowsThatHoldLessThanABatchAreRefused) {
  auto config = training_case(600, 1);
  config.training.window_block = 64;
  config.training.window_rows = 640;
  const auto plan = io::plan_dataset(world_.handle(), training_dataset().path());
  EXPECT_THROW(StreamedTrainingData(plan, config, world_, 1, kMemory), ConfigError);
  config.training.global_batch = 100;
  EXPECT_THROW(StreamedTrainingData(plan, config, world_, 1, 10000), ConfigError) << "memory for the validation rows";
  config.training.global_batch = 4000;
  EXPECT_THROW(StreamedTrainingData(plan, config, world_, 1, kMemory), ConfigError);
}

TEST_F(TrainingRanks, SubsetsAreNestedAndStrataInProportion) {
  auto config = training_case(100, 1);
  set_field(config, "mode", "composition");
  set_field(config, "tasks", "band_gap,crystal_system");
  config.training.stratify = sampling::Stratification::labels;
  const auto dataset = ingested("mp20");
  const auto strata = strata_of(dataset, config.model.tasks);
  const auto all = ResidentTrainingData(dataset, config, world_, 2).samples();
  sampling::RowSelection smaller;
  for (const double fraction : {0.01, 0.1, 0.5, 1.0}) {
    config.training.train_fraction = fraction;
    ResidentTrainingData data(dataset, config, world_, 2);
    EXPECT_EQ(data.samples(), std::llround(fraction * static_cast<double>(all))) << fraction;
    smaller.for_each([&](std::int64_t row) { EXPECT_TRUE(data.rows().contains(row)) << row << " of the smaller subset is not in that of " << fraction; });
    smaller = data.rows();
    // Every batch of the epoch, see StratifiedOrder.
    std::vector<double> share(static_cast<std::size_t>(strata.count()), 0);
    data.rows().for_each([&](std::int64_t row) { share[static_cast<std::size_t>(strata(row))] += 1.0 / static_cast<double>(data.samples()); });
    EXPECT_GE(std::ranges::count_if(share, [](double s) { return s > 0; }), 7) << "crystal systems";
    for (std::int64_t position = 0; position + 30 <= data.samples(); position += 30) {
      std::vector<SampleRequest> batch;
      data.visit(position, 30, batch);
      std::vector<double> count(share.size(), 0);
      for (const auto& request : batch) ++count[static_cast<std::size_t>(strata(request.row))];
      for (std::size_t s = 0; s < share.size(); ++s) ASSERT_LT(std::abs(count[s] - 30 * share[s]), 3) << "stratum " << s << " from position " << position;
    }
  }
}

TEST_F(TrainingRanks, AnotherConfigurationIsNotResumed) {
  auto config = training_case(50, 10.0 * 50 / 3000);
  train_losses(config, scratch("first"), world_, false, 5);
  config.training.learning_rate = 0.5;
  EXPECT_THROW(train_losses(config, scratch("first"), world_, true), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
