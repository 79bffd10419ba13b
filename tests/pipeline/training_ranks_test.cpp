// Training does not depend on the number of ranks, on micro-batches or on interruptions.
#include <gtest/gtest.h>

#include <cmath>

#include "io/checkpoint.hpp"
#include "src/base/error.hpp"
#include "tests/pipeline/training_case.hpp"
#include "tests/scratch.hpp"

namespace xxact::pipeline {
namespace {

class TrainingRanks : public testing::Test {
 protected:
  TrainingRanks() : world_(MPI_COMM_WORLD), self_(MPI_COMM_SELF) { training_dataset(MPI_COMM_WORLD); }

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

TEST_F(TrainingRanks, MicroBatchesAddUpToTheWholeBatch) {
  auto config = training_case(64, 0.3);
  const auto whole = train_losses(config, scratch("whole"), world_);
  config.training.micro_batch = 7;
  EXPECT_LT(difference(train_losses(config, scratch("micro"), world_), whole), 1e-4);
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

TEST_F(TrainingRanks, ADamagedCheckpointIsPassedOver) {
  auto config = training_case(50, 20.0 * 50 / 3000);
  config.training.checkpoint_epochs = 5.0 * 50 / 3000;
  const auto through = train_losses(config, scratch("sound"), world_);
  train_losses(config, scratch("damaged"), world_, false, 12);
  if (world_.root()) std::filesystem::resize_file(io::list_checkpoints(scratch("damaged") / "checkpoints").back(), 5000);
  world_.barrier("damaging the last checkpoint");
  EXPECT_EQ(difference(train_losses(config, scratch("damaged"), world_, true), through), 0.0);
}

TEST_F(TrainingRanks, AnotherConfigurationIsNotResumed) {
  auto config = training_case(50, 10.0 * 50 / 3000);
  train_losses(config, scratch("first"), world_, false, 5);
  config.training.learning_rate = 0.5;
  EXPECT_THROW(train_losses(config, scratch("first"), world_, true), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
