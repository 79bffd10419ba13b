// xxact xrd: the powder diffraction of one structure, as lines, as a pattern, as a plot. One rank works.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "io/read_structures.hpp"
#include "pipeline/report/plot.hpp"
#include "pipeline/xrd/artefacts.hpp"
#include "pipeline/xrd/realistic.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "src/base/elements.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"
#include "src/xrd_comparison.hpp"
#include "src/xrd_fit.hpp"

namespace xxact {
namespace {

constexpr double kDefaultStep = 0.02;  // degrees
constexpr std::size_t kIdsInMessage = 5;
constexpr double kDifferenceZero = 25;  // of the plot, the same units
constexpr double kTickLength = 4;  // of the plot's ticks, in units of the strongest intensity = 100

void describe(options::options_description& description) {
  const std::string wavelengths = "radiation by name (" + xrd::radiation_names() + ") or wavelength in angstrom, 0.05 to 10; of a doublet (Ka12) the lines are those of Ka1";
  description.add_options()
      ("input", options::value<std::string>()->required(), "file with the structure: CIF, JSON or CSV, compressed or not")
      ("record", options::value<std::string>(), "id of the structure in a file with several, or its number counted from 0")
      ("lines", options::value<std::string>(), "write the lines to this CSV file: two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity; strongest 100")
      ("pattern", options::value<std::string>(), "write the pattern to this CSV file: two_theta_deg,intensity; strongest point 100")
      ("plot", options::value<std::string>(), "draw the pattern and its lines to this file, .svg or .png")
      ("wavelength", options::value<std::string>()->default_value("CuKa"), wavelengths.c_str())
      ("two-theta-min", options::value<double>()->default_value(5), "first angle in degrees, 0 or more")
      ("two-theta-max", options::value<double>()->default_value(90), "last angle in degrees, at most 180")
      ("form-factors", options::value<std::string>()->default_value("it92"), "it92 (International Tables), waasmaier-kirfel (with ions), pymatgen (its table, for comparison) or neutron (bound coherent scattering lengths)")
      ("ions", options::value<std::string>()->default_value("off"), "form factors of ions by the file's charges (type symbols such as O2-, oxidation numbers), which every atom must have: on or off; waasmaier-kirfel only")
      ("dispersion", options::value<std::string>()->default_value("on"), "anomalous dispersion f', f'' at the wavelength: on or off")
      ("monochromator", options::value<double>()->default_value(0), "2-theta of a monochromator's crystal in degrees (graphite and Cu: 26.6), for the polarisation; 0: none")
      ("b-iso", options::value<std::string>()->default_value("0"), "isotropic displacement B of the atoms in square angstrom: 0.5, or by element O=0.8,Ba=0.3, or both 0.5,O=0.8")
      ("adp", options::value<std::string>()->default_value("off"), "atomic displacement parameters of the file, U_ij or B_ij, else U_iso or B_iso; atoms without them do not move: on or off; not with --b-iso")
      ("measured", options::value<std::string>(), "measured pattern to compare with: .xy, .xye, .csv, .raw, .uxd, .brml, .ras, .xrdml; background taken off, drawn by --plot with the difference")
      ("zero-error", options::value<double>(), "degrees subtracted from the measured angles; searched within half a degree if not given")
      ("shape", options::value<std::string>()->default_value("model"), "peak shape: model (Gaussian of equal height at every angle, as models see it), or of equal area: gaussian, pseudo-voigt, tch")
      ("eta", options::value<double>()->default_value(0.5), "pseudo-voigt: Lorentzian share of the area, 0 to 1")
      ("caglioti", options::value<std::string>()->default_value("0,0,0.01"), "tch: U,V,W in square degrees, Gaussian FWHM^2 = U tan^2(theta) + V tan(theta) + W")
      ("crystallite-size", options::value<double>()->default_value(0), "tch: size in nanometres, Scherrer broadening with K = 0.9; 0: none")
      ("microstrain", options::value<double>()->default_value(0), "tch: microstrain, dimensionless (0.001 is 0.1 %)")
      ("axial", options::value<double>()->default_value(0), "half height of sample and of detector slit by the goniometer's radius, for the asymmetry of low angles (0.02); not with model")
      ("artefacts", options::value<double>()->default_value(0), "0 to 1: strength of the artefacts of a measurement drawn for --seed and --sample; needs --shape tch")
      ("seed", options::value<std::uint64_t>()->default_value(0), "seed of the artefacts")
      ("sample", options::value<std::uint64_t>()->default_value(0), "number of the sample; each draws artefacts of its own")
      ("step", options::value<double>(), "distance of the pattern's points in degrees (0.02)")
      ("points", options::value<int>(), "number of the pattern's points, in place of --step")
      ("fwhm", options::value<double>()->default_value(0.15, "0.15"), "full width at half maximum of the pattern's Gaussian profile, degrees");
  describe_fit(description);
}

bool parse_switch(const std::string& name, const std::string& text) {
  if (text == "on") return true;
  if (text == "off") return false;
  throw ConfigError("--{} '{}': give on or off", name, text);
}

xrd::PatternOptions read_options(const options::variables_map& values) {
  xrd::PatternOptions pattern;
  const xrd::Radiation radiation = xrd::parse_radiation(values["wavelength"].as<std::string>());
  pattern.simulation.wavelength_angstrom = radiation.wavelength_angstrom;
  pattern.simulation.second_wavelength_angstrom = radiation.second_wavelength_angstrom;
  pattern.simulation.second_intensity = radiation.second_intensity;
  pattern.simulation.monochromator_two_theta_deg = values["monochromator"].as<double>();
  pattern.simulation.displacement = xrd::parse_displacement(values["b-iso"].as<std::string>());
  pattern.simulation.two_theta_min_deg = values["two-theta-min"].as<double>();
  pattern.simulation.two_theta_max_deg = values["two-theta-max"].as<double>();
  pattern.simulation.form_factors = xrd::parse_form_factors(values["form-factors"].as<std::string>());
  pattern.simulation.ions = parse_switch("ions", values["ions"].as<std::string>());
  pattern.simulation.dispersion = parse_switch("dispersion", values["dispersion"].as<std::string>());
  pattern.fwhm_deg = values["fwhm"].as<double>();
  pattern.square_root = false;
  if (values.count("step") != 0 && values.count("points") != 0) throw ConfigError("give --step or --points, not both");
  const double range = pattern.simulation.two_theta_max_deg - pattern.simulation.two_theta_min_deg;
  const double step = values.count("step") != 0 ? values["step"].as<double>() : kDefaultStep;
  if (!(step > 0 && range / step < 1e7)) throw ConfigError("--step {}: give a positive angle that divides the range into less than 1e7 points", step);
  pattern.grid.two_theta_min_deg = pattern.simulation.two_theta_min_deg;
  pattern.grid.two_theta_max_deg = pattern.simulation.two_theta_max_deg;
  pattern.grid.points = values.count("points") != 0 ? values["points"].as<int>() : std::max(1, static_cast<int>(std::lround(range / step)));
  // Other shapes have widths of their own; the model's is not drawn then, and must not be refused either.
  if (values["shape"].as<std::string>() != "model") pattern.fwhm_deg = std::max(pattern.fwhm_deg, pattern.grid.step_deg());
  return pattern;
}

std::optional<std::filesystem::path> path_of(const options::variables_map& values, const char* name) {
  if (values.count(name) == 0) return std::nullopt;
  return values[name].as<std::string>();
}

void require_plot_extension(const std::optional<std::filesystem::path>& plot) {
  if (plot && plot->extension() != ".svg" && plot->extension() != ".png")
    throw ConfigError("--plot '{}': give a name that ends in .svg or .png", plot->string());
}

/// What is read of the file beside its atoms' elements, places and occupancies.
io::RecordLimits read_limits(const options::variables_map& values) {
  io::RecordLimits limits;
  limits.charges = parse_switch("ions", values["ions"].as<std::string>());
  limits.displacements = parse_switch("adp", values["adp"].as<std::string>());
  if (limits.displacements && !values["b-iso"].defaulted()) throw ConfigError("--adp on does not go with --b-iso: displacements come from the file or from the option");
  return limits;
}

io::NamedStructure read_one(const std::string& file, const std::string& record, const io::RecordLimits& limits) {
  std::vector<io::NamedStructure> found = io::read_structures(file, record, limits);
  if (found.empty()) throw InputError("{} has no structure", file);
  if (found.size() == 1) return std::move(found.front());
  std::string ids;
  for (std::size_t i = 0; i < std::min(found.size(), kIdsInMessage); ++i) ids += (i == 0 ? "" : ", ") + found[i].id;
  if (found.size() > kIdsInMessage) ids += ", ...";
  throw ConfigError("{} holds {} structures: choose one with --record (ids: {})", file, found.size(), ids);
}

std::string lines_as_csv(const std::vector<xrd::Line>& lines) {
  std::string text = "two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity\n";
  for (const xrd::Line& line : lines)
    text += fmt::format("{:.8f},{:.8f},{:.8f},{},{},{},{}\n", line.two_theta_deg, line.intensity, line.d_angstrom, line.h, line.k, line.l, line.multiplicity);
  return text;
}

std::string lines_as_table(const std::vector<xrd::Line>& lines) {
  std::string text = fmt::format("{:>12} {:>11} {:>11} {:>5} {:>4} {:>4} {:>13}\n", "two_theta_deg", "intensity", "d_angstrom", "h", "k", "l", "multiplicity");
  for (const xrd::Line& line : lines)
    text += fmt::format("{:>13.5f} {:>11.4f} {:>11.6f} {:>5} {:>4} {:>4} {:>13}\n", line.two_theta_deg, line.intensity, line.d_angstrom, line.h, line.k, line.l,
                        line.multiplicity);
  return text;
}

/// Numbers with one character between them.
std::vector<double> separated(const std::string& text) {
  std::vector<double> values;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) break;
    values.push_back(value);
    at = next + 1;
  }
  return values;
}

/// Nothing for the shape "model".
std::optional<xrd::PeakShape> read_shape(const options::variables_map& values) {
  const auto name = values["shape"].as<std::string>();
  for (const char* option : {"eta", "caglioti", "crystallite-size", "microstrain", "axial", "artefacts"})
    if (name == "model" && !values[option].defaulted()) throw ConfigError("--{} does not go with --shape model: choose gaussian, pseudo-voigt or tch", option);
  if (name == "model") return std::nullopt;
  using Kind = xrd::PeakShape::Kind;
  xrd::PeakShape shape;
  shape.kind = xrd::parse_peak_shape(name);
  for (const char* option : {"caglioti", "crystallite-size", "microstrain", "artefacts"})
    if (shape.kind != Kind::tch && !values[option].defaulted()) throw ConfigError("--{} needs --shape tch", option);
  if (shape.kind != Kind::pseudo_voigt && !values["eta"].defaulted()) throw ConfigError("--eta needs --shape pseudo-voigt");
  if (shape.kind == Kind::tch && !values["fwhm"].defaulted()) throw ConfigError("--fwhm does not go with --shape tch, whose widths are --caglioti, --crystallite-size and --microstrain");
  shape.axial_sample_ratio = shape.axial_detector_ratio = values["axial"].as<double>();
  if (shape.kind != Kind::tch) {
    shape.fwhm_deg = values["fwhm"].as<double>();
    if (shape.kind == Kind::pseudo_voigt) shape.eta = values["eta"].as<double>();
    return shape;
  }
  const auto caglioti = values["caglioti"].as<std::string>();
  const std::vector<double> uvw = separated(caglioti);
  if (uvw.size() != 3 || std::ranges::count(caglioti, ',') != 2) throw ConfigError("--caglioti '{}': give U,V,W, three numbers in square degrees", caglioti);
  shape.caglioti_u_deg2 = uvw[0], shape.caglioti_v_deg2 = uvw[1], shape.caglioti_w_deg2 = uvw[2];
  if (const double size = values["crystallite-size"].as<double>(); size != 0) shape.crystallite_size_nm = size;
  shape.microstrain = values["microstrain"].as<double>();
  return shape;
}

struct Measurement {
  std::optional<xrd::PeakShape> shape;
  xrd::Artefacts artefacts;
};

Measurement read_measurement(const options::variables_map& values, const xrd::Grid& grid) {
  Measurement measurement{read_shape(values), {}};
  const double strength = values["artefacts"].as<double>();
  if (strength == 0) return measurement;
  const xrd::ArtefactRanges ranges;
  check(ranges, grid);
  measurement.artefacts = draw_artefacts(ranges, values["seed"].as<std::uint64_t>(), 0, values["sample"].as<std::uint64_t>(), strength);
  return measurement;
}

/// [points], strongest 100.
std::vector<double> simulate_pattern(xrd::Simulator& simulator, const io::NamedStructure& named, const Measurement& measurement) {
  const StructureView structure = named.view();
  std::vector<float> profile(static_cast<std::size_t>(simulator.options().grid.points));
  if (measurement.shape) {
    std::vector<std::uint8_t> measured(profile.size());
    xrd::RealisticSimulator(simulator.options(), *measurement.shape).pattern(structure, crystal_system_of(named.space_group), measurement.artefacts, {}, profile, measured);
  } else {
    simulator.pattern(structure, 0, profile);
  }
  std::vector<double> pattern(profile.begin(), profile.end());
  for (double& value : pattern) value *= 100;
  return pattern;
}

std::string pattern_as_csv(const xrd::Grid& grid, const std::vector<double>& pattern) {
  std::string text = "two_theta_deg,intensity\n";
  for (std::size_t i = 0; i < pattern.size(); ++i) text += fmt::format("{:.6f},{:.7g}\n", grid.centre_deg(static_cast<int>(i)), pattern[i]);
  return text;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw IoError("cannot write {}", path.string());
}

std::string joined(const std::vector<double>& values) { return fmt::format("{}", fmt::join(values, " ")); }

/// Arguments: file, title, first and last angle, then the pattern's angles and intensities, the lines' angles and the measured
/// intensities, as numbers separated by spaces. The lines stand as ticks below the axis, where the pattern does not cover
/// them; below them the difference of a measured pattern, on its own zero line.
void draw_pattern(const std::vector<std::string>& arguments) {
  report::Plot plot;
  plot.title = arguments.at(1);
  plot.x_label = "2θ (degrees)";
  plot.y_label = "intensity (strongest = 100)";
  const std::vector<double> range = separated(arguments.at(2));
  plot.x_range = {range.at(0), range.at(1)};
  const std::vector<double> centres = separated(arguments.at(3)), simulated = separated(arguments.at(4)), measured = separated(arguments.at(6));
  plot.y_range.low = -kTickLength * 1.5;
  if (!measured.empty()) {
    plot.series.push_back({"measured", centres, measured, report::Style::lines, 3, 1.2});
    std::vector<double> difference(measured.size());
    for (std::size_t i = 0; i < difference.size(); ++i) difference[i] = measured[i] - simulated[i] - kDifferenceZero;
    // Where nothing was measured the difference is not a number, and min_element must not meet one first.
    double lowest = -2 * kDifferenceZero;
    for (const double value : difference) lowest = std::min(lowest, std::isfinite(value) ? value : lowest);
    plot.y_range.low = lowest * 1.05;
    plot.legend = report::Legend::above;
    plot.series.push_back({"measured - simulated", centres, difference, report::Style::lines, 2, 1.0});
  }
  plot.series.push_back({measured.empty() ? "pattern" : "simulated", centres, simulated, report::Style::lines, 0, 1.5});
  const std::vector<double> angles = separated(arguments.at(5));
  if (!angles.empty()) plot.series.push_back({"lines", angles, std::vector<double>(angles.size(), -kTickLength), report::Style::sticks, 1, 1.0});
  report::draw(plot, arguments.at(0));
}

/// gnuplot is started after MPI is gone, so the plot's numbers are handed over as text.
void draw_later(Runtime& runtime, const std::filesystem::path& path, const std::string& title, const xrd::Grid& grid, const std::vector<double>& pattern,
                const std::vector<xrd::Line>& lines, const std::vector<double>& measured) {
  std::vector<double> centres(pattern.size()), angles;
  for (std::size_t i = 0; i < centres.size(); ++i) centres[i] = grid.centre_deg(static_cast<int>(i));
  for (const xrd::Line& line : lines) angles.push_back(line.two_theta_deg);
  runtime.after_finalize(draw_pattern, {path.string(), title, joined({grid.two_theta_min_deg, grid.two_theta_max_deg}), joined(centres), joined(pattern), joined(angles), joined(measured)});
}

/// "1.54184" or "1.54056 and 1.54439".
std::string wavelengths_of(const xrd::SimulationOptions& simulation) {
  if (simulation.second_intensity > 0) return fmt::format("{} and {}", simulation.wavelength_angstrom, simulation.second_wavelength_angstrom);
  return fmt::format("{}", simulation.wavelength_angstrom);
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const auto lines_path = path_of(values, "lines"), pattern_path = path_of(values, "pattern"), plot_path = path_of(values, "plot"), measured_path = path_of(values, "measured");
  require_plot_extension(plot_path);
  const io::RecordLimits limits = read_limits(values);
  const bool fit = wants_fit(values);
  xrd::Simulator simulator(read_options(values));
  const Measurement measurement = read_measurement(values, simulator.options().grid);
  if (!runtime.root()) return ExitCode::done;

  const std::string file = values["input"].as<std::string>();
  const io::NamedStructure named = read_one(file, values.count("record") != 0 ? values["record"].as<std::string>() : std::string(), limits);
  const StructureView structure = named.view();
  if (named.atoms_without_displacement > 0)
    log::warn("{}, record {}: {} of {} atoms have no displacement parameters and do not move", file, named.id, named.atoms_without_displacement, structure.atoms());
  if (fit) return fit_measured(values, runtime, named, simulator.options().simulation, measurement.shape, limits, {pattern_path, plot_path});
  const xrd::Grid& grid = simulator.options().grid;
  std::vector<xrd::Line> lines;
  std::vector<double> pattern;
  try {
    simulator.lines(structure, lines);
    if (pattern_path || plot_path || measured_path) pattern = simulate_pattern(simulator, named, measurement);
  } catch (const InputError& error) {
    throw InputError("{}, record {}: {}", file, named.id, error.what());
  }
  if (lines.empty()) log::warn("{}, record {}: no line between {} and {} degrees", file, named.id, grid.two_theta_min_deg, grid.two_theta_max_deg);
  Comparison comparison;
  if (measured_path) {
    comparison = compare_with_measured(*measured_path, pattern, simulator.options(), values.count("zero-error") != 0 ? std::optional(values["zero-error"].as<double>()) : std::nullopt);
    std::cout << fmt::format("cosine similarity {:.4f}, zero error {:.2f} degrees\n", comparison.cosine, comparison.zero_error_deg);
  }
  if (lines_path) write_file(*lines_path, lines_as_csv(lines));
  if (pattern_path) write_file(*pattern_path, pattern_as_csv(grid, pattern));
  if (plot_path) draw_later(runtime, *plot_path, fmt::format("{}, {} Å", named.id, wavelengths_of(simulator.options().simulation)), grid, pattern, lines, comparison.measured);
  if (!lines_path && !pattern_path && !plot_path && !measured_path) std::cout << lines_as_table(lines);
  return ExitCode::done;
}

}  // namespace

extern const Command kXrdCommand = {
    "xrd",
    "simulate the powder diffraction of one structure",
    "xxact xrd --input quartz.cif\n"
    "xxact xrd --input quartz.cif --lines lines.csv --pattern pattern.csv --plot pattern.svg\n"
    "xxact xrd --input structures.json --record mp-149 --wavelength MoKa --two-theta-max 60 --lines lines.csv\n"
    "xxact xrd --input BaTiO3.cif --measured scan.xrdml --shape tch --caglioti 0,0,0.02 --b-iso 0.5 --plot comparison.png\n"
    "xxact xrd --input BaTiO3.cif --measured scan.xrdml --fit --fit-parameters zero,caglioti,x,y,b-iso --plot fit.png --fit-result fit.json\n"
    "xxact xrd --input BaTiO3.cif --shape tch --caglioti 0.05,-0.01,0.01 --crystallite-size 20 --artefacts 1 --seed 7 --plot measured.png\n"
    "xxact xrd --input BaTiO3.cif --wavelength CuKa12 --monochromator 26.6 --b-iso 0.5,O=0.8 --fwhm 0.06 --plot pattern.png\n"
    "xxact xrd --input magnetite.cif --form-factors waasmaier-kirfel --ions on --adp on --lines lines.csv",
    describe,
    {"input"},
    run,
};

}  // namespace xxact
