// Measured patterns of real instruments: points, angles, intensities and radiation against numbers that
// tests/io/measured_expected.py took from the files without this project's code.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "io/measured_pattern.hpp"
#include "src/base/error.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

const std::filesystem::path kFolder = std::filesystem::path(XXACT_SOURCE_DIR) / "data/measured";

struct Expected {
  const char *file, *format;
  std::size_t points;
  double first, last, sum, largest, at;
  double wavelength, alpha2, ratio;  // 0: the file does not say
  const char *anode, *sample;
};

const Expected kExpected[] = {
    {"BT86-siemens.uxd", "UXD", 2374, 3.0, 40.0, 918372.0, 5774.0, 9.065, 1.5406, 1.54439, 0.5, "Cu", "BT86"},
    {"BT86.raw", "RAW1.01", 2374, 3.0, 40.0002906, 918372.0, 5774.0, 9.0653658, 1.5406, 1.54439, 0.5, "Cu", "BT86"},
    {"BiFeO3.xy", "columns", 23928, 10.002717, 140.003372, 35148086.0, 12214.0, 32.02899, 0, 0, 0, "", ""},
    {"Cu3Au-1.raw", "RAW1.01", 3901, 22.0, 100.0, 59299.0, 138.0, 41.5, 1.5406, 1.54439, 0.5, "Cu", "Cu3Au-1"},
    {"LiMnO2.xy", "columns", 9001, 10.0, 100.0, 14442709.0, 7624.0, 45.13, 0, 0, 0, "", ""},
    {"MB120718Si3.ras", "RAS", 1401, 2.0, 30.0, 7445661.0, 173128.0, 6.88, 1.540593, 1.544414, 0, "Cu", "MB120718Si3"},
    {"MnO2.xy", "columns", 9001, 10.0, 100.0, 18400501.0, 50754.0, 28.69, 0, 0, 0, "", ""},
    {"PANalytical-powder-xrd-3-70deg.xrdml", "XRDML", 4010, 3.00835563, 70.00383296, 346531.0, 454.0, 3.075200705909204, 1.540598, 1.544426, 0.5, "Cu", "2969_RGR1_D06_003"},
    {"YBCO-A1-HG-600C-950C.brml", "BRML", 4133, 4.9979, 89.99331, 1137286.0, 5307.0, 5.01847, 1.5406, 1.54439, 0.5, "Cu", "COMMANDER Sample ID"},
    {"aimat-powder-xrd-30-110deg.xy", "columns", 3017, 30.00313028, 110.0656187, 3193343.499772682, 211765.0, 43.527321259, 0, 0, 0, "", ""},
    {"synthetic-quartz-xrd.xye", "columns", 33, 20.85, 136.55, 21780.0, 8500.0, 26.64, 0, 0, 0, "", "Synthetic XRD pattern for Quartz (SiO2)"},
};

TEST(MeasuredFiles, HaveThePointsAndTheRadiationOfTheFile) {
  for (const Expected& expected : kExpected) {
    SCOPED_TRACE(expected.file);
    const MeasuredPattern pattern = read_measured_pattern(kFolder / expected.file);
    EXPECT_EQ(pattern.format, expected.format);
    ASSERT_EQ(pattern.two_theta_deg.size(), expected.points);
    ASSERT_EQ(pattern.intensity.size(), expected.points);
    EXPECT_NEAR(pattern.two_theta_deg.front(), expected.first, 1e-9);
    EXPECT_NEAR(pattern.two_theta_deg.back(), expected.last, 1e-9);
    EXPECT_NEAR(std::accumulate(pattern.intensity.begin(), pattern.intensity.end(), 0.0), expected.sum, 1e-9 * expected.sum);
    const auto largest = std::ranges::max_element(pattern.intensity);
    EXPECT_DOUBLE_EQ(*largest, expected.largest);
    EXPECT_NEAR(pattern.two_theta_deg[static_cast<std::size_t>(largest - pattern.intensity.begin())], expected.at, 1e-9);
    EXPECT_DOUBLE_EQ(pattern.wavelength_angstrom.value_or(0), expected.wavelength);
    EXPECT_DOUBLE_EQ(pattern.alpha2_angstrom.value_or(0), expected.alpha2);
    EXPECT_DOUBLE_EQ(pattern.alpha2_ratio.value_or(0), expected.ratio);
    EXPECT_EQ(pattern.anode, expected.anode);
    EXPECT_EQ(pattern.sample, expected.sample);
  }
}

TEST(MeasuredFiles, OneMeasurementInTwoFormatsIsOnePattern) {
  const MeasuredPattern raw = read_measured_pattern(kFolder / "BT86.raw"), uxd = read_measured_pattern(kFolder / "BT86-siemens.uxd");
  EXPECT_EQ(raw.intensity, uxd.intensity);
  for (std::size_t i = 0; i < raw.two_theta_deg.size(); ++i) ASSERT_NEAR(raw.two_theta_deg[i], uxd.two_theta_deg[i], 6e-3) << i;
  EXPECT_EQ(raw.wavelength_angstrom, uxd.wavelength_angstrom);
}

TEST(MeasuredFiles, TheThirdColumnIsADeviationOnlyWhereTheFileSaysSo) {
  const MeasuredPattern with_sigma = read_measured_pattern(kFolder / "synthetic-quartz-xrd.xye");
  ASSERT_EQ(with_sigma.sigma.size(), with_sigma.intensity.size());
  EXPECT_DOUBLE_EQ(with_sigma.sigma[1], 92);
  const MeasuredPattern background = read_measured_pattern(kFolder / "MnO2.xy");
  EXPECT_TRUE(background.sigma.empty());
  ASSERT_EQ(background.notes.size(), 1U);
  EXPECT_EQ(background.notes[0], "3 columns: 2-theta and intensity are read");
}

TEST(MeasuredFiles, OverlappingScansOfOneFileAreJoined) {
  const MeasuredPattern pattern = read_measured_pattern(kFolder / "aimat-powder-xrd-30-110deg.xy");
  EXPECT_TRUE(std::ranges::is_sorted(pattern.two_theta_deg, std::ranges::less_equal{}));
  ASSERT_EQ(pattern.notes.size(), 2U);
  EXPECT_EQ(pattern.notes[0], "ranges 1 to 3 of 3 are joined");
  EXPECT_EQ(pattern.notes[1], "33 points of later ranges are left out where they overlap earlier ones");
}

TEST(MeasuredFiles, AreTheSameCompressedAndUnderAnyName) {
  const auto folder = fresh_folder("measured_names");
  for (const char* file : {"BT86.raw", "BT86-siemens.uxd", "MB120718Si3.ras", "PANalytical-powder-xrd-3-70deg.xrdml", "YBCO-A1-HG-600C-950C.brml"}) {
    SCOPED_TRACE(file);
    const MeasuredPattern expected = read_measured_pattern(kFolder / file);
    const std::string bytes = read_file(kFolder / file);
    write_file(folder / "pattern.txt", bytes);
    write_file(folder / "pattern.gz", gzip(bytes));
    for (const char* name : {"pattern.txt", "pattern.gz"}) {
      const MeasuredPattern pattern = read_measured_pattern(folder / name);
      EXPECT_EQ(pattern.intensity, expected.intensity);
      EXPECT_EQ(pattern.two_theta_deg, expected.two_theta_deg);
      EXPECT_EQ(pattern.format, expected.format);
    }
  }
}

}  // namespace
}  // namespace xxact::io
