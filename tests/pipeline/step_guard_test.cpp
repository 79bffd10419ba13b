// Which updates are skipped, and when that ends a run.
#include "pipeline/step_guard.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

/// The guard with the host's way of calling it.
class Guard {
 public:
  Guard(double factor, std::int64_t most) : guard_(factor, most, torch::kCPU) {}
  std::string judge(std::int64_t step, double loss, double norm) {
    const auto skip = guard_.judge(torch::full({}, loss, torch::kFloat32), torch::full({}, norm, torch::kFloat32), verdict_);
    const auto verdict = StepGuard::read(verdict_);
    EXPECT_EQ(skip.item<float>() != 0, verdict.skip);
    EXPECT_EQ(verdict.skipped, guard_.state().skipped);
    return guard_.reason(step, verdict);
  }
  StepGuard::State state() const { return guard_.state(); }
  void restore(const StepGuard::State& state) { guard_.restore(state); }

 private:
  StepGuard guard_;
  torch::Tensor verdict_ = torch::empty({StepGuard::kVerdictSize}, torch::kFloat64);
};

/// A guard that has seen `steps` norms of 2.
Guard seasoned(double factor, std::int64_t steps = 60) {
  Guard guard(factor, 3);
  for (std::int64_t i = 0; i < steps; ++i) EXPECT_EQ(guard.judge(i, 1.0, 2.0), "");
  return guard;
}

TEST(StepGuard, SkipsWhatIsNotFinite) {
  for (const double factor : {0.0, 10.0}) {
    auto guard = seasoned(factor);
    EXPECT_NE(guard.judge(60, std::nan(""), 2.0), "");
    EXPECT_NE(guard.judge(61, 1.0, std::numeric_limits<double>::infinity()), "");
    EXPECT_EQ(guard.judge(62, 1.0, 2.0), "");
    EXPECT_EQ(guard.state().skipped, 2);
    EXPECT_DOUBLE_EQ(guard.state().usual_norm, 2.0) << "what is not finite must not enter the mean";
  }
}

TEST(StepGuard, SkipsSpikesOnceItKnowsWhatIsUsual) {
  auto guard = seasoned(10);
  EXPECT_EQ(guard.judge(60, 1.0, 19.9), "");
  EXPECT_EQ(seasoned(10).judge(60, 1.0, 21.0), "the gradient's norm is 21, 10.5 times the usual 2");
  EXPECT_EQ(seasoned(10, 20).judge(20, 1.0, 1000.0), "") << "too early to tell";
  EXPECT_EQ(seasoned(0).judge(60, 1.0, 1000.0), "") << "switched off";
}

TEST(StepGuard, FollowsNormsThatStayLarge) {
  Guard guard(10, 20);
  for (int i = 0; i < 60; ++i) guard.judge(i, 1.0, 2.0);
  for (int i = 60; i < 90; ++i) guard.judge(i, 1.0, 30.0);
  EXPECT_EQ(guard.judge(90, 1.0, 30.0), "");
  EXPECT_EQ(guard.state().skipped, 3) << "2 (1 + 9/50)^n reaches 3 after the third";
}

TEST(StepGuard, EndsTheRunAfterTooManyInARow) {
  auto guard = seasoned(10);
  for (int i = 0; i < 3; ++i) guard.judge(60 + i, std::nan(""), 2.0);
  auto resumed = seasoned(10);
  resumed.restore(guard.state());
  for (auto* g : {&guard, &resumed}) {
    EXPECT_THROW(g->judge(63, std::nan(""), 2.0), NumericError);
  }
  auto interrupted = seasoned(10);
  for (int i = 0; i < 20; ++i) interrupted.judge(60 + i, i % 4 == 3 ? 1.0 : std::nan(""), 2.0);
  EXPECT_EQ(interrupted.state().skipped, 15);
}

}  // namespace
}  // namespace xxact::pipeline
