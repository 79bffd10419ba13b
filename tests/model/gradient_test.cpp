// Backward against finite differences of the whole objective, in double precision, with dropout and masked labels.
#include <gtest/gtest.h>

#include <limits>

#include "model/objectives.hpp"
#include "tests/model/reference_case.hpp"

namespace xxact::model {
namespace {

struct Problem {
  XxactModel model{nullptr};
  ModelInput input;
  Targets targets;

  torch::Tensor loss() {
    return objective(model->forward(input), targets, {RegressionLoss::robust_l1, 0.05, {1, 0.5, 0.5}}, count_valid(targets)).total;
  }
};

Problem make_problem(NormPlacement norm, Activation activation, PositionScaler scaler) {
  auto reference = reference_case("bimodal_skip");
  reference.config.norm = norm;
  reference.config.activation = activation;
  reference.config.scaler = scaler;
  reference.config.dropout = 0.15;
  Problem problem;
  problem.model = XxactModel(reference.config, reference["table"], 9);
  problem.model->to(torch::kFloat64);
  problem.model->train();
  torch::manual_seed(4);
  {
    torch::NoGradGuard no_grad;
    for (auto& p : problem.model->parameters()) p.add_(0.1 * torch::randn_like(p));
  }
  problem.input = reference.input();
  problem.input.fraction = problem.input.fraction.to(torch::kFloat64);
  problem.input.pattern = problem.input.pattern.to(torch::kFloat64);
  problem.input.sample_key = torch::arange(6, torch::kInt64);
  problem.targets.value[0] = torch::randn({6}, torch::kFloat64);
  problem.targets.value[0][2] = std::numeric_limits<double>::quiet_NaN();
  problem.targets.value[1] = torch::randn({6}, torch::kFloat64);
  problem.targets.value[2] = torch::tensor({0, 1, 2, -1, 4, 5}, torch::kInt64);
  return problem;
}

/// The same model, rebuilding hidden tokens beside its tasks; the pattern is 64 tokens of one point.
Problem make_masked_problem() {
  auto problem = make_problem(NormPlacement::pre, Activation::gelu, PositionScaler::exponent);
  auto config = problem.model->config();
  config.objectives = {Objective::masked};
  config.patch = 1;
  problem.model = XxactModel(config, reference_case("bimodal_skip")["table"], 9);
  problem.model->to(torch::kFloat64);
  problem.input.hidden = torch::stack({torch::randint(0, 32, {6}, torch::kInt64), torch::randint(32, 64, {6}, torch::kInt64)}, 1);
  problem.targets.hidden_points = torch::rand({6, 2, 1}, torch::kFloat64);
  return problem;
}

/// The same model with another encoder of the pattern and a band gap as a mixture, of metals too.
Problem make_variant(XrdEncoderKind encoder, bool sine_squared, bool masked) {
  auto problem = make_problem(NormPlacement::pre, Activation::gelu, PositionScaler::exponent);
  auto config = problem.model->config();
  config.xrd_encoder = encoder;
  config.sine_squared = sine_squared;
  config.gap_head = GapHead::mixture;
  if (masked) {
    config.objectives = {Objective::masked};
    config.patch = 1;
    problem.input.hidden = torch::stack({torch::randint(0, 32, {6}, torch::kInt64), torch::randint(32, 64, {6}, torch::kInt64)}, 1);
    problem.targets.hidden_points = torch::rand({6, 2, 1}, torch::kFloat64);
  }
  problem.model = XxactModel(config, reference_case("bimodal_skip")["table"], 9);
  problem.model->to(torch::kFloat64);
  problem.targets.value[1][1] = problem.targets.value[1][4] = -std::numeric_limits<double>::infinity();
  return problem;
}

/// Compares along one random direction in each parameter: (L(p + h v) - L(p - h v)) / 2h against <gradient, v>.
void expect_gradients(Problem problem) {
  problem.loss().backward();
  constexpr double h = 1e-6;
  for (auto& item : problem.model->named_parameters()) {
    auto& parameter = item.value();
    ASSERT_TRUE(parameter.grad().defined()) << item.key();
    torch::NoGradGuard no_grad;
    const auto direction = torch::randn_like(parameter);
    const auto at = [&](double distance) {
      parameter.add_(direction, distance);
      const double value = problem.loss().item<double>();
      parameter.sub_(direction, distance);
      return value;
    };
    const double numeric = (at(h) - at(-h)) / (2 * h), analytic = (parameter.grad() * direction).sum().item<double>();
    EXPECT_NEAR(analytic, numeric, 1e-6 * std::max(1.0, std::abs(numeric)) + 1e-7) << item.key();
  }
}

TEST(Gradient, AgreesWithFiniteDifferencesInEveryParameterPreNorm) {
  expect_gradients(make_problem(NormPlacement::pre, Activation::gelu, PositionScaler::exponent));
}

TEST(Gradient, AgreesWithFiniteDifferencesInEveryParameterPostNorm) {
  expect_gradients(make_problem(NormPlacement::post, Activation::gelu, PositionScaler::crabnet));
}

TEST(Gradient, AgreesWithFiniteDifferencesOfConvolutions) { expect_gradients(make_variant(XrdEncoderKind::convolution, true, false)); }

TEST(Gradient, AgreesWithFiniteDifferencesOfConvolutionsOverHiddenTokens) { expect_gradients(make_variant(XrdEncoderKind::convolution, false, true)); }

TEST(Gradient, AgreesWithFiniteDifferencesOfPatchesWithAngles) { expect_gradients(make_variant(XrdEncoderKind::transformer, true, false)); }

TEST(Gradient, AgreesWithFiniteDifferencesInEveryParameterOfMaskedModelling) { expect_gradients(make_masked_problem()); }

}  // namespace
}  // namespace xxact::model
