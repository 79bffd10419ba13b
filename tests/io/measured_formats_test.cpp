// What the readers of measured patterns make of each format's possibilities: delimiters, headings, wavelengths in
// comments, attenuators, several ranges, downward scans, the older .raw layouts.
#include <gtest/gtest.h>

#include <cstring>

#include "io/measured_pattern.hpp"
#include "src/base/error.hpp"
#include "tests/io/pattern_texts.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

MeasuredPattern parse(const std::string& bytes, const std::string& name) { return parse_measured_pattern(bytes, name); }

void expect_twelve_points(const MeasuredPattern& pattern) {
  ASSERT_EQ(pattern.two_theta_deg.size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_NEAR(pattern.two_theta_deg[i], 10 + 0.5 * static_cast<double>(i), 1e-12);
    EXPECT_NEAR(pattern.intensity[i], 100 + static_cast<double>(i * i), 1e-12);
  }
}

TEST(MeasuredColumns, TakeEveryDelimiterAndLineEnd) {
  for (const std::string delimiter : {" ", "\t", ",", ";", ", ", "   ", " ; "})
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      SCOPED_TRACE(delimiter + "|");
      expect_twelve_points(parse(columns(delimiter, end), "a.dat"));
    }
  expect_twelve_points(parse("\xEF\xBB\xBF" + columns(" "), "a.xy"));
  expect_twelve_points(parse("# a\n! b\n\n" + columns("  ", " \n") + "\x1A", "a.txt"));
}

TEST(MeasuredColumns, FollowTheirHeadings) {
  std::string text = "index,2Theta (deg),Error,Counts\n";
  for (int i = 0; i < 12; ++i) text += fmt::format("{},{},{},{}\n", i, 10 + 0.5 * i, 0.25 * i, 100 + i * i);
  const MeasuredPattern pattern = parse(text, "a.csv");
  expect_twelve_points(pattern);
  ASSERT_EQ(pattern.sigma.size(), 12U);
  EXPECT_DOUBLE_EQ(pattern.sigma[4], 1.0);
  expect_twelve_points(parse("# 2\xCE\xB8 I\n" + columns(" "), "a.xy"));
}

TEST(MeasuredColumns, TakeTheWavelengthAndNamesFromComments) {
  EXPECT_DOUBLE_EQ(parse("# Wavelength: 0.7093 A\n" + columns(" "), "a.xy").wavelength_angstrom.value(), 0.7093);
  EXPECT_DOUBLE_EQ(parse("# lambda1 = 1.5406\n" + columns(" "), "a.xy").wavelength_angstrom.value(), 1.5406);
  EXPECT_DOUBLE_EQ(parse("# wavelength (nm) 0.15406\n" + columns(" "), "a.xy").wavelength_angstrom.value(), 1.5406);
  EXPECT_FALSE(parse("# wavelength unknown\n" + columns(" "), "a.xy").wavelength_angstrom);
  EXPECT_FALSE(parse("# wavelength 1540.6\n" + columns(" "), "a.xy").wavelength_angstrom);
  const MeasuredPattern bruker = parse("'Id: \"quartz 7\" Comment: \"\" Operator: \"x\" Anode: \"Co\" Scantype: \"Coupled\"\n" + columns(" "), "a.xy");
  EXPECT_EQ(bruker.sample, "quartz 7");
  EXPECT_EQ(bruker.anode, "Co");
}

TEST(MeasuredPattern, MeasuredDownwardsIsTurnedRound) {
  std::string text;
  for (int i = 11; i >= 0; --i) text += fmt::format("{} {} {}\n", 10 + 0.5 * i, 100 + i * i, i);
  const MeasuredPattern pattern = parse(text, "a.xye");
  expect_twelve_points(pattern);
  EXPECT_DOUBLE_EQ(pattern.sigma[3], 3);
  ASSERT_EQ(pattern.notes.size(), 1U);
  EXPECT_EQ(pattern.notes[0], "measured from high to low angles: turned round");
}

TEST(MeasuredRas, MultipliesByTheAttenuatorFactor) {
  EXPECT_DOUBLE_EQ(parse(with(ras(), "11.5 109 1", "11.5 109 16"), "a.ras").intensity[3], 109 * 16);
  expect_twelve_points(parse(ras(), "a.ras"));
}

TEST(MeasuredXrdml, CorrectsCountsButNotIntensities) {
  expect_twelve_points(parse(xrdml(), "a.xrdml"));
  const std::string factors = "<beamAttenuationFactors>1 1 1 1 8 1 1 1 1 1 1 1</beamAttenuationFactors><intensities";
  EXPECT_DOUBLE_EQ(parse(with(xrdml(), "<intensities", factors), "a.xrdml").intensity[4], 116);
  std::string counts = with(with(xrdml(), "<intensities", factors), "<intensities unit=\"counts\"", "<counts");
  counts = with(counts, "</intensities>", "</counts>");
  EXPECT_DOUBLE_EQ(parse(counts, "a.xrdml").intensity[4], 8 * 116);
}

TEST(MeasuredXrdml, TakesListsOfAnglesPrefixesAndCommentsInTheNumbers) {
  std::string text = with(xrdml(), "<startPosition>10</startPosition><endPosition>15.5</endPosition>",
                          "<listPositions>10 10.5 11 11.5 12 12.5 13 13.5 14 14.5 15 15.5</listPositions>");
  expect_twelve_points(parse(text, "a.xrdml"));
  expect_twelve_points(parse(with(xrdml(), "100 101", "100 <!-- a --> 101"), "a.xrdml"));
}

TEST(MeasuredRanges, ThatContinueAreJoinedOthersLeftOutWithANote) {
  const std::string first = uxd_range(10, 0.5, 12, 1), next = uxd_range(16, 0.5, 12, 1), apart = uxd_range(40, 0.5, 12, 1);
  const MeasuredPattern joined = parse(uxd_header() + first + next, "a.uxd");
  EXPECT_EQ(joined.two_theta_deg.size(), 24U);
  EXPECT_EQ(joined.notes, std::vector<std::string>{"ranges 1 to 2 of 2 are joined"});
  const MeasuredPattern left = parse(uxd_header() + first + apart, "a.uxd");
  EXPECT_EQ(left.two_theta_deg.size(), 12U);
  EXPECT_EQ(left.notes, std::vector<std::string>{"range 1 of 2 is read; the others do not continue it"});
  // Other counting times: the intensities are not on one scale.
  EXPECT_EQ(parse(uxd_header() + first + uxd_range(16, 0.5, 12, 2), "a.uxd").two_theta_deg.size(), 12U);
  // A rocking curve before the pattern is passed over.
  const MeasuredPattern second = parse(uxd_header() + with(apart, "COUPLED", "THETA") + first, "a.uxd");
  EXPECT_DOUBLE_EQ(second.two_theta_deg[0], 10);
  EXPECT_EQ(second.notes, std::vector<std::string>{"range 2 of 2 is read; the others do not continue it"});
}

TEST(MeasuredUxd, IntensitiesAloneStandAtEqualSteps) {
  const std::string text = uxd_header() + "_DRIVE='COUPLED'\n_STEPSIZE=0.5\n_START=10\n_COUNTS\n100 101 104 109 116 125 136 149\n164 181 200 221\n";
  expect_twelve_points(parse(text, "a.uxd"));
  EXPECT_DOUBLE_EQ(parse(with(with(text, "_WL1=1.5406", "_WL1=0.15406"), "_WL_UNIT='A'", "_WL_UNIT='nm'"), "a.uxd").wavelength_angstrom.value(), 1.5406);
}

TEST(MeasuredRaw, OlderLayoutsAreRead) {
  const MeasuredPattern one = parse(raw_version_1(1), "a.raw");
  expect_twelve_points(one);
  EXPECT_DOUBLE_EQ(one.wavelength_angstrom.value(), 1.5406);
  EXPECT_EQ(one.format, "RAW");
  EXPECT_EQ(one.sample, "quartz");
  EXPECT_EQ(parse(raw_version_1(2), "a.raw").notes, std::vector<std::string>{"range 1 of 2 is read; the others do not continue it"});
  const MeasuredPattern two = parse(raw_version_2(), "a.raw");
  expect_twelve_points(two);
  EXPECT_DOUBLE_EQ(two.alpha2_angstrom.value(), 1.54439);
  EXPECT_DOUBLE_EQ(two.alpha2_ratio.value(), 0.5);
  EXPECT_EQ(two.anode, "Cu");
}

TEST(MeasuredBrml, LeavesOutBlankPointsAndTakesTheFirstRoute) {
  expect_twelve_points(parse(brml(brml_range()), "a.brml"));
  const MeasuredPattern blank = parse(brml(with(brml_range(), "<Datum>1,1,10,5,100</Datum>", "<Datum>1,1,9.5,4,-9999</Datum><Datum>1,1,10,5,100</Datum>")), "a.brml");
  expect_twelve_points(blank);
  EXPECT_EQ(blank.notes, std::vector<std::string>{"1 points of Experiment0/RawData0.xml without a recorded intensity are left out"});
}

}  // namespace
}  // namespace xxact::io
