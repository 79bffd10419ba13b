// March-Dollase weights: the closed forms, the mean over the sphere, families.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "pipeline/xrd/texture.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

TEST(Texture, KeepsTheMeanOverTheSphere) {
  for (const double r : {0.1, 0.4, 0.8, 1.0, 1.7, 5.0}) {
    // The mean over directions is the integral over cos a from 0 to 1; midpoints.
    double mean = 0;
    constexpr int steps = 200'000;
    for (int i = 0; i < steps; ++i) {
      const double x = (i + 0.5) / steps;
      mean += march_dollase(r, x * x) / steps;
    }
    EXPECT_NEAR(mean, 1, 1e-5) << r;
    EXPECT_NEAR(march_dollase(r, 1), std::pow(r, -3), 1e-9 * std::pow(r, -3));  // the platelets' own reflection
    EXPECT_NEAR(march_dollase(r, 0), std::pow(r, 1.5), 1e-9);
  }
}

TEST(Texture, IsOneForARandomPowder) {
  const std::array<double, 9> lattice = {3, 0.1, 0, -1, 4, 0.2, 0.5, 0.3, 6};
  const std::vector<std::array<int, 3>> hkl = {{1, 0, 0}, {0, 2, -1}, {3, 1, 4}};
  std::vector<double> weights(3);
  texture_weights(lattice, {1, 1, 0}, 1, hkl, weights);
  for (const double weight : weights) EXPECT_EQ(weight, 1);
}

TEST(Texture, KnowsTheAnglesOfTheReciprocalLattice) {
  // Hexagonal: 001 is across 100, and 100 is 30 degrees from 110 (which is 60 degrees from the next 100).
  const std::array<double, 9> hexagonal = {3, 0, 0, -1.5, 1.5 * std::sqrt(3), 0, 0, 0, 5};
  const std::vector<std::array<int, 3>> hkl = {{0, 0, 2}, {1, 0, 0}, {-1, 0, 0}, {1, 1, 0}, {1, 0, 1}, {0, 1, 0}};
  std::vector<double> weights(hkl.size());
  texture_weights(hexagonal, {0, 0, 1}, 0.5, hkl, weights);
  EXPECT_NEAR(weights[0], 8, 1e-12);
  EXPECT_NEAR(weights[1], std::pow(0.5, 1.5), 1e-12);
  EXPECT_EQ(weights[1], weights[2]);
  EXPECT_NEAR(weights[3], weights[1], 1e-12);
  const double a_star = 2 / (3 * std::sqrt(3)), c_star = 0.2;
  EXPECT_NEAR(weights[4], march_dollase(0.5, c_star * c_star / (a_star * a_star + c_star * c_star)), 1e-12);
  texture_weights(hexagonal, {1, 0, 0}, 0.5, hkl, weights);
  EXPECT_NEAR(weights[3], march_dollase(0.5, 0.75), 1e-12);
  EXPECT_NEAR(weights[5], march_dollase(0.5, 0.25), 1e-12);
  // Orientation and cell of the lattice do not matter: the same directions in a rotated frame.
  std::array<double, 9> rotated{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) rotated[3 * i + j] = hexagonal[3 * i + (j + 1) % 3];
  std::vector<double> again(hkl.size());
  texture_weights(rotated, {1, 0, 0}, 0.5, hkl, again);
  for (std::size_t i = 0; i < hkl.size(); ++i) EXPECT_NEAR(again[i], weights[i], 1e-12);
}

TEST(Texture, AveragesOverAFamily) {
  const std::array<double, 9> cubic = {4, 0, 0, 0, 4, 0, 0, 0, 4};
  const std::vector<std::array<int, 3>> faces = {{1, 0, 0}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}, {0, 0, 1}, {0, 0, -1}};
  const auto mean = [&](const std::array<int, 3>& axis) {
    std::vector<double> weights(faces.size());
    texture_weights(cubic, axis, 0.6, faces, weights);
    return std::accumulate(weights.begin(), weights.end(), 0.0) / 6;
  };
  EXPECT_NEAR(mean({0, 0, 1}), (std::pow(0.6, -3) + 2 * std::pow(0.6, 1.5)) / 3, 1e-12);
  EXPECT_NEAR(mean({0, 0, 1}), mean({1, 0, 0}), 1e-15);
}

TEST(Texture, RefusesByName) {
  const std::array<double, 9> cubic = {4, 0, 0, 0, 4, 0, 0, 0, 4}, flat = {4, 0, 0, 8, 0, 0, 0, 0, 4};
  std::vector<std::array<int, 3>> hkl = {{1, 0, 0}};
  std::vector<double> weights(1), two(2);
  EXPECT_THROW(texture_weights(cubic, {0, 0, 1}, 0, hkl, weights), ConfigError);
  EXPECT_THROW(texture_weights(cubic, {0, 0, 1}, std::nan(""), hkl, weights), ConfigError);
  EXPECT_THROW(texture_weights(cubic, {0, 0, 0}, 0.5, hkl, weights), ConfigError);
  EXPECT_THROW(texture_weights(cubic, {0, 0, 1}, 0.5, hkl, two), ConfigError);
  EXPECT_THROW(texture_weights(flat, {0, 0, 1}, 0.5, hkl, weights), InputError);
  hkl[0] = {0, 0, 0};
  EXPECT_THROW(texture_weights(cubic, {0, 0, 1}, 0.5, hkl, weights), ConfigError);
}

}  // namespace
}  // namespace xxact::xrd
