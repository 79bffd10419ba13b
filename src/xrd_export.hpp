// Tables of xxact xrd: lines and patterns as CSV, patterns as .xy, lines for the terminal.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/xrd/simulator.hpp"

namespace xxact {

struct SimulatedStructure {
  std::string column, title;    // as in ChosenStructure
  std::vector<xrd::Line> lines;
  std::vector<double> structure_factor;  // [lines], |F|, see xrd::structure_factor
  std::vector<double> pattern;           // [points]; or empty
};

/// 2-theta in degrees or Q in 1/angstrom: where the axis has a line.
double place_of(const xrd::Line& line, xrd::Axis axis);

/// two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity; q_per_angstrom before them where the axis is Q, and before all a
/// column `structure` where there are several.
std::string lines_as_csv(const std::vector<SimulatedStructure>& structures, xrd::Axis axis);
/// For reading: fewer digits, and |F| at the end.
std::string lines_as_table(const std::vector<SimulatedStructure>& structures, xrd::Axis axis);

/// two_theta_deg or q_per_angstrom, then `intensity`, or a column for each of several structures under its name.
std::string pattern_as_csv(const std::vector<SimulatedStructure>& structures, const xrd::Grid& grid);

/// Two columns separated by a blank, after comments that say the structure, the wavelength and the grid. `radiation` as it was asked for.
std::string pattern_as_xy(const SimulatedStructure& structure, const xrd::PatternOptions& options, const std::string& radiation, bool absolute);

/// Throws IoError with the reason.
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace xxact
