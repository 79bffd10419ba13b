// The model of a step's time against closed forms.
#include "pipeline/step_time.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

Machine simple() {
  Machine machine;
  machine.reached = 1;
  machine.node_bytes_per_s = 100;
  machine.network_bytes_per_s = 10;
  machine.ranks_per_node = 4;
  machine.launch_s = 0.5;
  machine.node_hop_s = 0.01;
  machine.network_hop_s = 0.1;
  return machine;
}

TEST(StepTime, AllReduceFollowsAlphaAndBeta) {
  const auto machine = simple();
  EXPECT_EQ(all_reduce_seconds(machine, 1, 1000), 0.0);
  // A ring of 4: 6 hops, 1.5 times the bytes.
  EXPECT_DOUBLE_EQ(all_reduce_seconds(machine, 4, 1000), 0.5 + 6 * 0.01 + 1.5 * 1000 / 100);
  // Two nodes: two hops between them, and all bytes once over a node's network.
  EXPECT_DOUBLE_EQ(all_reduce_seconds(machine, 8, 1000), 0.5 + 6 * 0.01 + 15 + 2 * 0.1 + 1000.0 / 10);
  // A thousand nodes and little data: trees of ten levels, not rings of a thousand hops.
  EXPECT_DOUBLE_EQ(all_reduce_seconds(machine, 4000, 1), 0.5 + 6 * 0.01 + 1.5 / 100 + 2 * 10 * 0.1 + 2.0 / 10);
  for (int ranks = 2; ranks < 5000; ranks *= 2) EXPECT_GE(all_reduce_seconds(machine, 2 * ranks, 1000), all_reduce_seconds(machine, ranks, 1000)) << ranks;
}

TEST(StepTime, OnlyWhatOutlastsBackwardIsExposed) {
  const auto machine = simple();
  const double each = all_reduce_seconds(machine, 4, 100);
  ASSERT_LT(each, 3);
  const std::array<GradientMessage, 2> early = {GradientMessage{0.1, 100}, {0.5, 100}}, late = {GradientMessage{0.1, 100}, {1.0, 100}}, crowded = {GradientMessage{0.9, 100}, {0.95, 100}};
  EXPECT_EQ(model_step(machine, 4, 15, 10, early, false).exposed_s, 0.0);
  EXPECT_DOUBLE_EQ(model_step(machine, 4, 15, 10, late, false).exposed_s, each);
  EXPECT_DOUBLE_EQ(model_step(machine, 4, 15, 10, crowded, false).exposed_s, 9 + 2 * each - 10);
  EXPECT_DOUBLE_EQ(model_step(machine, 4, 15, 10, crowded, false).communication_s, 2 * each);
  EXPECT_DOUBLE_EQ(model_step(machine, 4, 15, 10, late, false).total_s(), 15 + each);
  EXPECT_EQ(model_step(machine, 1, 15, 10, late, false).total_s(), 15.0);
}

TEST(StepTime, ShardedUpdatesHandTheWeightsOutBehindBackward) {
  const auto machine = simple();
  const double half = scatter_seconds(machine, 4, 100);
  EXPECT_DOUBLE_EQ(half, 0.5 + 3 * 0.01 + 0.75 * 100 / 100);
  const std::array<GradientMessage, 2> early = {GradientMessage{0.1, 100}, {0.5, 100}}, late = {GradientMessage{0.1, 100}, {1.0, 100}};
  const double norm = all_reduce_seconds(machine, 4, 4);
  EXPECT_DOUBLE_EQ(model_step(machine, 4, 15, 10, early, true).exposed_s, norm + 2 * half);
  EXPECT_DOUBLE_EQ(model_step(machine, 4, 15, 10, late, true).exposed_s, norm + 3 * half);
  EXPECT_DOUBLE_EQ(model_step(machine, 4, 15, 10, late, true).communication_s, norm + 4 * half);
  EXPECT_EQ(model_step(machine, 1, 15, 10, late, true).total_s(), 15.0);
}

TEST(StepTime, UpdatesMoveEveryFloatThatTheyTouch) {
  auto machine = simple();
  machine.memory_bytes_per_s = 1000;
  EXPECT_DOUBLE_EQ(update_seconds(machine, 1000, true) - update_seconds(machine, 1000, false), 12.0);
  EXPECT_DOUBLE_EQ(update_seconds(machine, 1000, false), 40.0);
}

TEST(StepTime, MachinesAreReadStrictly) {
  const auto machine = parse_machine("tflops=400,ranks-per-node=4,network-gbs=100.5");
  EXPECT_DOUBLE_EQ(machine.operations_per_s, 4e14);
  EXPECT_EQ(machine.ranks_per_node, 4);
  EXPECT_DOUBLE_EQ(machine.network_bytes_per_s, 100.5e9);
  EXPECT_DOUBLE_EQ(machine.node_bytes_per_s, Machine{}.node_bytes_per_s);
  EXPECT_DOUBLE_EQ(parse_machine("memory-gib=80").memory_bytes, 80 * 0x1p30);
  EXPECT_EQ(parse_machine("").operations_per_s, 0.0);
  for (const auto* wrong : {"tflops", "tflops=", "tflops=4x", "tflops=-1", "flops=3", "tflops=1,,reached=1", "reached=2", "ranks-per-node=0"}) EXPECT_THROW(parse_machine(wrong), ConfigError) << wrong;
}

}  // namespace
}  // namespace xxact::pipeline
