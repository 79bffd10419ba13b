// Memory of passes as predicted from small batches, against what larger ones take; and what is chosen from it.
#include "pipeline/execution.hpp"

#include <gtest/gtest.h>

#include "model/memory_meter.hpp"
#include "model/objectives.hpp"
#include "pipeline/batch_memory.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kElements = 6;

RunConfig config_of(const std::string& preset, const std::string& mode) {
  auto config = preset_run(preset);
  if (!mode.empty()) set_field(config, "mode", mode);
  set_field(config, "dropout", "0.1");
  set_field(config, "global-batch", "600");
  return parse_run_config(to_ini(config), "test");
}

/// The most that tensors take while random samples pass.
double measured_peak(TrainingState& state, const RunConfig& config, std::int64_t samples, bool recompute) {
  model::ModelInput input;
  input.element = torch::randint(1, 90, {samples, kElements}, torch::kInt64);
  input.element.narrow(1, 4, 2).narrow(0, 0, samples / 2).zero_();
  input.fraction = torch::softmax(torch::rand({samples, kElements}), 1);
  input.pattern = torch::rand({samples, config.model.points});
  input.sample_key = torch::arange(samples, torch::kInt64);
  model::Targets targets;
  targets.value[0] = torch::randn({samples});
  state.net()->train();
  state.net()->set_recompute(recompute);
  const model::MemoryMeter meter(torch::kCPU);
  model::objective(state.net()->forward(input), targets, config.training.objective, {static_cast<double>(samples), 0, 0}).total.backward();
  state.net()->set_recompute(false);
  double inputs = static_cast<double>(input.sample_key.nbytes());
  if (config.model.uses_composition()) inputs += static_cast<double>(input.element.nbytes() + input.fraction.nbytes());
  if (config.model.uses_xrd()) inputs += static_cast<double>(input.pattern.nbytes());
  return static_cast<double>(meter.peak_bytes()) + inputs;
}

TEST(BatchMemory, OfLargeBatchesIsPredictedFromSmallOnes) {
  for (const auto& [preset, mode] : std::vector<std::pair<std::string, std::string>>{{"small", "bimodal"}, {"small", "xrd"}, {"small", "composition"}, {"crabnet", ""}}) {
    const auto config = config_of(preset, mode);
    TrainingState state(config, torch::kCPU);
    BatchMemoryProbe probe(state.net(), state.flat(), config, torch::kCPU, kElements);
    for (const bool recompute : {false, true}) {
      const auto line = fit_batch_memory([&](std::int64_t samples) { return probe.peak_bytes(samples, recompute); }, 600, 1e12);
      for (const std::int64_t samples : {150, 500}) {
        const double measured = measured_peak(state, config, samples, recompute);
        EXPECT_NEAR(line.bytes(samples), measured, 0.1 * measured) << preset << " " << mode << (recompute ? " recomputed, " : " kept, ") << samples << " samples";
      }
    }
  }
}

TEST(BatchMemory, MeasuringLeavesNoTrace) {
  const auto config = config_of("small", "bimodal");
  TrainingState state(config, torch::kCPU);
  state.net()->eval();
  const auto weights = state.flat().weights().clone();
  torch::manual_seed(1);
  const auto expected = torch::rand({8});
  torch::manual_seed(1);
  BatchMemoryProbe probe(state.net(), state.flat(), config, torch::kCPU, kElements);
  EXPECT_GT(probe.peak_bytes(4, false), probe.peak_bytes(4, true));
  EXPECT_TRUE(torch::equal(torch::rand({8}), expected)) << "random numbers";
  EXPECT_TRUE(torch::equal(state.flat().weights(), weights));
  EXPECT_EQ(state.flat().gradient().abs().max().item<float>(), 0.0F);
  EXPECT_FALSE(state.net()->is_training());
  EXPECT_EQ(state.step, 0);
}

class ExecutionOfARun : public testing::Test {
 protected:
  ExecutionOfARun() : comm_(MPI_COMM_WORLD), device_(DeviceChoice::cpu, comm_, 0, {}), config_(config_of("small", "bimodal")), state_(config_, torch::kCPU) { facts_.most_elements = kElements; }

  Execution choose(const ExecutionOptions& options) { return choose_execution(state_, facts_, config_, device_, options, comm_, 1); }

  comm::Communicator comm_;
  Device device_;
  RunConfig config_;
  TrainingState state_;
  DatasetFacts facts_;
};

TEST_F(ExecutionOfARun, TakesTheWholeShareWhereMemoryIsPlenty) {
  const auto execution = choose({});
  EXPECT_EQ(execution.batch.samples, 600);
  EXPECT_FALSE(execution.batch.recompute);
  EXPECT_GT(execution.available_bytes, execution.batch.memory.bytes(600));
}

TEST_F(ExecutionOfARun, FitsTheMemoryOfTheNode) {
  const auto kept = choose({}).batch.memory;
  ExecutionOptions options;
  options.node_memory = kept.bytes(210) / kHostShare;
  auto execution = choose(options);
  EXPECT_EQ(execution.batch.samples, 200) << "three passes of 200";
  EXPECT_FALSE(execution.batch.recompute);
  EXPECT_LE(execution.batch.memory.bytes(execution.batch.samples), execution.available_bytes);
  options.node_memory = kept.bytes(20) / kHostShare;
  execution = choose(options);
  EXPECT_TRUE(execution.batch.recompute);
  EXPECT_GT(execution.batch.samples, 20);
  options.recompute = Recompute::off;
  EXPECT_FALSE(choose(options).batch.recompute);
}

TEST_F(ExecutionOfARun, MoreElementsTakeMoreMemory) {
  const auto few = choose({}).batch.memory.sample_bytes;
  facts_.most_elements = 3 * kElements;
  EXPECT_GT(choose({}).batch.memory.sample_bytes, 1.2 * few);
}

TEST_F(ExecutionOfARun, WithoutMemoryForASampleThereIsNone) {
  ExecutionOptions options;
  options.node_memory = 1 << 20;
  EXPECT_THROW(choose(options), ConfigError);
}

TEST_F(ExecutionOfARun, APretendedDeviceHasWhatItsStateLeaves) {
  ExecutionOptions options;
  options.device_memory = 0x1p30;
  const double held = 20.0 * static_cast<double>(state_.flat().size());
  const auto execution = choose(options);
  EXPECT_DOUBLE_EQ(execution.available_bytes, kDeviceShare * 0x1p30 - held);
  EXPECT_LT(execution.batch.memory.bytes(1), choose({}).batch.memory.bytes(1)) << "the loader's batches and checkpoints lie elsewhere";
}

}  // namespace
}  // namespace xxact::pipeline
