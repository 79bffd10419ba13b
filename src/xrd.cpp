// xxact xrd: the powder diffraction of one structure or several, as lines, as a pattern, as a plot. One rank works.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <optional>
#include <system_error>

#include "pipeline/report/diffraction_plot.hpp"
#include "pipeline/xrd/realistic.hpp"
#include "pipeline/xrd/reciprocal_metric.hpp"
#include "src/base/elements.hpp"
#include "src/command.hpp"
#include "src/runtime.hpp"
#include "src/xrd_comparison.hpp"
#include "src/xrd_export.hpp"
#include "src/xrd_fit.hpp"
#include "src/xrd_options.hpp"
#include "src/xrd_plot.hpp"
#include "src/xrd_structures.hpp"

namespace xxact {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

constexpr int kLabelsOfOne = 12, kMostLabels = 200;

void describe(options::options_description& description) {
  description.add_options()
      ("input", options::value<Texts>()->multitoken()->required(), "files with the structures: CIF, JSON or CSV, compressed or not")
      ("record", options::value<Texts>(), "id of the structure in a file with several, or its number counted from 0; may be repeated: several of one file, or one for each file in their order")
      ("lines", options::value<std::string>(), "write the lines to this CSV file: two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity; strongest 100; q_per_angstrom before them with --axis q, a column structure before all where there are several")
      ("pattern", options::value<std::string>(), "write the pattern to this file, strongest point 100: .csv (two_theta_deg or q_per_angstrom, then intensity or a column for each of several structures) or .xy (two columns after a comment, one structure)")
      ("intensity", options::value<std::string>()->default_value("relative"), "relative: strongest line and point 100; absolute: |F|^2 and Lorentz-polarisation by the square of the cell's volume, electrons^2 / angstrom^6 (neutron: fm^2 / angstrom^6), so that phases add up by volume fractions; --shape model, without --plot and --measured")
      ("plot", options::value<std::string>(), "draw the patterns and their lines to this file, .svg or .png; up to 8 structures")
      ("labels", options::value<int>(), "with --plot: write the indices over so many of the strongest lines, where they do not overlap; 0: none (12 for one structure, 0 for several)")
      ("stack", options::value<std::string>()->default_value("on"), "with --plot: several structures above each other (on) or overlaid (off)")
      ("measured", options::value<std::string>(), "measured pattern to compare with: .xy, .xye, .csv, .raw, .uxd, .brml, .ras, .xrdml; background taken off, drawn by --plot with the difference; one structure")
      ("zero-error", options::value<double>(), "degrees subtracted from the measured angles; searched within half a degree if not given; where a fit begins, if it fits zero");
  describe_simulation(description);
  describe_fit(description);
}

struct Outputs {
  std::optional<fs::path> lines, pattern, plot, fit_result, measured;
  int labels = kLabelsOfOne;
  bool stacked = true, absolute = false;

  bool need_pattern() const { return pattern || plot || measured; }
  bool any() const { return lines || need_pattern(); }
};

/// Nothing if the option is not given.
std::optional<fs::path> output_path(const options::variables_map& values, const char* name, const std::vector<const char*>& extensions) {
  if (values.count(name) == 0) return std::nullopt;
  const fs::path path = values[name].as<std::string>();
  bool known = extensions.empty();
  std::string names;
  for (const char* extension : extensions) {
    known = known || path.extension() == extension;
    names += (names.empty() ? "" : " or ") + std::string(extension);
  }
  if (!known) throw ConfigError("--{} '{}': give a name that ends in {}", name, path.string(), names);
  return path;
}

/// Plots are drawn at the very end: what would fail then is asked for before the work.
void require_folder(const char* name, const std::optional<fs::path>& path) {
  std::error_code error;
  if (!path) return;
  if (path->has_parent_path() && !fs::is_directory(path->parent_path(), error))
    throw ConfigError("--{} '{}': there is no folder '{}'", name, path->string(), path->parent_path().string());
  if (fs::is_directory(*path, error)) throw ConfigError("--{} '{}' is a folder: give the name of a file", name, path->string());
}

Outputs read_outputs(const options::variables_map& values, std::size_t structures, xrd::Axis axis, bool fit) {
  Outputs outputs{output_path(values, "lines", {}), output_path(values, "pattern", {".csv", ".xy"}), output_path(values, "plot", {".svg", ".png"}), output_path(values, "fit-result", {}), std::nullopt};
  if (values.count("measured") != 0) outputs.measured = values["measured"].as<std::string>();
  if (outputs.lines && outputs.pattern && *outputs.lines == *outputs.pattern) throw ConfigError("--lines and --pattern are the same file '{}'", outputs.lines->string());
  if (outputs.fit_result && (outputs.fit_result == outputs.pattern || outputs.fit_result == outputs.plot))
    throw ConfigError("--fit-result and another option are the same file '{}'", outputs.fit_result->string());
  if (fit && outputs.pattern && outputs.pattern->extension() != ".csv")
    throw ConfigError("--pattern '{}': a fit writes measured, calculated and background; give a name that ends in .csv", outputs.pattern->string());
  outputs.stacked = parse_switch("stack", values["stack"].as<std::string>());
  outputs.labels = values.count("labels") != 0 ? values["labels"].as<int>() : structures == 1 ? kLabelsOfOne : 0;
  if (outputs.labels < 0 || outputs.labels > kMostLabels) throw ConfigError("--labels {}: give 0 to {}", outputs.labels, kMostLabels);
  if (!outputs.plot && values.count("labels") != 0) throw ConfigError("--labels needs --plot");
  if (!outputs.plot && !values["stack"].defaulted()) throw ConfigError("--stack needs --plot");
  if (outputs.plot && structures > report::kMostPatterns) throw ConfigError("--plot draws at most {} structures, {} were given", report::kMostPatterns, structures);
  if (!outputs.measured && values.count("zero-error") != 0) throw ConfigError("--zero-error needs --measured");
  if (values.count("zero-error") != 0 && !(std::abs(values["zero-error"].as<double>()) < 180)) throw ConfigError("--zero-error {}: give degrees, such as 0.05", values["zero-error"].as<double>());
  if (outputs.measured && structures > 1) throw ConfigError("--measured is compared with one structure, {} were given", structures);
  if (outputs.measured && axis == xrd::Axis::q) throw ConfigError("--measured is compared in 2-theta and does not go with --axis q");
  if (structures > 1 && outputs.pattern && outputs.pattern->extension() == ".xy")
    throw ConfigError("--pattern '{}': .xy holds one structure, {} were given; give a name that ends in .csv", outputs.pattern->string(), structures);
  const auto intensity = values["intensity"].as<std::string>();
  if (intensity != "relative" && intensity != "absolute") throw ConfigError("--intensity '{}': give relative or absolute", intensity);
  outputs.absolute = intensity == "absolute";
  if (outputs.absolute && (outputs.plot || outputs.measured)) throw ConfigError("--intensity absolute does not go with --plot and --measured");
  if (outputs.absolute && values["shape"].as<std::string>() != "model") throw ConfigError("--intensity absolute needs --shape model");
  return outputs;
}

/// [points], strongest 100 or absolute.
std::vector<double> simulate_pattern(xrd::Simulator& simulator, const io::NamedStructure& named, const Measurement& measurement, bool absolute) {
  const StructureView structure = named.view();
  std::vector<float> profile(static_cast<std::size_t>(simulator.options().grid.points));
  if (measurement.shape) {
    std::vector<std::uint8_t> measured(profile.size());
    xrd::RealisticSimulator(simulator.options(), *measurement.shape).pattern(structure, crystal_system_of(named.space_group), measurement.artefacts, {}, profile, measured);
  } else if (absolute) {
    simulator.absolute_pattern(structure, 0, profile);
  } else {
    simulator.pattern(structure, 0, profile);
  }
  std::vector<double> pattern(profile.begin(), profile.end());
  if (!absolute)
    for (double& value : pattern) value *= 100;
  return pattern;
}

SimulatedStructure simulate(xrd::Simulator& simulator, const ChosenStructure& chosen, const Measurement& measurement, const Outputs& outputs) {
  SimulatedStructure simulated{chosen.column, chosen.title, {}, {}, {}};
  const StructureView structure = chosen.named.view();
  double volume = 0;
  try {
    volume = xrd::ReciprocalMetric::of(structure.lattice, 0).volume;
    simulator.unscaled_lines(structure, simulated.lines);
    if (outputs.need_pattern()) simulated.pattern = simulate_pattern(simulator, chosen.named, measurement, outputs.absolute);
  } catch (const InputError& error) {
    throw InputError("{}, record {}: {}", chosen.file, chosen.named.id, error.what());
  }
  double strongest = 0;
  for (const xrd::Line& line : simulated.lines) {
    simulated.structure_factor.push_back(structure_factor(line, simulator.options().simulation));
    strongest = std::max(strongest, line.intensity);
  }
  for (xrd::Line& line : simulated.lines) line.intensity *= outputs.absolute ? 1 / (volume * volume) : 100 / strongest;
  const xrd::Grid& grid = simulator.options().grid;
  if (simulated.lines.empty())
    log::warn("{}, record {}: no line between {} and {} {}", chosen.file, chosen.named.id, grid.low(), grid.high(), grid.axis == xrd::Axis::q ? "1/angstrom" : "degrees");
  return simulated;
}

ExitCode run(const options::variables_map& values, Runtime& runtime) {
  const auto files = values["input"].as<Texts>();
  const auto records = values.count("record") != 0 ? values["record"].as<Texts>() : Texts();
  const io::RecordLimits limits = read_limits(values);
  const bool fit = wants_fit(values);
  const xrd::PatternOptions options = read_options(values);
  const Outputs outputs = read_outputs(values, std::max(files.size(), records.size()), options.grid.axis, fit);
  // A fit has the range of its points, for which other wavelengths may do.
  std::optional<xrd::Simulator> simulator;
  if (!fit) simulator.emplace(options);
  const Measurement measurement = read_measurement(values, options.grid);
  if (!runtime.root()) return ExitCode::done;
  require_folder("lines", outputs.lines);
  require_folder("pattern", outputs.pattern);
  require_folder("plot", outputs.plot);
  require_folder("fit-result", outputs.fit_result);

  const std::vector<ChosenStructure> chosen_structures = read_chosen_structures(files, records, limits);
  if (fit) return fit_measured(values, runtime, chosen_structures.front(), options.simulation, measurement.shape, limits, {outputs.pattern, outputs.plot, outputs.fit_result});
  std::vector<SimulatedStructure> structures;
  for (const ChosenStructure& chosen : chosen_structures) structures.push_back(simulate(*simulator, chosen, measurement, outputs));
  Comparison comparison;
  if (outputs.measured) {
    const auto zero_error = values.count("zero-error") != 0 ? std::optional(values["zero-error"].as<double>()) : std::nullopt;
    comparison = compare_with_measured(*outputs.measured, structures.front().pattern, options, zero_error);
    std::cout << fmt::format("cosine similarity {:.4f}, zero error {:.2f} degrees\n", comparison.cosine, comparison.zero_error_deg);
  }
  if (outputs.plot) draw_later(runtime, {*outputs.plot, outputs.labels, outputs.stacked}, options, structures, comparison.measured);
  if (outputs.lines) write_file(*outputs.lines, lines_as_csv(structures, options.grid.axis));
  if (outputs.pattern) {
    const bool xy = outputs.pattern->extension() == ".xy";
    write_file(*outputs.pattern, xy ? pattern_as_xy(structures.front(), options, values["wavelength"].as<std::string>(), outputs.absolute) : pattern_as_csv(structures, options.grid));
  }
  if (!outputs.any()) std::cout << lines_as_table(structures, options.grid.axis);
  return ExitCode::done;
}

}  // namespace

extern const Command kXrdCommand = {
    "xrd",
    "simulate the powder diffraction of structures",
    "xxact xrd --input quartz.cif\n"
    "xxact xrd --input quartz.cif --lines lines.csv --pattern pattern.xy --plot pattern.svg --labels 20\n"
    "xxact xrd anatase.cif rutile.cif --plot phases.svg --pattern phases.csv\n"
    "xxact xrd anatase.cif rutile.cif --intensity absolute --pattern to_mix.csv\n"
    "xxact xrd structures.json --record mp-149 --record mp-32 --plot polymorphs.png --stack off\n"
    "xxact xrd --input quartz.cif --wavelength 0.2 --axis q --q-min 1 --q-max 20 --fwhm 0.03 --pattern pattern.csv\n"
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
