// Peak shapes against closed forms and direct numerical convolutions in double precision: areas, widths, the Voigt approximation,
// axial divergence, what is cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

#include "pipeline/xrd/peak_shape.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kPi = std::numbers::pi;
using Kind = PeakShape::Kind;

PeakShape fixed(Kind kind, double fwhm, double eta = PeakShape{}.eta) {
  PeakShape shape;
  shape.kind = kind, shape.fwhm_deg = fwhm, shape.eta = eta;
  return shape;
}

PeakShape tch(double w, double y) {
  PeakShape shape;
  shape.caglioti_w_deg2 = w, shape.lorentz_y_deg = y;
  return shape;
}

std::vector<float> pattern(const Grid& grid, const PeakShape& shape, const std::vector<double>& two_theta, const std::vector<double>& area) {
  PeakProfile profile(grid, shape);
  profile.add(two_theta, area);
  std::vector<float> out(static_cast<std::size_t>(grid.points));
  profile.write(out);
  return out;
}

double sum_of(const std::vector<float>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

double gaussian_cdf(double x, double fwhm) { return 0.5 * std::erfc(-x / fwhm * 2 * std::sqrt(std::numbers::ln2)); }
double lorentzian_cdf(double x, double fwhm) { return 0.5 + std::atan(2 * x / fwhm) / kPi; }

/// The bin integrals of one peak of area 1, nothing cut.
std::vector<double> exact(const Grid& grid, double two_theta, const PeakWidth& width) {
  std::vector<double> out(static_cast<std::size_t>(grid.points));
  const auto cdf = [&](double x) { return width.eta * lorentzian_cdf(x, width.fwhm_deg) + (1 - width.eta) * gaussian_cdf(x, width.fwhm_deg); };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double low = grid.two_theta_min_deg + static_cast<double>(i) * grid.step_deg() - two_theta;
    out[i] = cdf(low + grid.step_deg()) - cdf(low);
  }
  return out;
}

/// Full width at half height of the tallest peak, by linear interpolation between bins.
double measured_fwhm(const Grid& grid, const std::vector<float>& values) {
  const auto top = static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
  const float half = values[top] / 2;
  std::size_t left = top, right = top;
  while (values[left] > half) --left;
  while (values[right] > half) ++right;
  const double from = static_cast<double>(left) + (half - values[left]) / (values[left + 1] - values[left]);
  const double to = static_cast<double>(right) - (half - values[right]) / (values[right - 1] - values[right]);
  return (to - from) * grid.step_deg();
}

/// The Voigt profile by convolving the two directly.
double voigt(double x, double gaussian_fwhm, double lorentzian_fwhm) {
  const double sigma = gaussian_fwhm / (2 * std::sqrt(2 * std::numbers::ln2)), gamma = lorentzian_fwhm / 2, step = std::min(sigma, gamma) / 40;
  const auto n = static_cast<int>(9 * sigma / step);
  double sum = 0;
  for (int i = -n; i <= n; ++i) {
    const double t = i * step;
    sum += std::exp(-t * t / (2 * sigma * sigma)) * gamma / ((x - t) * (x - t) + gamma * gamma);
  }
  return sum * step / (sigma * std::sqrt(2 * kPi) * kPi);
}

TEST(PeakShape, BinsAreTheExactIntegrals) {
  const Grid grid{5, 90, 4250};
  for (const double eta : {0.0, 0.3, 1.0}) {
    for (const double fwhm : {0.004, 0.02, 0.1, 0.7, 4.0}) {  // a fifth of a bin to two hundred bins
      PeakShape shape = fixed(Kind::pseudo_voigt, fwhm, eta);
      shape.neglected_area = 1e-6;
      for (const double at : {40.0, 40.01, 47.1234, 5.003, 89.99}) {
        const auto values = pattern(grid, shape, {at}, {3.5});
        const auto expected = exact(grid, at, {fwhm, eta});
        const double height = *std::ranges::max_element(expected);
        for (std::size_t i = 0; i < values.size(); ++i) {
          ASSERT_GE(values[i], 0) << fwhm << " " << eta << " bin " << i;
          // The tails relative to themselves, the rest to the height and, because of rounding, to the area.
          const double tail = expected[i] < 1e-3 * height ? expected[i] : 0;
          ASSERT_NEAR(values[i] / 3.5, expected[i], 1e-7 + 2e-6 * height + 1.5e-4 * tail) << fwhm << " " << eta << " at " << at << " bin " << i;
        }
      }
    }
  }
}

TEST(PeakShape, AreaIsKeptAtEveryWidth) {
  for (const int points : {1024, 4250, 301}) {
    const Grid grid{0, 180, points};
    for (const double eta : {0.0, 0.5, 1.0}) {
      for (const double fwhm : {0.001, 0.05, 0.176, 0.4}) {
        PeakShape shape = fixed(Kind::pseudo_voigt, fwhm, eta);
        // Windows that lie wholly on the grid: then all of the area is there.
        shape.neglected_area = 1e-2;
        for (const double at : {90.0, 90.05, 77.777}) EXPECT_NEAR(sum_of(pattern(grid, shape, {at}, {1})), 1, 2e-5) << points << " " << eta << " " << fwhm;
      }
    }
  }
}

TEST(PeakShape, WhatIsCutStaysBelowTheBound) {
  const Grid grid{0, 180, 18000};
  for (const double bound : {1e-1, 1e-2, 1e-3, 1e-4}) {
    for (const double eta : {0.05, 0.5, 1.0}) {
      PeakShape shape = fixed(Kind::pseudo_voigt, 0.05, eta);
      shape.neglected_area = bound;
      const auto values = pattern(grid, shape, {90}, {1});
      const auto expected = exact(grid, 90, {0.05, eta});
      double cut = 0, gained = 0;
      for (std::size_t i = 0; i < values.size(); ++i) values[i] == 0 ? cut += expected[i] : gained += values[i] - expected[i];
      EXPECT_LE(cut, bound);
      // Not much more is kept than was asked for: cells of 16 bins at the ends, and the grid's end.
      if (bound >= 1e-3 && eta > bound) {
        EXPECT_GE(cut, 0.3 * bound) << bound << " " << eta;
      }
      EXPECT_LE(gained, bound + 1e-4);
    }
  }
}

TEST(PeakShape, WidthOnTheGridIsTheFormula) {
  const Grid grid{20, 80, 60000};
  PeakShape shape;
  shape.caglioti_u_deg2 = 0.05, shape.caglioti_v_deg2 = -0.06, shape.caglioti_w_deg2 = 0.07;
  shape.lorentz_x_deg = 0.03, shape.lorentz_y_deg = 0.02, shape.microstrain = 0.001, shape.crystallite_size_nm = 40;
  for (const double at : {25.0, 40.0, 60.0, 75.0}) {
    const double t = std::tan(at / 2 * kDegree), c = std::cos(at / 2 * kDegree);
    const double g = std::sqrt(0.05 * t * t - 0.06 * t + 0.07);
    const double l = 0.03 * t + 0.02 / c + (4 * 0.001 * t + 0.9 * 1.54184 / (400 * c)) / kDegree;
    const double total = std::pow(std::pow(g, 5) + 2.69269 * std::pow(g, 4) * l + 2.42843 * std::pow(g, 3) * l * l + 4.47163 * g * g * std::pow(l, 3) +
                                  0.07842 * g * std::pow(l, 4) + std::pow(l, 5), 0.2);
    EXPECT_NEAR(width_of(shape, at).fwhm_deg, total, 1e-12);
    EXPECT_NEAR(measured_fwhm(grid, pattern(grid, shape, {at}, {1})), total, 2e-5) << at;
  }
}

TEST(PeakShape, ScherrerAndMicrostrain) {
  PeakShape shape = tch(0, 0);
  shape.crystallite_size_nm = 10;
  const Grid grid{20, 60, 20000};
  // K lambda / (L cos theta) by hand: 0.9 * 1.54184 / (100 * cos 20 degrees) = 0.0147671 rad.
  EXPECT_NEAR(width_of(shape, 40).fwhm_deg, 0.846095, 2e-5);
  EXPECT_DOUBLE_EQ(width_of(shape, 40).eta, 1);
  EXPECT_NEAR(measured_fwhm(grid, pattern(grid, shape, {40}, {1})), 0.9 * 1.54184 / (100 * std::cos(20 * kDegree)) / kDegree, 1e-4);
  shape.scherrer_k = 0.94, shape.wavelength_angstrom = 0.71073;
  EXPECT_NEAR(width_of(shape, 40).fwhm_deg, 0.94 * 0.71073 / (100 * std::cos(20 * kDegree)) / kDegree, 1e-12);
  shape = tch(0, 0);
  shape.microstrain = 0.002;
  EXPECT_NEAR(measured_fwhm(grid, pattern(grid, shape, {40}, {1})), 4 * 0.002 * std::tan(20 * kDegree) / kDegree, 1e-4);
}

TEST(PeakShape, MixtureHasItsTwoLimits) {
  EXPECT_EQ(mix_widths(0.2, 0).fwhm_deg, 0.2);
  EXPECT_EQ(mix_widths(0.2, 0).eta, 0);
  EXPECT_EQ(mix_widths(0, 0.2).fwhm_deg, 0.2);
  EXPECT_EQ(mix_widths(0, 0.2).eta, 1);
  EXPECT_NEAR(mix_widths(0.2, 1e-9).fwhm_deg, 0.2, 1e-8);
  EXPECT_NEAR(mix_widths(1e-9, 0.2).fwhm_deg, 0.2, 1e-8);
  EXPECT_NEAR(mix_widths(1e-9, 0.2).eta, 1, 1e-7);
  const Grid grid{30, 50, 8000};
  const auto gaussian = pattern(grid, fixed(Kind::gaussian, 0.1), {40}, {1}), lorentzian = pattern(grid, fixed(Kind::pseudo_voigt, 0.1, 1), {40}, {1});
  const double cosine = std::cos(20 * kDegree);
  EXPECT_EQ(pattern(grid, tch(0.01, 0), {40}, {1}), gaussian);
  const auto limit = pattern(grid, tch(0, 0.1 * cosine), {40}, {1});
  for (std::size_t i = 0; i < limit.size(); ++i) ASSERT_NEAR(limit[i], lorentzian[i], 1e-7);
}

TEST(PeakShape, MixtureStandsForTheVoigtProfile) {
  double worst_width = 0, worst_height = 0, worst_point = 0;
  for (const double ratio : {0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0, 20.0}) {
    const double g = 0.1, l = 0.1 * ratio;
    const PeakWidth width = mix_widths(g, l);
    const double height = voigt(0, g, l);
    double low = 0, high = 2 * (g + l);
    for (int i = 0; i < 50; ++i) (voigt((low + high) / 2, g, l) > height / 2 ? low : high) = (low + high) / 2;
    worst_width = std::max(worst_width, std::abs(width.fwhm_deg / (low + high) - 1));
    const auto approximate = [&](double x) {
      const double y = 2 * x / width.fwhm_deg;
      return (width.eta / (kPi * (1 + y * y)) + (1 - width.eta) * std::sqrt(std::numbers::ln2 / kPi) * std::exp(-std::numbers::ln2 * y * y)) * 2 / width.fwhm_deg;
    };
    worst_height = std::max(worst_height, std::abs(approximate(0) / height - 1));
    for (double x = 0; x < 6 * width.fwhm_deg; x += width.fwhm_deg / 10) worst_point = std::max(worst_point, std::abs(approximate(x) - voigt(x, g, l)) / height);
  }
  RecordProperty("width", std::to_string(worst_width));
  RecordProperty("height", std::to_string(worst_height));
  RecordProperty("point", std::to_string(worst_point));
  EXPECT_LE(worst_width, 0.0045);
  EXPECT_LE(worst_height, 0.0025);
  EXPECT_LE(worst_point, 0.0125);
}

/// Bin integrals of a peak with axial divergence, from the distribution as Finger, Cox and Jephcoat write it, in 2 phi.
std::vector<double> exact_axial(const Grid& grid, double two_theta_deg, const PeakShape& shape, const PeakWidth& width) {
  const double s = shape.axial_sample_ratio, h = shape.axial_detector_ratio, two_theta = two_theta_deg * kDegree;
  const double first = std::acos(std::cos(two_theta) * std::sqrt(1 + (s + h) * (s + h)));
  const double turn = std::acos(std::cos(two_theta) * std::sqrt(1 + (s - h) * (s - h)));
  std::vector<double> out(static_cast<std::size_t>(grid.points), 0.0);
  double norm = 0;
  constexpr int steps = 1500;
  const double range = std::sqrt(std::abs(two_theta - first)), sign = two_theta > first ? 1 : -1;
  for (int i = 0; i < steps; ++i) {
    const double v = (i + 0.5) * range / steps, two_phi = two_theta - sign * v * v;  // the root takes the pole at 2 theta away
    const double ratio = std::cos(two_phi) / std::cos(two_theta), height = std::sqrt(ratio * ratio - 1);
    const bool open = sign > 0 ? two_phi > turn : two_phi < turn;
    const double window = open ? 2 * std::min(s, h) : s + h - height;
    const double weight = window / (height * std::abs(std::cos(two_phi))) * 2 * v;
    const auto part = exact(grid, two_phi / kDegree, width);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] += weight * part[k];
    norm += weight;
  }
  for (double& value : out) value /= norm;
  return out;
}

TEST(PeakShape, AxialDivergenceIsTheDistributionOfFingerCoxJephcoat) {
  for (const auto& [sample, detector] : {std::pair{0.03, 0.03}, {0.02, 0.04}, {0.05, 0.01}}) {
    for (const double at : {12.0, 30.0, 80.0, 130.0}) {
      for (const double eta : {0.0, 0.6}) {
        PeakShape shape = fixed(Kind::pseudo_voigt, 0.06, eta);
        shape.axial_sample_ratio = sample, shape.axial_detector_ratio = detector, shape.neglected_area = 1e-5;
        const Grid grid{at - 2, at + 2, 400};
        const auto values = pattern(grid, shape, {at}, {1});
        const auto expected = exact_axial(grid, at, shape, {0.06, eta});
        const double height = *std::ranges::max_element(expected);
        double largest = 0;
        for (std::size_t i = 0; i < values.size(); ++i) largest = std::max(largest, std::abs(values[i] - expected[i]) / height);
        EXPECT_LE(largest, 2e-3) << sample << " " << detector << " at " << at << " eta " << eta;
      }
    }
  }
}

TEST(PeakShape, AxialDivergenceLeansToTheBeamAndKeepsTheArea) {
  PeakShape shape = fixed(Kind::pseudo_voigt, 0.06, 0.4);
  shape.neglected_area = 1e-2;
  const auto centroid = [&](double at, double ratio) {
    const Grid grid{at - 8, at + 8, 1600};
    shape.axial_sample_ratio = shape.axial_detector_ratio = ratio;
    const auto values = pattern(grid, shape, {at}, {1});
    EXPECT_NEAR(sum_of(values), 1, 2e-4) << at;
    double mean = 0;
    for (std::size_t i = 0; i < values.size(); ++i) mean += grid.centre_deg(static_cast<int>(i)) * values[i];
    return mean / sum_of(values) - at;
  };
  EXPECT_NEAR(centroid(15, 0), 0, 1e-4);
  EXPECT_LT(centroid(15, 0.02), -0.01);
  EXPECT_LT(centroid(15, 0.04), 3 * centroid(15, 0.02));   // about as the square of the height
  EXPECT_LT(centroid(15, 0.03), 2 * centroid(40, 0.03));
  EXPECT_NEAR(centroid(90, 0.03), 0, 2e-4);
  EXPECT_GT(centroid(140, 0.03), 0.01);                     // back scattering leans the other way
  std::vector<AxialPart> parts;
  for (const double at : {0.5, 3.0, 15.0, 40.0, 90.0, 140.0, 179.0}) {
    for (const auto& [sample, detector] : {std::pair{0.03, 0.03}, {0.0, 0.05}, {0.1, 0.02}}) {
      axial_parts(sample, detector, at, 0.02, parts);
      ASSERT_LE(parts.size(), static_cast<std::size_t>(kMostAxialParts));
      double share = 0;
      for (const AxialPart& part : parts) {
        share += part.share;
        EXPECT_TRUE(part.share > 0 && (at < 90 ? part.shift_deg <= 0 : part.shift_deg >= 0)) << at;
      }
      EXPECT_NEAR(share, 1, 1e-12);
    }
  }
}

TEST(PeakShape, LinesBeyondTheGridAddTheirTailsAlone) {
  const PeakShape shape = fixed(Kind::pseudo_voigt, 0.2, 1);
  const Grid grid{30, 40, 500};
  for (const double at : {29.9, 41.0, 20.0, 75.0}) {
    const auto values = pattern(grid, shape, {at}, {1});
    const auto expected = exact(grid, at, {0.2, 1});
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], expected[i], 2e-3 * expected[i] + 1e-7) << at << " bin " << i;
  }
  // 1e-3 of the area lies beyond 637 half widths: 63.7 degrees.
  EXPECT_EQ(sum_of(pattern(grid, shape, {120}, {1})), 0);
  EXPECT_EQ(sum_of(pattern(grid, fixed(Kind::gaussian, 0.2), {42}, {1})), 0);
}

TEST(PeakShape, LinesAddUpAndClearForgets) {
  const Grid grid{5, 90, 1000};
  const PeakShape shape = tch(0.01, 0.05);
  PeakProfile profile(grid, shape);
  std::vector<float> out(1000), again(1000);
  profile.add(std::vector<double>{20, 33, 50}, std::vector<float>{1, 2, 3});
  profile.write(out);
  const auto a = pattern(grid, shape, {20}, {1}), b = pattern(grid, shape, {33, 50}, {2, 3});
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], a[i] + b[i], 1e-6);
  profile.clear();
  profile.add(std::vector<double>{20, 33, 50}, std::vector<double>{1, 2, 3});
  profile.write(again);
  EXPECT_EQ(out, again);
  profile.write_scaled(true, again);
  const float largest = *std::ranges::max_element(out);
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(again[i], std::sqrt(out[i] / largest), 1e-6);
  profile.clear();
  profile.write_scaled(true, again);
  EXPECT_EQ(sum_of(again), 0);
  PeakShape wider = shape;
  wider.crystallite_size_nm = 5;
  profile.set_shape(wider);
  profile.add(std::vector<double>{40}, std::vector<double>{1});
  profile.write(again);
  EXPECT_EQ(again, pattern(grid, wider, {40}, {1}));
}

TEST(PeakShape, AgreesWithTheSampledGaussianWhereTheWidthIsOne) {
  PatternOptions options;
  options.grid.points = 17000;  // thirty bins a width: sampling and integrating differ by 3e-4
  options.square_root = false;
  Simulator simulator(options);
  std::vector<float> sampled(17000), integrated(17000);
  std::vector<Line> lines;
  for (const ReferenceStructure& reference : textbook_structures()) {
    simulator.pattern(reference.structure.view(), 0, sampled);
    simulator.lines(reference.structure.view(), lines);
    PeakProfile profile(options.grid, fixed(Kind::gaussian, options.fwhm_deg));
    std::vector<double> two_theta, area;
    for (const Line& line : lines) two_theta.push_back(line.two_theta_deg), area.push_back(line.intensity);
    profile.add(two_theta, area);
    profile.write_scaled(false, integrated);
    for (std::size_t i = 0; i < sampled.size(); ++i) ASSERT_NEAR(integrated[i], sampled[i], 5e-4) << reference.name << " bin " << i;
  }
}

TEST(PeakShape, RefusesByName) {
  const auto refusal = [](const std::function<void(PeakShape&)>& change) {
    PeakShape shape;
    change(shape);
    try { PeakProfile(Grid{}, shape); } catch (const ConfigError& error) { return std::string(error.what()); }
    return std::string();
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal([](PeakShape&) {}), "");
  const auto names = [&](const char* name, const std::function<void(PeakShape&)>& change) {
    EXPECT_NE(refusal(change).find(name), std::string::npos) << name << ": " << refusal(change);
  };
  for (const double bad : {-1.0, nan}) {
    names("caglioti_w_deg2", [=](PeakShape& s) { s.caglioti_w_deg2 = bad; });
    names("lorentz_x_deg", [=](PeakShape& s) { s.lorentz_x_deg = bad; });
    names("lorentz_y_deg", [=](PeakShape& s) { s.lorentz_y_deg = bad; });
    names("crystallite_size_nm", [=](PeakShape& s) { s.crystallite_size_nm = bad; });
    names("microstrain", [=](PeakShape& s) { s.microstrain = bad; });
    names("scherrer_k", [=](PeakShape& s) { s.scherrer_k = bad; });
    names("wavelength_angstrom", [=](PeakShape& s) { s.wavelength_angstrom = bad; });
    names("axial_sample_ratio", [=](PeakShape& s) { s.axial_sample_ratio = bad; });
    names("axial_detector_ratio", [=](PeakShape& s) { s.axial_detector_ratio = bad; });
    names("neglected_area", [=](PeakShape& s) { s.neglected_area = bad; });
    names("fwhm_deg", [=](PeakShape& s) { s.kind = Kind::gaussian, s.fwhm_deg = bad; });
    names("eta", [=](PeakShape& s) { s.kind = Kind::pseudo_voigt, s.eta = bad; });
  }
  // Positive at both ends of the grid, negative between: tan = 0.5 is 53 degrees.
  names("53", [](PeakShape& s) { s.kind = Kind::pseudo_voigt, s.fwhm_deg = 0.1, s.caglioti_u_deg2 = 53; });
  names("falls to -0.005", [](PeakShape& s) { s.caglioti_u_deg2 = 0.1, s.caglioti_v_deg2 = -0.1, s.caglioti_w_deg2 = 0.02; });
  names("zero", [](PeakShape& s) { s.caglioti_w_deg2 = 0; });
  names("eta", [](PeakShape& s) { s.eta = 0.1; });
  names("fwhm_deg", [](PeakShape& s) { s.fwhm_deg = 0.1; });
  names("microstrain", [](PeakShape& s) { s.kind = Kind::gaussian, s.microstrain = 0.001; });
  EXPECT_THROW(parse_peak_shape("voigt"), ConfigError);
  EXPECT_EQ(parse_peak_shape("pseudo-voigt"), Kind::pseudo_voigt);
  PeakProfile profile(Grid{}, PeakShape{});
  EXPECT_THROW(profile.add(std::vector<double>{1, 2}, std::vector<double>{1}), ConfigError);
  EXPECT_THROW(profile.add(std::vector<double>{nan}, std::vector<double>{1}), InputError);
  EXPECT_THROW(profile.add(std::vector<double>{181}, std::vector<double>{1}), InputError);
  std::vector<float> small(3);
  EXPECT_THROW(profile.write(small), ConfigError);
}

}  // namespace
}  // namespace xxact::xrd
