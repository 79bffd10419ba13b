// Small measured patterns in each format, for tests that change one thing of them. All but the ranges of .uxd have the
// same twelve points: 10, 10.5, ... 15.5 degrees, intensities 100 + i^2.
#pragma once

#include <string>

namespace xxact::io::testing_files {

std::string columns(const std::string& delimiter, const std::string& line_end = "\n");
std::string ras();
std::string xrdml();
std::string uxd_header();
std::string uxd_range(double start, double step, int points, double seconds);
std::string raw_version_1(int ranges);  // the same range so many times
std::string raw_version_2();
/// RawData0.xml, and the archive around one.
std::string brml_range();
std::string brml(const std::string& range);

}  // namespace xxact::io::testing_files
