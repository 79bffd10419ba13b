// Pictures by gnuplot: data where they belong, texts that cannot become commands, no gnuplot is a warning.
#include "pipeline/report/plot.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "src/base/error.hpp"
#include "tests/scratch.hpp"

namespace xxact::report {
namespace {
namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

bool have_gnuplot() { return std::system("gnuplot --version > /dev/null 2>&1") == 0; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// Puts another PATH in place for as long as it lives.
class PathOf {
 public:
  explicit PathOf(const std::string& path) : before_(std::getenv("PATH")) { setenv("PATH", path.c_str(), 1); }
  ~PathOf() { setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

class WithGnuplot : public testing::Test {
  void SetUp() override {
    if (!have_gnuplot()) GTEST_SKIP() << "no gnuplot on this machine";
  }
};

TEST_F(WithGnuplot, PutsPointsWhereTheAxesSay) {
  const Plot plot{.x_range = {0, 10}, .y_range = {0, 100}, .series = {{.x = {1, 2, 6}, .y = {10, 40, 90}, .style = Style::points}}, .legend = Legend::none};
  const fs::path file = scratch() / "points.svg";
  ASSERT_TRUE(draw(plot, file));
  const std::string svg = content(file);
  std::vector<double> x, y;
  const std::regex use("<use xlink:href='#gpPt6' transform='translate\\(([0-9.]+),([0-9.]+)\\)");
  for (std::sregex_iterator match(svg.begin(), svg.end(), use), end; match != end; ++match) {
    x.push_back(std::stod((*match)[1]));
    y.push_back(std::stod((*match)[2]));
  }
  ASSERT_EQ(x.size(), 3U);
  // SVG counts y downwards; scales are linear, so ratios of distances are those of the data.
  EXPECT_NEAR((x[2] - x[0]) / (x[1] - x[0]), 5.0, 1e-2);
  EXPECT_NEAR((y[0] - y[2]) / (y[0] - y[1]), 8.0 / 3.0, 1e-2);
}

TEST_F(WithGnuplot, TakesHostileTextsAsTexts) {
  const fs::path trap = scratch() / "trap";
  fs::remove(trap);
  const std::string hostile = "x'; system(\"touch " + trap.string() + "\") #`touch " + trap.string() + "` <script>&\n@a \\n %d \"";
  Plot plot{.title = hostile, .x_label = hostile, .y_label = hostile, .series = {{.title = hostile, .x = {0, 1}, .y = {0, 1}}},
            .annotations = {{hostile}}, .x_ticks = {{0.5, hostile}}};
  const fs::path file = scratch() / "hostile.svg";
  ASSERT_TRUE(draw(plot, file));
  EXPECT_FALSE(fs::exists(trap));
  EXPECT_EQ(content(file).find("<script"), std::string::npos);
  EXPECT_GE(count(content(file), "&lt;script"), 5U);
  HeatMap map{.title = hostile, .x_label = hostile, .y_label = hostile, .rows = {hostile}, .columns = {hostile}, .counts = {1}};
  ASSERT_TRUE(draw(map, file));
  EXPECT_FALSE(fs::exists(trap));
}

TEST_F(WithGnuplot, DrawsEveryStyleAndExtension) {
  const std::vector<double> x = {1, 2, 3}, y = {1, std::numeric_limits<double>::infinity(), 3};
  for (const Style style : {Style::lines, Style::dashed, Style::steps, Style::points, Style::lines_points, Style::sticks, Style::segments, Style::bars, Style::band}) {
    Plot plot{.title = "style", .log_x = true, .log_y = true, .series = {{.title = "s", .x = x, .y = y, .style = style, .y_upper = {2, 3, 4}}}, .legend = Legend::above};
    EXPECT_TRUE(draw(plot, scratch() / "style.svg")) << static_cast<int>(style);
  }
  ASSERT_TRUE(draw(Plot{.series = {{.title = "empty"}, {.title = "unknown", .x = {1}, .y = {std::nan("")}}}}, scratch() / "empty.svg"));
  ASSERT_TRUE(draw(Plot{.series = {{.title = "p", .x = x, .y = y}}}, scratch() / "plot.png"));
  EXPECT_EQ(content(scratch() / "plot.png").substr(1, 3), "PNG");
}

TEST_F(WithGnuplot, SegmentsAndLabelsStandWhereTheAxesSay) {
  const Plot plot{.x_range = {0, 10}, .y_range = {-10, 100}, .y_numbers = false,
                  .series = {{.x = {2, 8}, .y = {-8, -8}, .style = Style::segments, .colour = 2, .y_upper = {-2, -2}}},
                  .labels = {{"1−11", 2, 50, 1}, {"system('x')", 8, 50}}, .legend = Legend::none};
  ASSERT_TRUE(draw(plot, scratch() / "segments.svg"));
  const std::string svg = content(scratch() / "segments.svg");
  EXPECT_NE(svg.find(">1−11<"), std::string::npos);
  EXPECT_NE(svg.find(">system('x')<"), std::string::npos);
  EXPECT_EQ(svg.find("> 100<"), std::string::npos);
  // Both segments are vertical lines of equal length.
  std::vector<double> x, length;
  const std::regex vertical("M([0-9.]+),([0-9.]+) L([0-9.]+),([0-9.]+) ");
  for (std::sregex_iterator match(svg.begin(), svg.end(), vertical), end; match != end; ++match)
    if ((*match)[1] == (*match)[3] && std::abs(std::stod((*match)[2]) - std::stod((*match)[4])) < 40 && std::stod((*match)[2]) - std::stod((*match)[4]) > 8)
      x.push_back(std::stod((*match)[1])), length.push_back(std::stod((*match)[2]) - std::stod((*match)[4]));
  ASSERT_EQ(x.size(), 2U) << svg;
  EXPECT_NEAR(length[0], length[1], 0.02);
}

TEST_F(WithGnuplot, DensityHasOneCellForEachCount) {
  const Plot plot{.x_range = {0, 4}, .y_range = {0, 4},
                  .series = {{.x = {0.5, 1.5, 2.5}, .y = {0.5, 1.5, 2.5}, .style = Style::density, .weight = {1, 10, 100}, .cell = 1}}, .legend = Legend::none};
  ASSERT_TRUE(draw(plot, scratch() / "density.svg"));
  const std::string svg = content(scratch() / "density.svg");
  // Least and most are the ends of the palette.
  EXPECT_GE(count(svg, "rgb(142, 199, 232)"), 1U);
  EXPECT_GE(count(svg, "rgb(194,  24,  91)"), 1U);
}

TEST_F(WithGnuplot, HeatMapPrintsItsCountsAndShadesByRow) {
  const HeatMap map{.rows = {"a", "b"}, .columns = {"a", "b"}, .counts = {3, 1, 0, 7}};
  ASSERT_TRUE(draw(map, scratch() / "map.svg"));
  const std::string svg = content(scratch() / "map.svg");
  for (const char* text : {">3<", ">1<", ">0<", ">7<"}) EXPECT_EQ(count(svg, text), 1U) << text;
  EXPECT_EQ(count(svg, "<polygon fill = 'rgb(  0, 114, 178)'"), 4U);
  EXPECT_EQ(count(svg, "fill-opacity='0.75'"), 1U);
  EXPECT_EQ(count(svg, "fill-opacity='0.25'"), 1U);
}

TEST_F(WithGnuplot, AFolderThatIsNotThereIsAnError) {
  EXPECT_THROW(draw(Plot{.series = {{.x = {1}, .y = {1}}}}, scratch() / "nowhere" / "plot.svg"), IoError);
}

TEST(Plot, WithoutGnuplotIsAWarning) {
  const PathOf nothing((scratch() / "no-programs-here").string());
  const fs::path file = scratch() / "undrawn.svg";
  fs::remove(file);
  testing::internal::CaptureStderr();
  const bool drawn = draw(Plot{.series = {{.x = {1}, .y = {1}}}}, file);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(drawn);
  EXPECT_FALSE(fs::exists(file));
  EXPECT_NE(said.find("gnuplot"), std::string::npos) << said;
  EXPECT_NE(said.find("undrawn.svg"), std::string::npos) << said;
}

TEST(Plot, RefusesWhatCannotBeDrawn) {
  EXPECT_THROW(draw(Plot{}, scratch() / "plot.bmp"), ConfigError);
  EXPECT_THROW(draw(Plot{.series = {{.title = "uneven", .x = {1, 2}, .y = {1}}}}, scratch() / "plot.svg"), ConfigError);
  EXPECT_THROW(draw(HeatMap{.rows = {"a"}, .columns = {"b"}, .counts = {1, 2}}, scratch() / "plot.svg"), ConfigError);
}

}  // namespace
}  // namespace xxact::report
