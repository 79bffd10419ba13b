#include "src/xrd_plot.hpp"

#include <fmt/format.h>

#include "pipeline/report/diffraction_plot.hpp"
#include "src/base/error.hpp"
#include "src/number_list.hpp"
#include "src/runtime.hpp"

namespace xxact {
namespace {

constexpr std::size_t kOfAll = 6, kOfEach = 3, kOfALine = 5;  // arguments and numbers, see draw_patterns
constexpr std::size_t kLongestTitle = 50;  // bytes

/// What fits into a legend; whole characters of UTF-8.
std::string shortened(const std::string& text) {
  if (text.size() <= kLongestTitle) return text;
  std::size_t end = kLongestTitle;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

/// Arguments, numbers separated by blanks: file; title; label of the x axis; its range, most labels, 1 if stacked; the points; the
/// measured intensities. Then of each pattern: name; intensities; place, intensity, h, k, l of each line.
void draw_patterns(const std::vector<std::string>& arguments) {
  report::DiffractionPlot plot;
  plot.title = arguments.at(1), plot.x_label = arguments.at(2);
  const std::vector<double> frame = split_numbers(arguments.at(3));
  plot.x_range = {frame.at(0), frame.at(1)};
  plot.labels = static_cast<int>(frame.at(2)), plot.stacked = frame.at(3) != 0;
  plot.x = split_numbers(arguments.at(4)), plot.measured = split_numbers(arguments.at(5));
  for (std::size_t i = kOfAll; i < arguments.size(); i += kOfEach) {
    report::DiffractionPattern pattern{arguments.at(i), split_numbers(arguments.at(i + 1)), {}};
    const std::vector<double> lines = split_numbers(arguments.at(i + 2));
    for (std::size_t j = 0; j < lines.size(); j += kOfALine)
      pattern.lines.push_back({lines.at(j), lines.at(j + 1), {static_cast<int>(lines.at(j + 2)), static_cast<int>(lines.at(j + 3)), static_cast<int>(lines.at(j + 4))}});
    plot.patterns.push_back(std::move(pattern));
  }
  report::draw(report::plot_of(plot), arguments.at(0));
}

/// "1.54184" or "1.54056 and 1.54439".
std::string wavelengths_of(const xrd::SimulationOptions& simulation) {
  if (simulation.second_intensity > 0) return fmt::format("{} and {}", simulation.wavelength_angstrom, simulation.second_wavelength_angstrom);
  return fmt::format("{}", simulation.wavelength_angstrom);
}

}  // namespace

void draw_later(Runtime& runtime, const PlotOptions& plot, const xrd::PatternOptions& options, const std::vector<SimulatedStructure>& structures, const std::vector<double>& measured) {
  const xrd::Grid& grid = options.grid;
  const bool in_q = grid.axis == xrd::Axis::q;
  std::vector<double> centres(static_cast<std::size_t>(grid.points));
  for (std::size_t i = 0; i < centres.size(); ++i) centres[i] = grid.centre(static_cast<int>(i));
  const std::string wavelengths = wavelengths_of(options.simulation) + " Å";
  std::vector<std::string> arguments = {plot.path.string(),
                                        structures.size() == 1 ? shortened(structures.front().title) + ", " + wavelengths : wavelengths,
                                        in_q ? "Q = 4π sin θ/λ (1/Å)" : "2θ (degrees)",
                                        join_numbers({grid.low(), grid.high(), static_cast<double>(plot.labels), plot.stacked ? 1.0 : 0.0}),
                                        join_numbers(centres),
                                        join_numbers(measured)};
  for (const SimulatedStructure& structure : structures) {
    std::vector<double> lines;
    for (const xrd::Line& line : structure.lines)
      for (const double number : {place_of(line, grid.axis), line.intensity, static_cast<double>(line.h), static_cast<double>(line.k), static_cast<double>(line.l)}) lines.push_back(number);
    for (const std::string& text : {shortened(structure.title), join_numbers(structure.pattern), join_numbers(lines)}) arguments.push_back(text);
  }
  runtime.after_finalize(draw_patterns, std::move(arguments));
}

}  // namespace xxact
