// Least squares within bounds and what it stands on, against certified values of NIST and against closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

#include "pipeline/xrd/bounded_least_squares.hpp"
#include "pipeline/xrd/dense_cholesky.hpp"
#include "pipeline/xrd/linear_part.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

/// A model by value and derivatives at each point.
class Curve : public LeastSquaresProblem {
 public:
  using Model = std::function<double(double x, std::span<const double> b, std::span<double> slope)>;
  Curve(std::vector<double> x, std::vector<double> y, std::size_t parameters, Model model) : x_(std::move(x)), y_(std::move(y)), slope_(parameters), model_(std::move(model)) {}

  std::size_t residuals() const override { return x_.size(); }
  void evaluate(std::span<const double> b, std::span<double> residual) override {
    for (std::size_t i = 0; i < x_.size(); ++i) residual[i] = y_[i] - model_(x_[i], b, slope_);
  }
  void differentiate(std::span<const double> b, std::span<const std::size_t> parameters, std::vector<std::vector<double>>& columns) override {
    columns.assign(parameters.size(), std::vector<double>(x_.size()));
    for (std::size_t i = 0; i < x_.size(); ++i) {
      model_(x_[i], b, slope_);
      for (std::size_t k = 0; k < parameters.size(); ++k) columns[k][i] = -slope_[parameters[k]];
    }
  }

 private:
  std::vector<double> x_, y_, slope_;
  Model model_;
};

constexpr double kFar = 1e9;

double saturation(double x, std::span<const double> b, std::span<double> slope) {
  const double decay = std::exp(-b[1] * x);
  slope[0] = 1 - decay, slope[1] = b[0] * x * decay;
  return b[0] * (1 - decay);
}

LeastSquaresOptions to_the_end() {
  LeastSquaresOptions options;
  options.tolerance = 1e-16;
  return options;
}

// NIST StRD, https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
TEST(BoundedLeastSquares, FindsTheCertifiedValuesOfMisra1aAndBoxBod) {
  Curve misra({77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0},
              {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78}, 2, saturation);
  const std::vector<Bounds> free(2, {-kFar, kFar});
  const auto first = minimise(misra, std::array{500.0, 0.0001}, free, to_the_end());
  EXPECT_TRUE(first.converged);
  EXPECT_NEAR(first.x[0], 2.3894212918e2, 1e-7 * 2.4e2);
  EXPECT_NEAR(first.x[1], 5.5015643181e-4, 1e-7 * 5.5e-4);
  EXPECT_NEAR(first.sum, 1.2455138894e-1, 1e-9);
  Curve box({1, 2, 3, 5, 7, 10}, {109, 149, 149, 191, 213, 224}, 2, saturation);
  for (const std::array<double, 2> start : {std::array{100.0, 0.75}, std::array{200.0, 0.3}}) {
    const auto second = minimise(box, start, free, to_the_end());
    EXPECT_TRUE(second.converged);
    EXPECT_NEAR(second.x[0], 2.1380940889e2, 1e-6 * 2.1e2);
    EXPECT_NEAR(second.x[1], 5.4723748542e-1, 1e-6);
    EXPECT_NEAR(second.sum, 1.1680088766e3, 1e-6);
  }
}

TEST(BoundedLeastSquares, LinearProblemsEndAtTheBestOfAllSetsOfBounds) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(-1, 1);
  constexpr std::size_t n = 4, points = 9;
  int most_iterations = 0;
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::vector<double> x(points), y(points);
    std::vector<std::array<double, n>> row(points);
    for (std::size_t i = 0; i < points; ++i) {
      x[i] = static_cast<double>(i), y[i] = 3 * uniform(random);
      for (double& value : row[i]) value = uniform(random);
    }
    std::vector<Bounds> bounds(n);
    for (Bounds& bound : bounds) bound = {-0.5 - uniform(random) / 3, 0.5 + uniform(random) / 3};
    Curve linear(x, y, n, [&](double at, std::span<const double> b, std::span<double> slope) {
      const auto& values = row[static_cast<std::size_t>(at)];
      std::ranges::copy(values, slope.begin());
      return std::inner_product(values.begin(), values.end(), b.begin(), 0.0);
    });
    // Each parameter free, low or high; the free ones solved for; the best point within the bounds wins.
    double best = std::numeric_limits<double>::infinity();
    for (int set = 0; set < 81; ++set) {
      std::vector<double> b(n);
      std::vector<std::size_t> free;
      for (std::size_t k = 0, digit = static_cast<std::size_t>(set); k < n; ++k, digit /= 3) {
        if (digit % 3 == 0) free.push_back(k);
        else b[k] = digit % 3 == 1 ? bounds[k].low : bounds[k].high;
      }
      std::vector<double> matrix(free.size() * free.size()), right(free.size());
      for (std::size_t i = 0; i < points; ++i) {
        const double rest = y[i] - std::inner_product(b.begin(), b.end(), row[i].begin(), 0.0);
        for (std::size_t a = 0; a < free.size(); ++a) {
          right[a] += row[i][free[a]] * rest;
          for (std::size_t c = 0; c < free.size(); ++c) matrix[a * free.size() + c] += row[i][free[a]] * row[i][free[c]];
        }
      }
      Cholesky(matrix, free.size()).solve(right);
      for (std::size_t a = 0; a < free.size(); ++a) b[free[a]] = right[a];
      bool inside = true;
      double sum = 0;
      for (std::size_t k = 0; k < n; ++k) inside &= b[k] >= bounds[k].low - 1e-12 && b[k] <= bounds[k].high + 1e-12;
      for (std::size_t i = 0; i < points; ++i) sum += std::pow(y[i] - std::inner_product(b.begin(), b.end(), row[i].begin(), 0.0), 2);
      if (inside) best = std::min(best, sum);
    }
    const auto found = minimise(linear, std::vector<double>(n, 0.1), bounds, to_the_end());
    EXPECT_TRUE(found.converged) << repeat;
    EXPECT_NEAR(found.sum, best, 1e-9 * best) << repeat;
    most_iterations = std::max(most_iterations, found.iterations);
    for (std::size_t k = 0; k < n; ++k) EXPECT_TRUE(found.x[k] >= bounds[k].low && found.x[k] <= bounds[k].high);
  }
  // Each step is the best within the bounds: only the damping, which falls by five each time, is in the way.
  EXPECT_LE(most_iterations, 6);
}

TEST(BoundedLeastSquares, FixedParametersStayAndParametersWithoutEffectDoNotStopTheOthers) {
  Curve curve({0, 1, 2, 3, 4}, {1, 3.1, 4.9, 7, 9.1}, 3, [](double x, std::span<const double> b, std::span<double> slope) {
    slope[0] = 1, slope[1] = x, slope[2] = 0;
    return b[0] + b[1] * x;
  });
  const auto fixed = minimise(curve, std::array{0.5, 0.0, 7.0}, std::vector<Bounds>{{0.5, 0.5}, {-kFar, kFar}, {-kFar, kFar}}, to_the_end());
  EXPECT_TRUE(fixed.converged);
  EXPECT_EQ(fixed.x[0], 0.5);
  // Sum of x (y - 1/2) over the sum of x^2.
  EXPECT_NEAR(fixed.x[1], (2.6 + 8.8 + 19.5 + 34.4) / 30, 1e-9);
  EXPECT_EQ(fixed.x[2], 7);
}

TEST(BoundedLeastSquares, SaysWhenItDoesNotConverge) {
  Curve curve({77.6, 239.9, 434.8, 760.0}, {10.07, 29.61, 50.76, 81.78}, 2, saturation);
  LeastSquaresOptions options;
  options.most_iterations = 1;
  EXPECT_FALSE(minimise(curve, std::array{500.0, 0.0001}, std::vector<Bounds>(2, {-kFar, kFar}), options).converged);
  EXPECT_THROW(minimise(curve, std::array{500.0, 0.0001}, std::vector<Bounds>(1, {-kFar, kFar}), options), ConfigError);
  EXPECT_THROW(minimise(curve, std::array{500.0, 0.0001}, std::vector<Bounds>(2, {kFar, -kFar}), options), ConfigError);
  options.other_parameters = 2;
  EXPECT_THROW(minimise(curve, std::array{500.0, 0.0001}, std::vector<Bounds>(2, {-kFar, kFar}), options), ConfigError);
  options.other_parameters = 0;
  EXPECT_THROW(minimise(curve, std::array{std::nan(""), 0.0001}, std::vector<Bounds>(2, {-kFar, kFar}), options), InputError);
}

TEST(Cholesky, SolvesAndInvertsAndNamesADependentRow) {
  // Hilbert's matrix of order 4, rows in very different units; its inverse is whole numbers.
  const std::array<double, 4> unit = {1, 1e6, 1e-7, 30};
  const std::array<double, 16> inverse = {16, -120, 240, -140, -120, 1200, -2700, 1680, 240, -2700, 6480, -4200, -140, 1680, -4200, 2800};
  std::vector<double> matrix(16), right(4, 0.0);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j) {
      matrix[i * 4 + j] = unit[i] * unit[j] / static_cast<double>(i + j + 1);
      right[i] += matrix[i * 4 + j] * static_cast<double>(j + 1);
    }
  const Cholesky factor(matrix, 4);
  ASSERT_FALSE(factor.dependent_row());
  factor.solve(right);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(right[i], static_cast<double>(i + 1), 1e-9 / unit[i] * 1e6);
  const std::vector<double> found = factor.inverse();
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(found[i * 4 + j] * unit[i] * unit[j], inverse[i * 4 + j], 1e-8 * std::abs(inverse[i * 4 + j]));
  const std::array<double, 9> dependent = {2, 1, 3, 1, 5, 6, 3, 6, 9};  // the third row is the sum of the others
  EXPECT_EQ(Cholesky(dependent, 3).dependent_row(), 2U);
  EXPECT_EQ(Cholesky(std::array{1.0, 0.0, 0.0, 0.0}, 2).dependent_row(), 1U);
}

/// Two overlapping profiles and one that only noise asks for.
struct Mixture {
  std::vector<double> position, intensity, root_weight;
  std::vector<std::vector<double>> profiles;

  explicit Mixture(double shift = 0) {
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    profiles.assign(3, {});
    for (int i = 0; i < 400; ++i) {
      const double x = i / 199.5 - 1;
      position.push_back(x);
      root_weight.push_back(0.2 + 0.1 * std::cos(3 * x));
      for (std::size_t p = 0; p < 3; ++p) profiles[p].push_back(std::exp(-50 * std::pow(x - 0.1 * static_cast<double>(p) + 0.3 - shift, 2)));
      intensity.push_back(5 + 2 * x - x * x * x + 9 * std::exp(-50 * std::pow(x + 0.3, 2)) + 4 * std::exp(-50 * std::pow(x + 0.2, 2)) - 2 * std::exp(-50 * std::pow(x + 0.1, 2)) + 0.1 * normal(random));
    }
  }
};

TEST(LinearPart, SolutionFulfilsTheConditionsOfNonNegativeLeastSquares) {
  const Mixture mixture;
  LinearPart part(mixture.position, mixture.intensity, mixture.root_weight, 5);
  std::vector<double> residual(400), terms(5);
  part.solve(mixture.profiles, residual);
  const std::vector<double>& factor = part.factors();
  const std::vector<double> background = part.background_coefficients();
  EXPECT_GT(factor[0], 0);
  EXPECT_GT(factor[1], 0);
  EXPECT_EQ(factor[2], 0);
  std::array<double, 3> slope{};
  std::array<double, 5> background_slope{};
  for (std::size_t i = 0; i < 400; ++i) {
    const double x = mixture.position[i];
    const std::array<double, 5> powers = {1, x, 2 * x * x - 1, 4 * x * x * x - 3 * x, 8 * x * x * x * x - 8 * x * x + 1};
    chebyshev_terms(x, terms);
    double calculated = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      EXPECT_NEAR(terms[k], powers[k], 1e-12);
      calculated += background[k] * powers[k];
    }
    for (std::size_t p = 0; p < 3; ++p) calculated += factor[p] * mixture.profiles[p][i];
    const double expected = (mixture.intensity[i] - calculated) * mixture.root_weight[i];
    EXPECT_NEAR(residual[i], expected, 1e-9);
    for (std::size_t p = 0; p < 3; ++p) slope[p] += expected * mixture.profiles[p][i] * mixture.root_weight[i];
    for (std::size_t k = 0; k < 5; ++k) background_slope[k] += expected * powers[k] * mixture.root_weight[i];
  }
  for (const double value : background_slope) EXPECT_NEAR(value, 0, 1e-9);
  EXPECT_NEAR(slope[0], 0, 1e-9);
  EXPECT_NEAR(slope[1], 0, 1e-9);
  EXPECT_LT(slope[2], 0);  // more of the third would only be worse
}

TEST(LinearPart, ProjectedChangesGiveTheSlopeOfTheSumOfSquares) {
  const Mixture mixture;
  LinearPart part(mixture.position, mixture.intensity, mixture.root_weight, 4);
  const auto sum = [&](double shift) {
    std::vector<double> residual(400);
    part.solve(Mixture(shift).profiles, residual);
    return std::inner_product(residual.begin(), residual.end(), residual.begin(), 0.0);
  };
  const double h = 1e-5, numeric = (sum(0.02 + h) - sum(0.02 - h)) / (2 * h);
  std::vector<double> residual(400), change(400);
  part.solve(Mixture(0.02).profiles, residual);
  const Mixture more(0.02 + h), less(0.02 - h), here(0.02);
  for (std::size_t i = 0; i < 400; ++i)
    for (std::size_t p = 0; p < 3; ++p) change[i] += part.factors()[p] * (more.profiles[p][i] - less.profiles[p][i]) / (2 * h);
  part.project(change);
  EXPECT_NEAR(2 * std::inner_product(change.begin(), change.end(), residual.begin(), 0.0), numeric, 1e-5 * std::abs(numeric));
  // What the linear unknowns can undo is no change: nothing of it is left.
  for (std::size_t p = 0; p < 3; ++p) {
    if (part.factors()[p] == 0) continue;
    double overlap = 0;
    for (std::size_t i = 0; i < 400; ++i) overlap += change[i] * mixture.root_weight[i] * here.profiles[p][i];
    EXPECT_NEAR(overlap, 0, 1e-9);
  }
}

TEST(LinearPart, NonNegativeSolutionIsTheBestOfAllSets) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> uniform(-1, 1);
  constexpr std::size_t n = 5;
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::vector<double> rows(n * 8), gram(n * n, 0.0), right(n);
    for (double& value : rows) value = uniform(random);
    for (double& value : right) value = uniform(random);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < 8; ++k) gram[i * n + j] += rows[i * 8 + k] * rows[j * 8 + k];
    const auto quadratic = [&](const std::vector<double>& x) {
      double value = 0;
      for (std::size_t i = 0; i < n; ++i) {
        value -= 2 * right[i] * x[i];
        for (std::size_t j = 0; j < n; ++j) value += x[i] * gram[i * n + j] * x[j];
      }
      return value;
    };
    double best = 0;
    for (unsigned set = 1; set < 1U << n; ++set) {
      std::vector<std::size_t> present;
      for (std::size_t i = 0; i < n; ++i)
        if ((set >> i & 1U) != 0) present.push_back(i);
      std::vector<double> matrix, b, x(n, 0.0);
      for (const std::size_t i : present) {
        b.push_back(right[i]);
        for (const std::size_t j : present) matrix.push_back(gram[i * n + j]);
      }
      Cholesky(matrix, present.size()).solve(b);
      for (std::size_t a = 0; a < present.size(); ++a) x[present[a]] = b[a];
      if (std::ranges::all_of(x, [](double value) { return value >= 0; })) best = std::min(best, quadratic(x));
    }
    EXPECT_NEAR(quadratic(solve_non_negative(gram, right)), best, 1e-9) << repeat;
  }
}

TEST(LinearPart, RefusesBackgroundsThatThePointsDoNotDetermine) {
  const std::vector<double> position = {-1, -0.5, 0, 0.5, 1}, same(5, 0.3), one(5, 1.0);
  EXPECT_THROW(LinearPart(position, one, one, 0), ConfigError);
  EXPECT_THROW(LinearPart(position, one, one, kMostBackgroundTerms + 1), ConfigError);
  EXPECT_THROW(LinearPart(position, one, one, 5), InputError);
  EXPECT_THROW(LinearPart(same, one, one, 2), InputError);
}

}  // namespace
}  // namespace xxact::xrd
