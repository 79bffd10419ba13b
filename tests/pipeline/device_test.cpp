// The device path, wherever a GPU is found: against the CPU, recorded against single launches, and without any wait inside a step.
#include "pipeline/device.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pipeline/training_step.hpp"
#include "src/base/error.hpp"
#include "tests/pipeline/training_case.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {
namespace {

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = a.size() == b.size() && !a.empty() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]) / std::max(std::abs(b[i]), 1e-3));
  return largest;
}

/// Does again what was to be recorded, on a CPU.
class PretendedLibrary final : public DeviceLibrary {
 public:
  struct Repeated final : Recording {
    explicit Repeated(std::function<void()> w) : work(std::move(w)) {}
    void replay() override { work(); }
    std::function<void()> work;
  };
  std::string device_name(int) const override { return "pretended"; }
  std::string versions() const override { return "none"; }
  std::unique_ptr<comm::Channel> make_channel(const comm::Communicator& comm, int) override { return comm::make_mpi_channel(comm); }
  std::unique_ptr<Recording> record(const std::function<void()>& work) override {
    if (refuses) throw c10::Error({__func__, __FILE__, __LINE__}, "an operation that cannot be recorded");
    ++recordings;
    return std::make_unique<Repeated>(work);
  }
  void forbid_waiting(bool) override {}
  void begin_range(const char*) override { ++depth; }
  void end_range() override { --depth; }

  bool refuses = false;
  int recordings = 0, depth = 0;
};

class Pretended : public testing::Test {
 protected:
  std::vector<double> losses(const std::string& name, const RunConfig& config, Graphs graphs, bool resume = false, std::int64_t stop_after = 0) {
    const Device device(library_, {});
    return train_losses(config, scratch(name), comm_, resume, stop_after, [&](TrainingOptions& options) { options.graphs = graphs; }, &device);
  }

  comm::Communicator comm_{MPI_COMM_WORLD};
  PretendedLibrary library_;
};

TEST_F(Pretended, RecordedStepsWhoseNumbersAreReadLaterTrainAsThePlainOnesDo) {
  auto config = training_case(50, 40.0 * 50 / 3076);
  config.training.micro_batch = 12;  // on several ranks shapes differ; the last micro-batch of a step is smaller
  config.training.checkpoint_epochs = 8.0 * 50 / 3076;
  const auto plain = train_losses(config, scratch("plain"), comm_);
  EXPECT_EQ(difference(losses("single", config, Graphs::off), plain), 0.0);
  EXPECT_EQ(library_.recordings, 0);
  EXPECT_EQ(difference(losses("repeated", config, Graphs::on), plain), 0.0);
  EXPECT_GE(library_.recordings, 2) << "an update, and passes of every shape; on several ranks none that sums over them";
  EXPECT_EQ(library_.depth, 0);
  losses("interrupted", config, Graphs::automatic, false, 13);
  EXPECT_EQ(difference(losses("interrupted", config, Graphs::automatic, true), plain), 0.0);
}

TEST_F(Pretended, WhatCannotBeRecordedIsLaunchedSinglyOrAnError) {
  const auto config = training_case(50, 10.0 * 50 / 3076);
  library_.refuses = true;
  EXPECT_EQ(losses("fallen-back", config, Graphs::automatic).size(), 10U);
  EXPECT_THROW(losses("refused", config, Graphs::on), CommError);
}

TEST_F(Pretended, TooManySkippedStepsStillEndTheRun) {
  auto config = training_case(50, 60.0 * 50 / 3076);
  config.training.learning_rate = 1;
  config.training.gradient_clip = 0;
  config.training.weight_decay = 10;
  config.training.warmup_fraction = 0;
  EXPECT_THROW(losses("diverged", config, Graphs::on), NumericError);
}

class OnDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (!device_.is_cuda()) GTEST_SKIP() << "no GPU, or no device library";
  }

  std::vector<double> losses(const std::string& name, const RunConfig& config, const Device& device, Graphs graphs, bool resume = false, std::int64_t stop_after = 0) {
    return train_losses(config, scratch(name), comm_, resume, stop_after, [&](TrainingOptions& options) { options.graphs = graphs; }, &device);
  }

  comm::Communicator comm_{MPI_COMM_WORLD};
  Device device_{DeviceChoice::automatic, comm_, 0, {}};
};

TEST_F(OnDevice, LossesAreThoseOfTheCpu) {
  auto config = training_case(64, 40.0 * 64 / 3076);
  config.training.precision = PrecisionChoice::fp32;
  const auto cpu = train_losses(config, scratch("cpu"), comm_);
  EXPECT_LT(difference(losses("launched", config, device_, Graphs::off), cpu), 2e-3);
  EXPECT_LT(difference(losses("recorded", config, device_, Graphs::on), cpu), 2e-3);
}

TEST_F(OnDevice, RecordedStepsDoWhatLaunchedOnesDo) {
  for (const auto precision : {PrecisionChoice::fp32, PrecisionChoice::bf16})
    for (const std::int64_t micro : {0, 24}) {
      auto config = training_case(64, 40.0 * 64 / 3076);
      config.training.precision = precision;
      config.training.micro_batch = micro;
      EXPECT_LT(difference(losses("recorded-too", config, device_, Graphs::on), losses("launched-too", config, device_, Graphs::off)), 1e-3) << micro;
    }
}

TEST_F(OnDevice, StoppedRunsGoOn) {
  auto config = training_case(64, 30.0 * 64 / 3076);
  config.training.precision = PrecisionChoice::fp32;
  const auto through = losses("through", config, device_, Graphs::automatic);
  losses("stopped", config, device_, Graphs::automatic, false, 13);
  EXPECT_LT(difference(losses("stopped", config, device_, Graphs::automatic, true), through), 1e-3);
}

TEST_F(OnDevice, NothingInAStepWaitsForTheDevice) {
  auto config = training_case(64, 1);
  const auto channel = device_.make_channel(comm_);
  TrainingState state(config, device_.torch());
  GradientReducer reducer(state.flat(), *channel, comm_, OptimizerState::replicated);
  state.share_with(reducer);
  Trace trace(0, 0);
  BatchBuilder builder(config, Standardisation{}, Augmentation::on);
  const Labels labels(training_dataset(), config.model.tasks, true);
  std::vector<SampleRequest> samples;
  for (std::int64_t row = 0; row < 64; ++row) samples.push_back({&training_dataset(), &labels, row, 0, row});
  Batch batch(true);
  builder.build(samples, batch);
  batch.weigh(config.training.objective, model::count_valid(batch.targets));
  state.net()->train();
  for (const auto graphs : {Graphs::off, Graphs::on}) {
    TrainingStep step(state, reducer, *channel, comm_, config, device_, graphs, trace);
    const auto take = [&] {
      step.begin();
      step.add(batch, true);
      step.end(1e-3);
    };
    for (int i = 0; i < 4; ++i) take();  // memory, recordings
    device_.forbid_waiting(true);
    EXPECT_NO_THROW(for (int i = 0; i < 4; ++i) take());
    device_.forbid_waiting(false);
    while (step.pending() > 0) EXPECT_TRUE(std::isfinite(step.take_verdict().loss));
  }
}

TEST_F(OnDevice, ChannelDoesNothingToOneRanksBuffers) {
  if (comm_.size() > 1) GTEST_SKIP() << "NCCL wants a GPU for each rank";
  const auto channel = device_.make_channel(comm_);
  const auto buffer = torch::arange(1000, torch::dtype(torch::kFloat32).device(device_.torch())), before = buffer.clone();
  channel->start_sum(buffer.data_ptr<float>(), 1000);
  channel->start_sum_of_shares(buffer.data_ptr<float>(), 1000);
  channel->start_gather_of_shares(buffer.data_ptr<float>(), 1000);
  channel->wait_all();
  channel->watch("a test");
  torch::cuda::synchronize(device_.torch().index());
  EXPECT_TRUE(torch::equal(buffer, before));
  EXPECT_NO_THROW(channel->check());
}

TEST_F(OnDevice, AttentionTakesNoKernelThatHoldsAllWeights) {
  auto config = preset_run("paper");
  const auto kernels = model::attention_kernels(config.model, device_.torch(), model::Precision::bf16);
  EXPECT_EQ(kernels.find("math"), std::string::npos) << kernels;
}

TEST(DeviceOptions, UtilisationIsTheRateOverThePeakOfAllRanks) {
  comm::Communicator comm(MPI_COMM_WORLD);
  const auto config = training_case(50, 4.0 * 50 / 3076);
  // A folder each: one rank may train again while another still reads.
  const auto summary_of = [&](const std::string& name, double peak) {
    train_losses(config, scratch(name), comm, false, 0, [&](TrainingOptions& options) { options.peak_operations = peak; });
    return nlohmann::json::parse(std::ifstream(scratch(name) / "summary.json"));
  };
  const auto known = summary_of("peak-known", 2e12), unknown = summary_of("peak-unknown", 0);
  EXPECT_NEAR(known.at("mfu").get<double>(), known.at("tflop_per_s").get<double>() / (2 * comm.size()), 1e-12);
  EXPECT_DOUBLE_EQ(known.at("peak_tflop_per_s"), 2.0 * comm.size());
  EXPECT_FALSE(unknown.contains("mfu") || unknown.contains("peak_tflop_per_s"));
  comm.barrier("all have read the summary");
}

TEST(DeviceOptions, GraphsNeedAGpu) {
  EXPECT_THROW(parse_graphs("maybe"), ConfigError);
  EXPECT_EQ(parse_graphs("off"), Graphs::off);
  comm::Communicator comm(MPI_COMM_WORLD);
  const auto config = training_case(8, 0.01);
  EXPECT_THROW(train_losses(config, scratch("no-gpu"), comm, false, 0, [](TrainingOptions& options) { options.graphs = Graphs::on; }), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
