// Fits of power laws: exact data, derivatives, the refit of Chinchilla's points.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>

#include "pipeline/scaling_law/power_law.hpp"
#include "src/base/error.hpp"

namespace xxact::scaling_law {
namespace {

std::vector<Observation> exact(const PowerLaw& law, std::vector<double> sizes) {
  std::vector<Observation> observations;
  for (const double size : sizes) observations.push_back({{size}, law({&size, 1})});
  return observations;
}

TEST(PowerLawFit, FindsTheLawOfExactData) {
  for (const auto& truth : {PowerLaw{{0.07}, {0.335}, 0}, PowerLaw{{30}, {0.8}, 0}, PowerLaw{{2}, {0.335}, 0.05}, PowerLaw{{0.14}, {0.046}, 0}}) {
    const auto observations = exact(truth, {230, 460, 920, 1840, 3680, 7360});
    const auto fitted = fit(observations, {truth.floor > 0});
    EXPECT_NEAR(fitted.law.exponent[0], truth.exponent[0], 1e-5);
    EXPECT_NEAR(fitted.law.scale[0], truth.scale[0], 1e-4 * truth.scale[0]);
    EXPECT_NEAR(fitted.law.floor, truth.floor, 1e-6);
    EXPECT_LT(fitted.objective, 1e-12);
  }
}

TEST(PowerLawFit, DerivativesAreThose) {
  const auto fitted = fit(exact({{2}, {0.5}, 0.05}, {100, 200, 400, 800}), {true});
  const double size = 333, step = 1e-6;
  const auto at = log_loss(fitted, {&size, 1});
  for (std::size_t p = 0; p < 3; ++p) {
    auto moved = fitted;
    moved.parameter[p] += step;
    EXPECT_NEAR(at.gradient[p], (log_loss(moved, {&size, 1}).value - at.value) / step, 1e-5);
  }
  EXPECT_NEAR(std::exp(at.value), fitted.law({&size, 1}), 1e-9);
}

TEST(PowerLawFit, AnOutlierDoesLittleHarm) {
  auto observations = exact({{2}, {0.4}, 0}, {100, 200, 400, 800, 1600, 3200});
  const auto clean = observations;
  observations.insert(observations.end(), clean.begin(), clean.end());
  for (std::size_t i = 0; i < observations.size(); ++i) observations[i].loss *= 1 + 0.01 * (i % 3 == 0 ? -1 : i % 3 == 1 ? 0 : 1);
  observations[5].loss *= 3;
  EXPECT_NEAR(fit(observations, {false}).law.exponent[0], 0.4, 0.02);
  EXPECT_GT(std::abs(fit(observations, {false, INFINITY}).law.exponent[0] - 0.4), 0.05) << "least squares follows it";
}

TEST(PowerLawFit, ProfilesAreLeastAtTheFit) {
  auto observations = exact({{2}, {0.4}, 0.05}, {100, 200, 400, 800, 1600, 3200});
  for (std::size_t i = 0; i < observations.size(); ++i) observations[i].loss *= 1 + 0.01 * (i % 2 == 0 ? -1 : 1);
  const auto fitted = fit(observations, {true});
  for (const double anchor : {0.0, fitted.centre[0]})
    for (std::size_t p = 0; p < 3; ++p) {
      const double best = parameters_at(fitted, anchor)[p];
      EXPECT_NEAR(profile(observations, fitted, anchor, p, best), fitted.objective, 1e-6 * fitted.objective);
      EXPECT_GT(profile(observations, fitted, anchor, p, best + 0.1), 1.0001 * fitted.objective);
      EXPECT_GT(profile(observations, fitted, anchor, p, best - 0.1), 1.0001 * fitted.objective);
    }
}

TEST(PowerLawFit, NamesWhatCannotBeFitted) {
  const auto message = [](std::vector<Observation> observations, bool floor) -> std::string {
    try {
      fit(observations, {floor});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message({}, false).find("there are none"), std::string::npos);
  EXPECT_NE(message({{{1}, 1}, {{2}, -1}}, false).find("observation 2: the loss -1"), std::string::npos);
  EXPECT_NE(message({{{1}, 1}, {{NAN}, 1}}, false).find("observation 2: the size"), std::string::npos);
  EXPECT_NE(message({{{1}, 1}, {{1, 2}, 1}}, false).find("2 sizes"), std::string::npos);
  EXPECT_NE(message({{{1}, 1}, {{1}, 2}, {{1}, 2}}, false).find("1 distinct sizes"), std::string::npos);
  EXPECT_NE(message({{{1}, 1}, {{2}, 2}, {{1}, 2}}, true).find("with a floor, which needs 3"), std::string::npos);
}

/// Model size, training FLOP and loss of Hoffmann et al. (2022), figure 4, as Besiroglu et al. (2024) read them off; these leave out the five runs of greatest loss.
std::vector<Observation> chinchilla() {
  std::ifstream file(XXACT_SOURCE_DIR "/tests/scaling_law/chinchilla_points.csv");
  std::vector<Observation> observations;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    double parameters = 0, operations = 0, loss = 0;
    char comma = 0;
    fields >> parameters >> comma >> operations >> comma >> loss;
    observations.push_back({{parameters, operations / (6 * parameters)}, loss});
  }
  std::ranges::sort(observations, {}, [](const Observation& o) { return o.loss; });
  observations.resize(observations.size() - 5);
  return observations;
}

TEST(PowerLawFit, RefitsChinchilla) {
  const auto observations = chinchilla();
  ASSERT_EQ(observations.size(), 240U);
  const auto fitted = fit(observations, {true, 1e-3});
  // Besiroglu et al., with a standard error of 124.58, 1293.23, 0.03, 0.02, 0.02.
  EXPECT_NEAR(fitted.law.scale[0], 482.01, 10);
  EXPECT_NEAR(fitted.law.scale[1], 2085.43, 80);
  EXPECT_NEAR(fitted.law.floor, 1.8172, 0.001);
  EXPECT_NEAR(fitted.law.exponent[0], 0.3478, 0.001);
  EXPECT_NEAR(fitted.law.exponent[1], 0.3658, 0.002);
  // Theirs, and the values that Hoffmann et al. took their law from (a 6.0073, b 6.0179, e 0.5267, alpha 0.3392, beta 0.2849), fit these points no better.
  const auto objective_of = [&](const PowerLaw& law) {
    double sum = 0;
    for (const auto& o : observations) {
      const double residual = std::abs(std::log(o.loss) - std::log(law(o.size)));
      sum += residual <= 1e-3 ? 0.5 * residual * residual : 1e-3 * (residual - 0.5e-3);
    }
    return sum;
  };
  EXPECT_LT(fitted.objective, objective_of({{482.01, 2085.43}, {0.3478, 0.3658}, 1.8172}));
  EXPECT_LT(1.2 * fitted.objective, objective_of({{std::exp(6.0073), std::exp(6.0179)}, {0.3392, 0.2849}, std::exp(0.5267)}));
  std::cout << "a " << std::log(fitted.law.scale[0]) << ", b " << std::log(fitted.law.scale[1]) << ", e " << std::log(fitted.law.floor) << ", alpha " << fitted.law.exponent[0] << ", beta "
            << fitted.law.exponent[1] << ", objective " << fitted.objective << "\n";
}

}  // namespace
}  // namespace xxact::scaling_law
