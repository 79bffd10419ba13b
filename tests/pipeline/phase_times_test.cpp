#include "pipeline/phase_times.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include <thread>

namespace xxact::pipeline {
namespace {

TEST(PhaseTimes, LeastMeanAndGreatestAreOverRanks) {
  const comm::Communicator comm(MPI_COMM_WORLD);
  PhaseTimes times;
  times.add(Phase::compute, 10.0 + comm.rank());
  times.add(Phase::update, 2.0);
  const auto spreads = times.over_ranks(comm);
  const auto& compute = spreads[static_cast<std::size_t>(Phase::compute)];
  EXPECT_DOUBLE_EQ(compute.least, 10.0);
  EXPECT_DOUBLE_EQ(compute.mean, 10.0 + (comm.size() - 1) / 2.0);
  EXPECT_DOUBLE_EQ(compute.most, 10.0 + comm.size() - 1);
  const auto json = phases_json(spreads);
  EXPECT_EQ(json["update"], (nlohmann::json{{"min", 2.0}, {"mean", 2.0}, {"max", 2.0}}));
  EXPECT_EQ(json["checkpoint"]["max"], 0.0);
}

TEST(PhaseTimes, AScopeAddsItsTime) {
  PhaseTimes times;
  for (int i = 0; i < 2; ++i) {
    const auto scope = times.measure(Phase::validation);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_GE(times.seconds(Phase::validation), 0.04);
  EXPECT_LT(times.seconds(Phase::validation), 4.0);
}

TEST(PhaseTimes, TheTableHasWhatIsLeft) {
  PhaseTimes::Spreads spreads{};
  spreads[static_cast<std::size_t>(Phase::compute)] = {5, 6, 7};
  const auto text = phases_table(spreads, 8);
  EXPECT_NE(text.find("forward and backward            5.00      6.00      7.00  75.0 %"), std::string::npos) << text;
  EXPECT_NE(text.find(fmt::format("other{:37}2.00{:12}25.0 %", "", "")), std::string::npos) << text;
}

}  // namespace
}  // namespace xxact::pipeline
