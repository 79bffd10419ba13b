// The way of a measured pattern to the model's grid against closed forms and against the simulator.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "pipeline/xrd/measured.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

constexpr double kMo = 0.70930, kCu = 1.54056, kSiliconEdge = 5.43102;

OwnedStructure silicon() {
  OwnedStructure structure = cubic(kSiliconEdge);
  for (const auto& [x, y, z] : {std::array{0.0, 0.0, 0.0}, {0.0, 0.5, 0.5}, {0.5, 0.0, 0.5}, {0.5, 0.5, 0.0}})
    structure.add(14, x, y, z), structure.add(14, x + 0.25, y + 0.25, z + 0.25);
  return structure;
}

double two_theta(double wavelength, double d) { return 2 * std::asin(wavelength / (2 * d)) * 180 / std::numbers::pi; }
double gaussian(double x, double centre, double fwhm) { return std::exp(-4 * std::numbers::ln2 * (x - centre) * (x - centre) / (fwhm * fwhm)); }

struct Points {
  std::vector<double> x, y;
};

template <class Function>
Points sampled(double from, double to, double step, Function intensity) {
  Points points;
  const auto n = static_cast<int>(std::lround((to - from) / step));
  for (int i = 0; i <= n; ++i) points.x.push_back(from + i * step), points.y.push_back(intensity(points.x.back()));
  return points;
}

MeasurementOptions as_it_is(double wavelength = 1.54184) {
  MeasurementOptions options;
  options.wavelength_angstrom = wavelength;
  options.background = Background::none;
  return options;
}

PatternOptions grid_of(double from, double to, int points, bool square_root = false) {
  PatternOptions options;
  options.grid = {from, to, points};
  options.square_root = square_root;
  return options;
}

/// The simulator's pattern as an instrument would give it: points at the centres of a fine grid.
Points simulated(const StructureView& structure, double wavelength, double fwhm, double to, double step) {
  PatternOptions options = grid_of(5, to, static_cast<int>(std::lround((to - 5) / step)));
  options.simulation.wavelength_angstrom = wavelength;
  options.simulation.two_theta_max_deg = to;
  options.simulation.dispersion = false;
  options.fwhm_deg = fwhm;
  Simulator simulator(options);
  std::vector<float> pattern(static_cast<std::size_t>(options.grid.points));
  simulator.pattern(structure, 0, pattern);
  Points points;
  for (int i = 0; i < options.grid.points; ++i) points.x.push_back(options.grid.centre_deg(i)), points.y.push_back(pattern[static_cast<std::size_t>(i)]);
  return points;
}

double area(const std::vector<float>& pattern, const Grid& grid, double from, double to) {
  double sum = 0;
  for (int i = 0; i < grid.points; ++i)
    if (grid.centre_deg(i) > from && grid.centre_deg(i) < to) sum += static_cast<double>(pattern[static_cast<std::size_t>(i)]) * grid.step_deg();
  return sum;
}

double centroid(const std::vector<float>& pattern, const Grid& grid) {
  double sum = 0, moment = 0;
  for (int i = 0; i < grid.points; ++i) {
    const auto y = static_cast<double>(pattern[static_cast<std::size_t>(i)]);
    sum += y, moment += y * grid.centre_deg(i);
  }
  return moment / sum;
}

TEST(Wavelength, MovesTheSiliconLinesFromMolybdenumToCopper) {
  for (const int hkl_squared : {3, 8, 11, 16, 19, 24}) {  // 111, 220, 311, 400, 331, 422
    const double d = kSiliconEdge / std::sqrt(hkl_squared);
    EXPECT_NEAR(at_wavelength(two_theta(kMo, d), kMo, kCu).value(), two_theta(kCu, d), 1e-11);
    EXPECT_NEAR(at_wavelength(two_theta(kCu, d), kCu, kMo).value(), two_theta(kMo, d), 1e-11);
  }
  EXPECT_FALSE(at_wavelength(60, kMo, kCu));

  const double d = kSiliconEdge / std::sqrt(8), narrow = 0.02;
  const Points points = sampled(5, 50, 0.002, [d, narrow](double x) { return gaussian(x, two_theta(kMo, d), narrow); });
  PatternOptions model = grid_of(5, 90, 8500);
  model.simulation.wavelength_angstrom = kCu;
  const MeasuredOnGrid moved = on_model_grid(points.x, points.y, model, as_it_is(kMo));
  EXPECT_NEAR(centroid(moved.pattern, model.grid), two_theta(kCu, d), 1e-4);
}

TEST(Wavelength, IntegratedIntensitiesBecomeThoseOfTheOtherWavelength) {
  const OwnedStructure structure = silicon();
  const Points molybdenum = simulated(structure.view(), kMo, 0.05, 45, 0.005), copper = simulated(structure.view(), kCu, 0.15, 90, 0.01);
  PatternOptions model = grid_of(5, 90, 8500);
  model.simulation.wavelength_angstrom = kCu;
  const MeasuredOnGrid moved = on_model_grid(molybdenum.x, molybdenum.y, model, as_it_is(kMo));
  const std::vector<float> direct(copper.y.begin(), copper.y.end());
  const auto area_at = [&](const std::vector<float>& pattern, int hkl_squared) {
    const double at = two_theta(kCu, kSiliconEdge / std::sqrt(hkl_squared));
    return area(pattern, model.grid, at - 1.5, at + 1.5);
  };
  for (const int hkl_squared : {8, 11, 16, 19, 24})
    EXPECT_NEAR(area_at(moved.pattern, hkl_squared) / area_at(moved.pattern, 3), area_at(direct, hkl_squared) / area_at(direct, 3), 0.003) << hkl_squared;
}

TEST(Inverse, OfASimulatedPatternIsTheDirectSimulation) {
  // The mean over a bin of width h lies below the value at its centre by h^2 / (24 sigma^2) at a line's top.
  struct Case {
    int points;
    double fwhm, tolerance;
  };
  for (const ReferenceStructure& reference : textbook_structures())
    for (const Case& c : {Case{1024, 0.5, 5.5e-3}, Case{8500, 0.15, 1.5e-3}})
      for (const bool square_root : {false, true}) {
        SCOPED_TRACE(reference.name);
        PatternOptions model = grid_of(5, 90, c.points, square_root);
        model.simulation.dispersion = false;
        model.fwhm_deg = c.fwhm;
        Simulator simulator(model);
        std::vector<float> direct(static_cast<std::size_t>(c.points));
        simulator.pattern(reference.structure.view(), 0, direct);
        const Points points = simulated(reference.structure.view(), 1.54184, c.fwhm, 90, 0.005);
        const MeasuredOnGrid inverse = on_model_grid(points.x, points.y, model, as_it_is());
        double largest = 0;
        for (std::size_t i = 0; i < direct.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(inverse.pattern[i] - direct[i])));
        EXPECT_LE(largest, c.tolerance);
        EXPECT_EQ(std::count(inverse.measured.begin(), inverse.measured.end(), 1), c.points);
      }
}

TEST(Bins, WiderThanTheStepsConserveAreas) {
  // Two narrow lines of one height, one in the middle of a bin, one near an edge: equal in wide bins, lost by sampling.
  const Points points = sampled(10, 50, 0.01, [](double x) { return gaussian(x, 20.5, 0.05) + gaussian(x, 30.9, 0.05); });
  const PatternOptions model = grid_of(10, 50, 40);
  const MeasuredOnGrid bins = on_model_grid(points.x, points.y, model, as_it_is());
  EXPECT_NEAR(bins.pattern[10], 1, 1e-6);
  EXPECT_NEAR(area(bins.pattern, model.grid, 29, 33), area(bins.pattern, model.grid, 19, 23), 1e-6);
}

TEST(Bins, NarrowerThanTheStepsAreInterpolated) {
  const Points points = sampled(10, 50, 0.4, [](double x) { return 2 + std::sin(x); });
  const PatternOptions model = grid_of(10, 50, 4000);
  const MeasuredOnGrid bins = on_model_grid(points.x, points.y, model, as_it_is());
  const double strongest = *std::ranges::max_element(points.y);
  for (int i = 0; i < 4000; ++i) {
    const double x = model.grid.centre_deg(i), at = (x - 10) / 0.4, t = at - std::floor(at);
    if (t < 0.02 || t > 0.98) continue;  // a bin with a point in it is the mean of two lines
    const auto j = static_cast<std::size_t>(at);
    ASSERT_NEAR(bins.pattern[static_cast<std::size_t>(i)], (points.y[j] * (1 - t) + points.y[j + 1] * t) / strongest, 3e-4) << x;
  }
}

TEST(Mask, IsOneWhereTheBinsCentreWasMeasured) {
  Points points = sampled(20, 60, 0.02, [](double x) { return 1 + gaussian(x, 30, 0.2); });
  const auto begin = std::ranges::lower_bound(points.x, 40.0) - points.x.begin(), end = std::ranges::lower_bound(points.x, 42.0) - points.x.begin();
  points.x.erase(points.x.begin() + begin, points.x.begin() + end), points.y.erase(points.y.begin() + begin, points.y.begin() + end);
  const PatternOptions model = grid_of(5, 90, 1024);
  const MeasuredOnGrid result = on_model_grid(points.x, points.y, model, as_it_is());
  for (int i = 0; i < 1024; ++i) {
    const double x = model.grid.centre_deg(i);
    const bool expected = x >= 20 && x <= 60 && !(x > 39.98 && x < 42);
    ASSERT_EQ(result.measured[static_cast<std::size_t>(i)], expected) << x;
    ASSERT_EQ(result.pattern[static_cast<std::size_t>(i)] > 0.4F, expected) << x;
    ASSERT_TRUE(expected || result.pattern[static_cast<std::size_t>(i)] == 0.0F) << x;
  }
}

TEST(Mask, EndsWhereTheOtherWavelengthDoes) {
  const Points points = sampled(5, 90, 0.02, [](double) { return 1.0; });
  PatternOptions model = grid_of(5, 180, 1750);
  model.simulation.wavelength_angstrom = kCu;
  const MeasuredOnGrid result = on_model_grid(points.x, points.y, model, as_it_is(kMo));
  const double first = *at_wavelength(5, kMo, kCu);
  for (int i = 0; i < 1750; ++i) {
    const double x = model.grid.centre_deg(i);
    ASSERT_TRUE(x > 170 || result.measured[static_cast<std::size_t>(i)] == (x > first)) << x;
  }
}

TEST(Normalisation, StrongestIsOneNegativeIsZeroThenTheSquareRoot) {
  const Points points = sampled(10, 50, 0.01, [](double x) { return 250 * gaussian(x, 30, 1) + 1000 * gaussian(x, 40, 1) - 5; });
  const MeasuredOnGrid plain = on_model_grid(points.x, points.y, grid_of(10, 50, 400), as_it_is());
  const MeasuredOnGrid root = on_model_grid(points.x, points.y, grid_of(10, 50, 400, true), as_it_is());
  EXPECT_FLOAT_EQ(*std::ranges::max_element(plain.pattern), 1);
  EXPECT_FLOAT_EQ(*std::ranges::min_element(plain.pattern), 0);
  for (std::size_t i = 0; i < 400; ++i) ASSERT_NEAR(root.pattern[i] * root.pattern[i], plain.pattern[i], 1e-6);
}

TEST(ZeroError, IsSubtractedFromTheAngles) {
  const Points points = sampled(-0.5, 60, 0.01, [](double x) { return gaussian(x, 30.3, 0.2); });
  Points shown = points;
  for (double& x : shown.x) x += 0.5;
  MeasurementOptions options = as_it_is();
  options.zero_error_deg = 0.5;
  const PatternOptions model = grid_of(20, 50, 600);
  EXPECT_NEAR(centroid(on_model_grid(shown.x, shown.y, model, options).pattern, model.grid), 30.3, 1e-6);
  options.zero_error_deg = 6;
  EXPECT_THROW(on_model_grid(shown.x, shown.y, model, options), ConfigError);
}

TEST(Background, IsTakenOffBeforeAnythingElse) {
  const auto lines = [](double x) { return 400 * gaussian(x, 30, 0.2) + 1000 * gaussian(x, 40, 0.2); };
  const Points clean = sampled(10, 80, 0.02, lines), raised = sampled(10, 80, 0.02, [&lines](double x) { return lines(x) + 300 - 2 * x; });
  const PatternOptions model = grid_of(5, 90, 1024);
  MeasurementOptions with_background = as_it_is();
  with_background.background = Background::snip;
  const MeasuredOnGrid expected = on_model_grid(clean.x, clean.y, model, as_it_is()), found = on_model_grid(raised.x, raised.y, model, with_background);
  for (std::size_t i = 0; i < expected.pattern.size(); ++i) ASSERT_NEAR(found.pattern[i], expected.pattern[i], 1e-3) << i;
  EXPECT_EQ(found.measured, expected.measured);
}

TEST(Alpha2, IsRemovedByRachingersCorrection) {
  const Alpha2Removal doublet{1.54056, 1.54439, 0.5};
  const double d = 1.2;
  const auto alpha1 = [&](double x) { return 1000 * gaussian(x, two_theta(doublet.alpha1_angstrom, d), 0.1); };
  // Intensities of the doublet as functions of sin(theta)/lambda are one shape: each angle of K-alpha2 has its angle of K-alpha1.
  const auto both = [&](double x) { return alpha1(x) + doublet.ratio * alpha1(*at_wavelength(x, doublet.alpha2_angstrom, doublet.alpha1_angstrom)); };
  const Points points = sampled(70, 90, 0.01, both);
  const std::vector<double> alone = without_alpha2(points.x, points.y, doublet);
  for (std::size_t i = 0; i < alone.size(); ++i) ASSERT_NEAR(alone[i], alpha1(points.x[i]), 5) << points.x[i];
  // At low angles the doublet is closer than a step.
  const Points flat = sampled(5, 20, 0.02, [](double) { return 3.0; });
  for (const double y : without_alpha2(flat.x, flat.y, doublet)) ASSERT_NEAR(y, 2, 1e-9);
  EXPECT_NEAR(mean_wavelength(1.54056, 1.54439, 0.5), 1.541837, 1e-6);
  EXPECT_THROW(without_alpha2(flat.x, flat.y, {1.55, 1.54, 0.5}), ConfigError);
  EXPECT_THROW(without_alpha2(flat.x, flat.y, {1.54, 1.55, 1.5}), ConfigError);

  MeasurementOptions options = as_it_is(1.54056);
  options.remove_alpha2 = doublet;
  PatternOptions model = grid_of(70, 90, 2000);
  model.simulation.wavelength_angstrom = 1.54056;
  EXPECT_NEAR(centroid(on_model_grid(points.x, points.y, model, options).pattern, model.grid), two_theta(1.54056, d), 2e-3);
}

template <class Exception>
std::string reason_of(const Points& points, const PatternOptions& model, const MeasurementOptions& options) {
  try {
    on_model_grid(points.x, points.y, model, options);
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Errors, NameThePointAndTheReason) {
  const PatternOptions model = grid_of(5, 90, 1024);
  const Points good = sampled(10, 20, 0.1, [](double) { return 1.0; });
  const auto contains = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos ? std::string() : text; };
  const auto input = [&](auto change, const PatternOptions& options) {
    Points points = good;
    change(points);
    return reason_of<InputError>(points, options, as_it_is());
  };
  EXPECT_EQ(contains(input([](Points& p) { p.y[2] = std::nan(""); }, model), "point 3 of a measured pattern: intensity is nan"), "");
  EXPECT_EQ(contains(input([](Points& p) { p.y[2] = 1e300; }, model), "point 3 of a measured pattern: intensity is 1e+300"), "");
  EXPECT_EQ(contains(input([](Points& p) { p.x[2] = p.x[1]; }, model), "point 3 of a measured pattern: 2-theta does not ascend"), "");
  EXPECT_EQ(contains(input([](Points& p) { p.x[0] = -1; }, model), "point 1 of a measured pattern: 2-theta is -1"), "");
  EXPECT_EQ(contains(input([](Points& p) { p.y.pop_back(); }, model), "101 angles and 100 intensities"), "");
  EXPECT_EQ(contains(input([](Points& p) { p.x.resize(9), p.y.resize(9); }, model), "9 points, fewer than 10"), "");
  EXPECT_EQ(contains(input([](Points& p) { for (double& x : p.x) x *= 8; }, model), "is it a list of lines?"), "");
  EXPECT_EQ(contains(input([](Points& p) { for (double& y : p.y) y = -1; }, model), "nothing above its background"), "");
  EXPECT_EQ(contains(input([](Points&) {}, grid_of(30, 40, 100)), "nothing in common with 30 to 40 degrees"), "");
  EXPECT_EQ(contains(reason_of<ConfigError>(good, model, as_it_is(0)), "a measured wavelength of 0 angstrom"), "");
  EXPECT_EQ(contains(reason_of<ConfigError>(good, grid_of(5, 90, 0), as_it_is()), "a grid of 0 points"), "");
}

}  // namespace
}  // namespace xxact::xrd
