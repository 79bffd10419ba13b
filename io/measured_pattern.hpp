// A measured powder pattern as its file has it: angles, intensities, radiation. Reads columns of numbers (.xy, .xye, .csv,
// .dat, .txt), Bruker and Siemens .raw (RAW, RAW2, RAW1.01), .uxd and .brml, Rigaku .ras, PANalytical .xrdml, each plain
// or compressed by gzip, bzip2 or zstd. What a file is, its first bytes tell; its name decides only what they leave open.
// Not here: background, another wavelength, the model's grid (pipeline/xrd/measured.hpp).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xxact::io {

struct MeasuredPattern {
  std::vector<double> two_theta_deg;  // [points], strictly ascending, 0 to 180
  std::vector<double> intensity;      // [points], finite, counts or arbitrary; the largest is positive
  std::vector<double> sigma;          // [points], standard deviations >= 0, or empty where the file has none

  std::optional<double> wavelength_angstrom;  // K-alpha1, or the only one; 0.05 to 10
  std::optional<double> alpha2_angstrom;      // K-alpha2, where the file names it
  std::optional<double> alpha2_ratio;         // intensity of K-alpha2 to K-alpha1, 0 to 1, where the file names it
  std::string anode;                          // "Cu", or empty
  std::string sample;                         // name or title, or empty; UTF-8
  std::string format;                         // "columns", "RAW1.01", "UXD", "BRML", "RAS", "XRDML"
  std::vector<std::string> notes;             // what a reader of the result should know: a range left out, points turned round
};

inline constexpr std::size_t kFewestPoints = 10;

/// Reads the pattern of a file. Where it has several ranges, those over 2-theta that continue each other at the same
/// counting time are joined, an overlap from the earlier one; otherwise the first one over 2-theta is read; a note says
/// which. Columns whose angles step back between two scans are two ranges. A pattern measured downwards is turned round,
/// with a note; nothing is sorted.
/// Throws InputError naming the file and the line, record or point: no such file, empty, unknown format, cut short, text
/// in place of a number, NaN or infinity, angles that do not ascend or lie outside 0 to 180 degrees, fewer than 10 points,
/// nothing above zero, an axis other than 2-theta, UTF-16, more than 64 MiB.
MeasuredPattern read_measured_pattern(const std::filesystem::path& path);

/// The same of bytes in memory, uncompressed; `name` is for messages, and its suffix stands for the file's.
MeasuredPattern parse_measured_pattern(std::string_view bytes, const std::string& name);

}  // namespace xxact::io
