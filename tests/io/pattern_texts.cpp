#include "tests/io/pattern_texts.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "tests/io/scratch_files.hpp"

namespace xxact::io::testing_files {

namespace {

constexpr int kPoints = 12;

double angle(int i) { return 10 + 0.5 * i; }
int counts(int i) { return 100 + i * i; }

template <class T>
void put(std::string& bytes, std::size_t offset, T value) {
  if (bytes.size() < offset + sizeof value) bytes.resize(offset + sizeof value, '\0');
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

void put_text(std::string& bytes, std::size_t offset, const std::string& text) {
  if (bytes.size() < offset + text.size()) bytes.resize(offset + text.size(), '\0');
  bytes.replace(offset, text.size(), text);
}

void put_points(std::string& bytes, std::size_t offset) {
  for (int i = 0; i < kPoints; ++i) put(bytes, offset + static_cast<std::size_t>(i) * 4, static_cast<float>(counts(i)));
}

}  // namespace

std::string columns(const std::string& delimiter, const std::string& line_end) {
  std::string text;
  for (int i = 0; i < kPoints; ++i) text += fmt::format("{}{}{}{}", angle(i), delimiter, counts(i), line_end);
  return text;
}

std::string ras() {
  std::string text = "*RAS_DATA_START\r\n*RAS_HEADER_START\r\n*FILE_SAMPLE \"quartz\"\r\n*HW_XG_TARGET_NAME \"Cu\"\r\n*HW_XG_WAVE_LENGTH_ALPHA1 \"1.540593\"\r\n"
                     "*MEAS_DATA_COUNT \"12.0\"\r\n*MEAS_SCAN_AXIS_X \"2-Theta\"\r\n*MEAS_SCAN_AXIS_X_INTERNAL \"TwoTheta\"\r\n*MEAS_SCAN_UNIT_X \"deg\"\r\n"
                     "*RAS_HEADER_END\r\n*RAS_INT_START\r\n";
  for (int i = 0; i < kPoints; ++i) text += fmt::format("{} {} 1\r\n", angle(i), counts(i));
  return text + "*RAS_INT_END\r\n*RAS_DATA_END\r\n";
}

std::string xrdml() {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xrdMeasurements xmlns=\"http://www.xrdml.com/XRDMeasurement/1.5\"><sample><name>quartz</name></sample>"
                     "<xrdMeasurement><usedWavelength><kAlpha1 unit=\"Angstrom\">1.5406</kAlpha1></usedWavelength><scan scanAxis=\"Gonio\"><dataPoints>"
                     "<positions axis=\"2Theta\" unit=\"deg\"><startPosition>10</startPosition><endPosition>15.5</endPosition></positions><intensities unit=\"counts\">";
  for (int i = 0; i < kPoints; ++i) text += fmt::format("{}{}", i == 0 ? "" : " ", counts(i));
  return text + "</intensities></dataPoints></scan></xrdMeasurement></xrdMeasurements>\n";
}

std::string uxd_header() { return "; made up\n_FILEVERSION=2\n_SAMPLE='quartz'\n_WL_UNIT='A'\n_WL1=1.5406\n_ANODE='Cu'\n"; }

std::string uxd_range(double start, double step, int points, double seconds) {
  std::string text = fmt::format("; (Data for Range)\n_DRIVE='COUPLED'\n_STEPTIME={}\n_STEPSIZE={}\n_START={}\n_2THETACOUNTS\n", seconds, step, start);
  for (int i = 0; i < points; ++i) text += fmt::format("{}\t{}\n", start + i * step, counts(i));
  return text;
}

std::string raw_version_1(int ranges) {
  std::string bytes;
  for (int range = 0; range < ranges; ++range) {
    std::size_t at = bytes.size();
    if (range == 0) put_text(bytes, 0, "RAW "), at = 4;  // the first programs wrote it once
    put(bytes, at, std::uint32_t{kPoints});
    put(bytes, at + 4, 1.5F), put(bytes, at + 8, 0.5F), put(bytes, at + 20, 10.0F), put(bytes, at + 24, -1e6F);
    put_text(bytes, at + 36, "quartz");
    put(bytes, at + 68, 1.5406F), put(bytes, at + 72, 1.54439F);
    put(bytes, at + 148, std::uint32_t{range + 1 < ranges});
    put_points(bytes, at + 152);
  }
  return bytes;
}

std::string raw_version_2() {
  std::string bytes = "RAW2";
  put(bytes, 4, std::uint16_t{1});
  put_text(bytes, 188, "Cu");
  put(bytes, 190, 1.5406F), put(bytes, 194, 1.54439F), put(bytes, 198, 0.5F);
  put(bytes, 256, std::uint16_t{64}), put(bytes, 258, std::uint16_t{kPoints});
  put(bytes, 264, 1.5F), put(bytes, 268, 0.5F), put(bytes, 272, 10.0F);
  put_points(bytes, 256 + 64);
  return bytes;
}

std::string brml_range() {
  std::string text = "<?xml version=\"1.0\"?><RawData><DataRoutes><DataRoute RouteFlag=\"Measured\"><ScanInformation VisibleName=\"Coupled TwoTheta/Theta\"/>";
  for (int i = 0; i < kPoints; ++i) text += fmt::format("<Datum>1,1,{},{},{}</Datum>", angle(i), angle(i) / 2, counts(i));
  return text + "<DataViews><RawDataView Start=\"0\" Length=\"1\" LogicName=\"MeasuredTime\"/>"
                "<RawDataView Start=\"2\" Length=\"2\"><Varying><FieldDefinitions AxisId=\"TwoTheta\"/><FieldDefinitions AxisId=\"Theta\"/></Varying></RawDataView>"
                "<RawDataView Start=\"4\" Length=\"1\"><Recording><Unit Base=\"Counts\"/><BlankingValue>-9999</BlankingValue></Recording></RawDataView>"
                "</DataViews></DataRoute></DataRoutes></RawData>";
}

std::string brml(const std::string& range) { return zip({{"Experiment0/DataContainer.xml", "<DataContainer/>"}, {"Experiment0/RawData0.xml", range}}); }

}  // namespace xxact::io::testing_files
