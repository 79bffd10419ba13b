#include "src/xrd_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <numbers>

#include "pipeline/xrd/measured.hpp"
#include "src/base/error.hpp"

namespace xxact {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string on_one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

const char* axis_column(xrd::Axis axis) { return axis == xrd::Axis::q ? "q_per_angstrom" : "two_theta_deg"; }

/// What a reader takes for the wavelength comes first: of a doublet the mean, at which the two together stand.
std::string wavelength_comment(const xrd::SimulationOptions& simulation, const std::string& radiation) {
  const std::string name = !radiation.empty() && std::isalpha(static_cast<unsigned char>(radiation.front())) != 0 ? radiation + ", " : "";
  const char* source = simulation.form_factors == xrd::FormFactors::neutron ? "neutrons" : "X-rays";
  const double first = simulation.wavelength_angstrom, second = simulation.second_wavelength_angstrom;
  if (simulation.second_intensity == 0) return fmt::format("{}wavelength {:.8g} angstrom, {}", name, first, source);
  return fmt::format("{}mean wavelength {:.8g} angstrom of {:.8g} and {:.8g}, {}", name, xrd::mean_wavelength(first, second, simulation.second_intensity), first, second, source);
}

}  // namespace

double place_of(const xrd::Line& line, xrd::Axis axis) { return axis == xrd::Axis::q ? 2 * std::numbers::pi / line.d_angstrom : line.two_theta_deg; }

std::string lines_as_csv(const std::vector<SimulatedStructure>& structures, xrd::Axis axis) {
  const bool several = structures.size() > 1, in_q = axis == xrd::Axis::q;
  std::string text = fmt::format("{}{}two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity\n", several ? "structure," : "", in_q ? "q_per_angstrom," : "");
  for (const SimulatedStructure& structure : structures) {
    const std::string name = several ? csv_field(structure.column) + ',' : "";
    for (const xrd::Line& line : structure.lines)
      text += fmt::format("{}{}{:.8f},{:.8f},{:.8f},{},{},{},{}\n", name, in_q ? fmt::format("{:.8f},", place_of(line, axis)) : "", line.two_theta_deg, line.intensity, line.d_angstrom,
                          line.h, line.k, line.l, line.multiplicity);
  }
  return text;
}

std::string lines_as_table(const std::vector<SimulatedStructure>& structures, xrd::Axis axis) {
  const bool several = structures.size() > 1, in_q = axis == xrd::Axis::q;
  std::size_t width = std::string_view("structure").size();
  for (const SimulatedStructure& structure : structures) width = std::max(width, structure.column.size());
  std::string text = fmt::format("{}{}{:>13} {:>11} {:>11} {:>5} {:>4} {:>4} {:>13} {:>11}\n", several ? fmt::format("{:<{}} ", "structure", width) : "",
                                 in_q ? fmt::format("{:>14} ", "q_per_angstrom") : "", "two_theta_deg", "intensity", "d_angstrom", "h", "k", "l", "multiplicity", "|F|");
  for (const SimulatedStructure& structure : structures)
    for (std::size_t i = 0; i < structure.lines.size(); ++i) {
      const xrd::Line& line = structure.lines[i];
      text += fmt::format("{}{}{:>13.5f} {:>11.4f} {:>11.6f} {:>5} {:>4} {:>4} {:>13} {:>11.4f}\n", several ? fmt::format("{:<{}} ", structure.column, width) : "",
                          in_q ? fmt::format("{:>14.6f} ", place_of(line, axis)) : "", line.two_theta_deg, line.intensity, line.d_angstrom, line.h, line.k, line.l, line.multiplicity, structure.structure_factor[i]);
    }
  return text;
}

std::string pattern_as_csv(const std::vector<SimulatedStructure>& structures, const xrd::Grid& grid) {
  std::string text = axis_column(grid.axis);
  for (const SimulatedStructure& structure : structures) text += ',' + (structures.size() > 1 ? csv_field(structure.column) : std::string("intensity"));
  text += '\n';
  for (int i = 0; i < grid.points; ++i) {
    text += fmt::format("{:.6f}", grid.centre(i));
    for (const SimulatedStructure& structure : structures) text += fmt::format(",{:.7g}", structure.pattern[static_cast<std::size_t>(i)]);
    text += '\n';
  }
  return text;
}

std::string pattern_as_xy(const SimulatedStructure& structure, const xrd::PatternOptions& options, const std::string& radiation, bool absolute) {
  const xrd::Grid& grid = options.grid;
  std::string text = fmt::format("# {}\n# {}\n# {} bins from {:.8g} to {:.8g} {}, {}\n# {} intensity\n", on_one_line(structure.title),
                                 wavelength_comment(options.simulation, radiation), grid.points, grid.low(), grid.high(), grid.axis == xrd::Axis::q ? "1/angstrom" : "degrees",
                                 absolute ? "absolute intensities" : "the strongest 100", axis_column(grid.axis));
  for (int i = 0; i < grid.points; ++i) text += fmt::format("{:.6f} {:.7g}\n", grid.centre(i), structure.pattern[static_cast<std::size_t>(i)]);
  return text;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw IoError("cannot write {}: {}", path.string(), std::strerror(errno));
}

}  // namespace xxact
