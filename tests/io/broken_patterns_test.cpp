// Broken measured patterns: each is an InputError that names the file, the place and what is wrong there.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "io/measured_pattern.hpp"
#include "src/base/error.hpp"
#include "tests/io/pattern_texts.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

struct Broken {
  std::string name, bytes, reason;
};

const std::filesystem::path kFolder = std::filesystem::path(XXACT_SOURCE_DIR) / "data/measured";

std::string bt86() { return read_file(kFolder / "BT86.raw"); }

template <class T>
std::string with_value(std::string bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

std::string xy(const std::string& from = "", const std::string& to = "") { return from.empty() ? columns(" ") : with(columns(" "), from, to); }

/// Forty points a degree apart from 10 degrees: enough on both sides of a break for two scans.
std::string long_columns(const std::string& from, const std::string& to) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += fmt::format("{} {}\n", 10 + i, 110 + i);
  return with(text, from, to);
}

/// Sixty thousand times the size of what it expands from.
std::string zip_bomb() { return brml("<RawData>" + std::string(std::size_t{65} << 20, ' ') + "</RawData>"); }

std::string nested_xml() {
  std::string text = "<?xml version=\"1.0\"?><xrdMeasurements>";
  for (int i = 0; i < 100'000; ++i) text += "<a>";
  for (int i = 0; i < 100'000; ++i) text += "</a>";
  return text + "</xrdMeasurements>";
}

std::vector<Broken> broken_columns() {
  return {
      {"empty.xy", "", "file is empty"},
      {"blank.xy", " \n\n", "holds nothing but blanks"},
      {"text.xy", xy("12 116", "12 abc"), "line 5, field 2 (intensity) is no finite number: \"abc\""},
      {"angle.xy", xy("12 116", "12..0 116"), "line 5, field 1 (2-theta) is no finite number"},
      {"nan.xy", xy("12 116", "12 nan"), "line 5, field 2 (intensity) is no finite number: \"nan\""},
      {"infinite.xy", xy("12 116", "12 inf"), "line 5, field 2 (intensity) is no finite number"},
      {"huge.xy", xy("12 116", "12 1e999"), "line 5, field 2 (intensity) is no finite number"},
      {"cut.xy", xy() + "16\n", "line 13: 1 fields where the first line of numbers has 2"},
      {"one.xy", "10\n11\n12\n", "line 1: one field where 2-theta and intensity are needed"},
      {"order.xy", xy("12 116", "11 116"), "line 5: 2-theta does not ascend: 11 after 11.5"},
      {"twice.xy", xy("12 116", "11.5 116"), "line 5: 2-theta does not ascend: 11.5 after 11.5"},
      {"glitch.xy", long_columns("30 130", "25.25 130"), "line 21: 2-theta does not ascend: 25.25 after 29"},
      {"few.xy", "10 1\n11 2\n12 3\n", "has 3 points, fewer than 10"},
      {"wide.xy", xy() + "181 5\n", "line 13: 2-theta is 181 degrees, outside 0 to 180"},
      {"negative.xy", "-1 5\n" + xy(), "line 1: 2-theta is -1 degrees, outside 0 to 180"},
      {"dark.xy", "1 0\n2 0\n3 0\n4 0\n5 0\n6 0\n7 0\n8 0\n9 -1\n10 0\n", "no intensity is above zero"},
      {"comma.txt", "10,02 1838\n10,04 1840\n", "line 1: \"10,02 1838\" has commas beside another delimiter; if they are decimal commas, write decimal points"},
      {"comma.csv", "10,02;1838,5\n", "decimal commas"},
      {"sigma.xye", "9 1 -1\n" + columns(" 1 "), "line 1: sigma is negative"},
      {"q.csv", "q (1/A),intensity\n" + columns(","), "the first column is named \"q (1/A)\": a pattern over 2-theta in degrees is needed"},
      {"utf16.txt", std::string("\xFF\xFE" "1\0 \0", 6), "is UTF-16 text; save it as UTF-8 or ASCII"},
      {"junk.xy", std::string("\x7F" "ELF\x02\x01\x00\x00", 8), "unknown format: byte 4 is 0x02"},
      {"powder.cif", "# made up\ndata_a\nloop_\n_pd_proc_point_id\n_pd_proc_d_spacing\n" + columns(" "), "is a CIF, which is not read as a pattern"},
      {"prose.txt", "Dear colleague,\nhere is no pattern.\n", "unknown format: no line begins with a number"},
  };
}

std::vector<Broken> broken_instrument_files() {
  const std::string uxd = uxd_header() + uxd_range(10, 0.5, 12, 1);
  return {
      {"cut.raw", bt86().substr(0, 5000), "ends at byte 5000, before the 2374 points of range 1"},
      {"header.raw", bt86().substr(0, 800), "ends at byte 800, before the header of range 1"},
      {"points.raw", with_value(bt86(), 716, 0xFFFFFFFFU), "before the 4294967295 points of range 1"},
      {"none.raw", with_value(bt86(), 716, 0U), "has no points"},
      {"ranges.raw", with_value(bt86(), 12, 0U), "has no measured range"},
      {"many.raw", with_value(bt86(), 12, 0xFFFFFFFFU), "the number of ranges (byte 12) is 4294967295"},
      {"length.raw", with_value(bt86(), 712, 16U), "the header of range 1 has 16 bytes, fewer than 304"},
      {"extra.raw", with_value(bt86(), 968, 0xFFFFFF00U), "before the 2374 points of range 1"},
      {"step.raw", with_value(bt86(), 888, 0.0), "range 1: the step is 0 degrees"},
      {"nan.raw", with_value(bt86(), 888, std::nan("")), "the header of range 1 (byte 888) is nan"},
      {"point.raw", with_value(bt86(), 1056 + 8, std::nanf("")), "point 3: intensity is nan"},
      {"rocking.raw", with_value(bt86(), 712 + 196, 3U), "no range is over 2-theta (measured over theta (rocking curve))"},
      {"four.raw", "RAW4.00" + std::string(100, '\0'), "is a RAW4 file, which is not read: export it as .brml or .xy"},
      {"version1.raw", raw_version_1(1).substr(0, 100), "ends at byte 100, before the header of range 1"},
      {"version2.raw", raw_version_2().substr(0, 330), "before the 12 points of range 1"},
      {"text.raw", "10 1\n", "is no RAW file"},
      {"pair.uxd", with(uxd, "11.5\t109", "11.5"), "line 16: an angle without its intensity"},
      {"text.uxd", with(uxd, "11.5\t109", "11.5\tx"), "line 16: intensity is no finite number: \"x\""},
      {"key.uxd", with(uxd, "_STEPSIZE=0.5", "_STEPSIZE=wide"), "_STEPSIZE is no finite number: \"wide\""},
      {"drive.uxd", with(uxd, "COUPLED", "PHI"), "no range is over 2-theta (measured over PHI)"},
      {"empty.uxd", uxd_header(), "has no measured range"},
      {"cut.ras", ras().substr(0, ras().size() - 29), "ends inside the points of scan 1: cut short?"},
      {"end.ras", ras().substr(0, ras().size() - 15), "ends without *RAS_DATA_END: cut short?"},
      {"point.ras", ras().substr(0, ras().size() - 40), "line 23: an angle without its intensity"},
      {"count.ras", with(ras(), "12.0", "13.0"), "12 points where MEAS_DATA_COUNT says 13"},
      {"text.ras", with(ras(), "11.5 109 1", "11.5 - 1"), "line 15: intensity is no finite number: \"-\""},
      {"axis.ras", with(ras(), "\"TwoTheta\"", "\"Omega\""), "no range is over 2-theta (measured over Omega)"},
      {"unit.ras", with(ras(), "\"deg\"", "\"mm\""), "the angles' unit is \"mm\", not deg"},
      {"cut.xrdml", xrdml().substr(0, 500), "is not well-formed XML"},
      {"text.xrdml", with(xrdml(), "109", "1o9"), "scan 1: <intensities>: value 4 is no finite number: \"1o9\""},
      {"unit.xrdml", with(xrdml(), "unit=\"deg\"", "unit=\"rad\""), "scan 1: 2-theta is in \"rad\", not deg"},
      {"axis.xrdml", with(xrdml(), "2Theta", "Omega"), "no range is over 2-theta (measured over Gonio)"},
      {"scan.xrdml", with(with(xrdml(), "<dataPoints>", "<x>"), "</dataPoints>", "</x>"), "scan 1 has no <dataPoints>"},
      {"list.xrdml", with(xrdml(), "<startPosition>10</startPosition><endPosition>15.5</endPosition>", "<listPositions>10 11</listPositions>"),
       "2 angles and 12 intensities"},
      {"other.xml", "<?xml version=\"1.0\"?><html/>", "unknown format: XML, but not XRDML"},
      {"deep.xrdml", nested_xml(), "has XML elements nested deeper than 64"},
      {"entity.xrdml", with(with(xrdml(), "<xrdMeasurements", "<!DOCTYPE a [<!ENTITY b \"1 1 1 1\">]><xrdMeasurements"), "109", "&b;"),
       "value 4 is no finite number: \"&b;\""},
      {"text.brml", "10 1\n", "is no BRML file: it is no zip archive"},
      {"cut.brml", read_file(kFolder / "YBCO-A1-HG-600C-950C.brml").substr(0, 100'000), "damaged or end"},
      {"other.brml", zip({{"word/document.xml", "<a/>"}}), "is a zip archive without RawData*.xml, so no BRML file"},
      {"datum.brml", brml(with(brml_range(), "11.5,5.75,109", "11.5,5.75,x")), "Experiment0/RawData0.xml, <Datum> 4: value 5 is no finite number: \"x\""},
      {"short.brml", brml(with(brml_range(), "11.5,5.75,109", "11.5")), "<Datum> 4: 3 values where 5 are needed"},
      {"axis.brml", brml(with(brml_range(), "AxisId=\"TwoTheta\"", "AxisId=\"Phi\"")), "no range is over 2-theta"},
      {"xml.brml", brml(brml_range().substr(0, 300)), "Experiment0/RawData0.xml is not well-formed XML"},
      {"bomb.brml", zip_bomb(), "expands to more than 64 MiB"},
  };
}

void expect_reasons(const std::vector<Broken>& patterns) {
  for (const Broken& broken : patterns) {
    SCOPED_TRACE(broken.name);
    try {
      parse_measured_pattern(broken.bytes, broken.name);
      ADD_FAILURE() << "was read";
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(broken.name + ": ")) << message;
      EXPECT_NE(message.find(broken.reason), std::string::npos) << message;
    }
  }
}

TEST(BrokenPatterns, OfColumnsAreRefusedWithLineAndField) { expect_reasons(broken_columns()); }
TEST(BrokenPatterns, OfInstrumentsAreRefusedWithTheirPlace) { expect_reasons(broken_instrument_files()); }

TEST(BrokenPatterns, FilesThatCannotBeReadAreNamed) {
  const auto folder = fresh_folder("broken_patterns");
  write_file(folder / "cut.xy.gz", gzip(columns(" ")).substr(0, 40));
  const std::string zeros = gzip(std::string(std::size_t{65} << 20, ' '));
  write_file(folder / "large.xy.gz", zeros);
  for (const auto& [name, reason] :
       {std::pair{"missing.xy", "no such file"}, {"cut.xy.gz", "gzip data are damaged or end early"}, {"large.xy.gz", "holds more than 64 MiB"}}) {
    try {
      read_measured_pattern(folder / name);
      ADD_FAILURE() << name << " was read";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace xxact::io
