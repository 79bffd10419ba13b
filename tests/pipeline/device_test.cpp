// The device path, wherever a GPU is found: against the CPU, recorded against single launches, and without any wait inside a step.
#include "pipeline/device.hpp"

#include <gtest/gtest.h>

#include "pipeline/training_step.hpp"
#include "src/base/error.hpp"
#include "tests/pipeline/training_case.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {
namespace {

class OnDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (!device_.is_cuda()) GTEST_SKIP() << "no GPU, or no device library";
  }

  std::vector<double> losses(const std::string& name, const RunConfig& config, DeviceChoice choice, Graphs graphs, bool resume = false, std::int64_t stop_after = 0) {
    const auto set = [&](TrainingOptions& options) { options.graphs = graphs; };
    return train_losses(config, scratch(name), comm_, resume, stop_after, set, choice);
  }

  static double difference(const std::vector<double>& a, const std::vector<double>& b) {
    double largest = a.size() == b.size() && !a.empty() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]) / std::max(std::abs(b[i]), 1e-3));
    return largest;
  }

  comm::Communicator comm_{MPI_COMM_WORLD};
  Device device_{DeviceChoice::automatic, comm_, 0, {}};
};

TEST_F(OnDevice, LossesAreThoseOfTheCpu) {
  auto config = training_case(64, 40.0 * 64 / 3076);
  config.training.precision = PrecisionChoice::fp32;
  const auto cpu = losses("cpu", config, DeviceChoice::cpu, Graphs::off);
  EXPECT_LT(difference(losses("launched", config, DeviceChoice::cuda, Graphs::off), cpu), 2e-3);
  EXPECT_LT(difference(losses("recorded", config, DeviceChoice::cuda, Graphs::on), cpu), 2e-3);
}

TEST_F(OnDevice, RecordedStepsDoWhatLaunchedOnesDo) {
  for (const auto precision : {PrecisionChoice::fp32, PrecisionChoice::bf16})
    for (const std::int64_t micro : {0, 24}) {
      auto config = training_case(64, 40.0 * 64 / 3076);
      config.training.precision = precision;
      config.training.micro_batch = micro;
      EXPECT_LT(difference(losses("recorded-too", config, DeviceChoice::cuda, Graphs::on), losses("launched-too", config, DeviceChoice::cuda, Graphs::off)), 1e-3) << micro;
    }
}

TEST_F(OnDevice, StoppedRunsGoOn) {
  auto config = training_case(64, 30.0 * 64 / 3076);
  config.training.precision = PrecisionChoice::fp32;
  const auto through = losses("through", config, DeviceChoice::cuda, Graphs::automatic);
  losses("stopped", config, DeviceChoice::cuda, Graphs::automatic, false, 13);
  EXPECT_LT(difference(losses("stopped", config, DeviceChoice::cuda, Graphs::automatic, true), through), 1e-3);
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
  device_.wait(comm_, *channel, "a test");
  EXPECT_TRUE(torch::equal(buffer, before));
  EXPECT_NO_THROW(channel->check());
}

TEST_F(OnDevice, AttentionTakesNoKernelThatHoldsAllWeights) {
  auto config = preset_run("paper");
  const auto kernels = model::attention_kernels(config.model, device_.torch(), model::Precision::bf16);
  EXPECT_EQ(kernels.find("math"), std::string::npos) << kernels;
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
