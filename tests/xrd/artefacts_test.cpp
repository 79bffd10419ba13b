// Drawn artefacts: their distributions, that each has numbers of its own, that nothing but the key changes them, and that strength
// leads from the ideal measurement to the whole range.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <thread>

#include "pipeline/xrd/artefacts.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ArtefactRanges with_impurities() {
  ArtefactRanges ranges;
  ranges.impurity_partners = 50;
  return ranges;
}

std::vector<Artefacts> draw_many(const ArtefactRanges& ranges, std::size_t count, double strength = 1) {
  std::vector<Artefacts> drawn;
  for (std::size_t i = 0; i < count; ++i) drawn.push_back(draw_artefacts(ranges, 7, 3, i, strength));
  return drawn;
}

/// Mean and variance of a uniform distribution, and that all of the range is used and nothing else.
void expect_uniform(const char* name, const std::vector<Artefacts>& drawn, const std::function<double(const Artefacts&)>& value, double low, double high) {
  double sum = 0, squares = 0, smallest = kInfinity, largest = -kInfinity;
  for (const Artefacts& a : drawn) {
    const double u = (value(a) - low) / (high - low);
    sum += u, squares += u * u;
    smallest = std::min(smallest, u), largest = std::max(largest, u);
  }
  const double n = static_cast<double>(drawn.size()), mean = sum / n;
  EXPECT_NEAR(mean, 0.5, 5 * std::sqrt(1 / 12.0 / n)) << name;
  EXPECT_NEAR(squares / n - mean * mean, 1 / 12.0, 5 * std::sqrt(1 / 180.0 / n)) << name;
  EXPECT_GE(smallest, -1e-12) << name;
  EXPECT_LE(smallest, 0.01) << name;
  EXPECT_GE(largest, 0.99) << name;
  EXPECT_LE(largest, 1 + 1e-12) << name;
}

TEST(Artefacts, AreUniformInTheirRanges) {
  const auto drawn = draw_many(with_impurities(), 4000);
  expect_uniform("size", drawn, [](const Artefacts& a) { return std::log(a.crystallite_size_nm); }, std::log(5), std::log(200));
  expect_uniform("microstrain", drawn, [](const Artefacts& a) { return a.microstrain; }, 0, 0.005);
  expect_uniform("U", drawn, [](const Artefacts& a) { return a.caglioti_u_deg2; }, 0, 0.05);
  expect_uniform("W", drawn, [](const Artefacts& a) { return a.caglioti_w_deg2; }, 0.005, 0.07);
  expect_uniform("Y", drawn, [](const Artefacts& a) { return a.lorentz_y_deg; }, 0, 0.05);
  expect_uniform("axial", drawn, [](const Artefacts& a) { return a.axial_ratio; }, 0, 0.04);
  expect_uniform("zero", drawn, [](const Artefacts& a) { return a.zero_shift_deg; }, -0.1, 0.1);
  expect_uniform("displacement", drawn, [](const Artefacts& a) { return a.displacement_mm; }, -0.1, 0.1);
  for (std::size_t k = 0; k < 6; ++k) expect_uniform("strain", drawn, [k](const Artefacts& a) { return a.strain[k]; }, -0.01, 0.01);
  expect_uniform("texture", drawn, [](const Artefacts& a) { return a.texture_r; }, 0.4, 1);
  expect_uniform("impurity", drawn, [](const Artefacts& a) { return a.impurity_fraction; }, 0, 0.3);
  expect_uniform("partner", drawn, [](const Artefacts& a) { return static_cast<double>(a.impurity_partner) + 0.5; }, 0, 50);
  expect_uniform("background", drawn, [](const Artefacts& a) { return a.background_height; }, 0, 0.2);
  for (std::size_t k = 1; k <= 6; ++k) {
    const double order = static_cast<double>(k);
    expect_uniform("background shape", drawn, [=](const Artefacts& a) { return order * a.background_shape[k]; }, -1, 1);
  }
  expect_uniform("hump", drawn, [](const Artefacts& a) { return a.hump_height; }, 0, 0.1);
  expect_uniform("hump centre", drawn, [](const Artefacts& a) { return a.hump_centre_deg; }, 15, 35);
  expect_uniform("hump width", drawn, [](const Artefacts& a) { return a.hump_fwhm_deg; }, 5, 15);
  expect_uniform("counts", drawn, [](const Artefacts& a) { return std::log(a.counts); }, std::log(1e3), std::log(1e5));
  expect_uniform("detector", drawn, [](const Artefacts& a) { return a.detector_step_deg; }, 0, 0.05);
  expect_uniform("missing low", drawn, [](const Artefacts& a) { return a.missing_low_deg; }, 0, 10);
  expect_uniform("missing high", drawn, [](const Artefacts& a) { return a.missing_high_deg; }, 0, 30);
  std::map<std::array<int, 3>, int> axes;
  for (const Artefacts& a : drawn) ++axes[a.texture_axis];
  EXPECT_EQ(axes.size(), 7U);
  for (const auto& [axis, count] : axes) EXPECT_NEAR(count, 4000.0 / 7, 5 * std::sqrt(4000.0 / 7));
}

TEST(Artefacts, DependOnTheirKeyAlone) {
  const ArtefactRanges ranges = with_impurities();
  const auto expected = draw_many(ranges, 400);
  std::vector<Artefacts> drawn(400);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] { for (std::size_t i = 400; i-- > 0;) if (i % 3 == t) drawn[i] = draw_artefacts(ranges, 7, 3, i, 1); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(drawn, expected);
  const Artefacts one = draw_artefacts(ranges, 7, 3, 11, 1);
  for (const Artefacts& other : {draw_artefacts(ranges, 8, 3, 11, 1), draw_artefacts(ranges, 7, 4, 11, 1), draw_artefacts(ranges, 7, 3, 12, 1)}) {
    EXPECT_NE(one.zero_shift_deg, other.zero_shift_deg);
    EXPECT_NE(one.counts, other.counts);
  }
  // No two artefacts share numbers: the same range would give the same value.
  ArtefactRanges same = ranges;
  same.zero_shift_deg = same.displacement_mm = {0, 1};
  same.microstrain = {0, 0.1};
  const Artefacts a = draw_artefacts(same, 7, 3, 11, 1);
  EXPECT_NE(a.zero_shift_deg, a.displacement_mm);
  EXPECT_NE(a.zero_shift_deg, a.microstrain * 10);
}

TEST(Artefacts, SwitchingOneOffLeavesTheOthers) {
  const ArtefactRanges ranges = with_impurities();
  const ArtefactRanges off = ArtefactRanges::none();
  const Artefacts all = draw_artefacts(ranges, 1, 2, 3, 1);
  const auto unchanged_but = [&](const std::function<void(ArtefactRanges&)>& switch_off, const std::function<void(Artefacts&)>& reset) {
    ArtefactRanges fewer = ranges;
    switch_off(fewer);
    Artefacts expected = all;
    reset(expected);
    EXPECT_EQ(draw_artefacts(fewer, 1, 2, 3, 1), expected);
    EXPECT_NE(expected, all);
  };
  unchanged_but([&](ArtefactRanges& r) { r.crystallite_size_nm = off.crystallite_size_nm; }, [](Artefacts& a) { a.crystallite_size_nm = kInfinity; });
  unchanged_but([&](ArtefactRanges& r) { r.zero_shift_deg = off.zero_shift_deg; }, [](Artefacts& a) { a.zero_shift_deg = 0; });
  unchanged_but([&](ArtefactRanges& r) { r.lattice_strain = off.lattice_strain; }, [](Artefacts& a) { a.strain = {}; });
  unchanged_but([&](ArtefactRanges& r) { r.texture_r = off.texture_r; }, [](Artefacts& a) { a.texture_r = 1; });
  unchanged_but([&](ArtefactRanges& r) { r.impurity_partners = 0; }, [](Artefacts& a) { a.impurity_partner = -1, a.impurity_fraction = 0; });
  unchanged_but([&](ArtefactRanges& r) { r.counts = off.counts; }, [](Artefacts& a) { a.counts = kInfinity; });
  unchanged_but([&](ArtefactRanges& r) { r.background_height = off.background_height; }, [](Artefacts& a) { a.background_height = 0; });
  unchanged_but([&](ArtefactRanges& r) { r.missing_low_deg = off.missing_low_deg; }, [](Artefacts& a) { a.missing_low_deg = 0; });
}

TEST(Artefacts, StrengthLeadsFromTheIdealToTheWholeRange) {
  const ArtefactRanges ranges = with_impurities();
  Artefacts clean;
  clean.seed = 7, clean.epoch = 3, clean.sample = 11;
  EXPECT_EQ(draw_artefacts(ranges, 7, 3, 11, 0), clean);
  const Artefacts full = draw_artefacts(ranges, 7, 3, 11, 1), half = draw_artefacts(ranges, 7, 3, 11, 0.5);
  EXPECT_DOUBLE_EQ(half.crystallite_size_nm, 2 * full.crystallite_size_nm);
  EXPECT_DOUBLE_EQ(half.counts, 4 * full.counts);
  EXPECT_DOUBLE_EQ(half.texture_r, std::sqrt(full.texture_r));
  EXPECT_DOUBLE_EQ(half.zero_shift_deg, full.zero_shift_deg / 2);
  EXPECT_DOUBLE_EQ(half.displacement_mm, full.displacement_mm / 2);
  EXPECT_DOUBLE_EQ(half.microstrain, full.microstrain / 2);
  EXPECT_DOUBLE_EQ(half.strain[4], full.strain[4] / 2);
  EXPECT_DOUBLE_EQ(half.impurity_fraction, full.impurity_fraction / 2);
  EXPECT_DOUBLE_EQ(half.background_height, full.background_height / 2);
  EXPECT_DOUBLE_EQ(half.hump_height, full.hump_height / 2);
  EXPECT_DOUBLE_EQ(half.detector_step_deg, full.detector_step_deg / 2);
  EXPECT_DOUBLE_EQ(half.missing_high_deg, full.missing_high_deg / 2);
  EXPECT_EQ(half.impurity_partner, full.impurity_partner);
  // Everything off is the clean pattern at every strength.
  PeakShape shape;
  const Artefacts none = draw_artefacts(ArtefactRanges::none(), 7, 3, 11, 1);
  EXPECT_EQ(none.crystallite_size_nm, kInfinity);
  EXPECT_EQ(none.counts, kInfinity);
  EXPECT_EQ(none.texture_r, 1);
  EXPECT_EQ(none.zero_shift_deg, 0);
  EXPECT_EQ(broadened(shape, none).caglioti_w_deg2, shape.caglioti_w_deg2);
}

TEST(Artefacts, CurriculumIsARamp) {
  EXPECT_EQ(curriculum_strength(0, 100, 300), 0);
  EXPECT_EQ(curriculum_strength(100, 100, 300), 0);
  EXPECT_DOUBLE_EQ(curriculum_strength(150, 100, 300), 0.25);
  EXPECT_EQ(curriculum_strength(300, 100, 300), 1);
  EXPECT_EQ(curriculum_strength(1'000'000, 100, 300), 1);
  EXPECT_EQ(curriculum_strength(99, 100, 100), 0);
  EXPECT_EQ(curriculum_strength(100, 100, 100), 1);
  EXPECT_THROW(curriculum_strength(0, 100, 99), ConfigError);
}

TEST(Artefacts, BroadenedShapesAreValidAndMeetBothEnds) {
  PeakShape clean;
  clean.crystallite_size_nm = 100, clean.microstrain = 0.001, clean.lorentz_x_deg = 0.01;
  for (const double strength : {0.01, 0.5, 1.0}) {
    for (const Artefacts& a : draw_many(ArtefactRanges{}, 300, strength)) {
      const PeakShape shape = broadened(clean, a);
      ASSERT_NO_THROW(PeakProfile(Grid{1, 175, 100}, shape));
      ASSERT_NEAR(1 / shape.crystallite_size_nm, 1 / 100.0 + 1 / a.crystallite_size_nm, 1e-12);
      ASSERT_DOUBLE_EQ(shape.microstrain, 0.001 + a.microstrain);
      ASSERT_DOUBLE_EQ(shape.lorentz_x_deg, 0.01);
      ASSERT_NEAR(shape.caglioti_w_deg2, 0.01 + strength * (a.caglioti_w_deg2 - 0.01), 1e-12);
      ASSERT_NEAR(shape.axial_sample_ratio, strength * a.axial_ratio, 1e-12);
    }
  }
  PeakShape gaussian;
  gaussian.kind = PeakShape::Kind::gaussian;
  EXPECT_THROW(broadened(gaussian, draw_artefacts(ArtefactRanges{}, 1, 1, 1, 1)), ConfigError);
  EXPECT_EQ(broadened(gaussian, draw_artefacts(ArtefactRanges{}, 1, 1, 1, 0)).fwhm_deg, gaussian.fwhm_deg);
}

TEST(Artefacts, RefuseByName) {
  const auto names = [](const char* name, const std::function<void(ArtefactRanges&)>& change) {
    ArtefactRanges ranges;
    change(ranges);
    try {
      draw_artefacts(ranges, 0, 0, 0, 1);
      ADD_FAILURE() << name << " was accepted";
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  names("crystallite_size_nm", [](ArtefactRanges& r) { r.crystallite_size_nm = {0, 10}; });
  names("crystallite_size_nm", [](ArtefactRanges& r) { r.crystallite_size_nm = {10, kInfinity}; });
  names("microstrain", [](ArtefactRanges& r) { r.microstrain = {0.01, 0}; });
  names("zero_shift_deg", [=](ArtefactRanges& r) { r.zero_shift_deg = {0, nan}; });
  names("displacement_mm", [](ArtefactRanges& r) { r.displacement_mm = {-100, 0}; });
  names("goniometer_radius_mm", [](ArtefactRanges& r) { r.goniometer_radius_mm = 0; });
  names("lattice_strain", [](ArtefactRanges& r) { r.lattice_strain = {-1, 1}; });
  names("texture_r", [](ArtefactRanges& r) { r.texture_r = {0, 1}; });
  names("impurity_fraction", [](ArtefactRanges& r) { r.impurity_fraction = {-0.1, 0}; });
  names("impurity_partners", [](ArtefactRanges& r) { r.impurity_partners = -1; });
  names("background_order", [](ArtefactRanges& r) { r.background_order = 13; });
  names("hump_fwhm_deg", [](ArtefactRanges& r) { r.hump_fwhm_deg = {0, 1}; });
  names("counts", [](ArtefactRanges& r) { r.counts = {0, 1}; });
  names("detector_step_deg", [](ArtefactRanges& r) { r.detector_step_deg = {-1, 1}; });
  ArtefactRanges ends;
  ends.missing_low_deg = {0, 60};
  EXPECT_THROW(check(ends, Grid{}), ConfigError);
  EXPECT_NO_THROW(check(ArtefactRanges{}, Grid{}));
  EXPECT_THROW(draw_artefacts(ArtefactRanges{}, 0, 0, 0, 1.5), ConfigError);
  EXPECT_THROW(draw_artefacts(ArtefactRanges{}, 0, 0, 0, nan), ConfigError);
}

}  // namespace
}  // namespace xxact::xrd
