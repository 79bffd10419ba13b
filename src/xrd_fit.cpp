#include "src/xrd_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>

#include "io/measured_pattern.hpp"
#include "pipeline/report/plot.hpp"
#include "src/number_list.hpp"
#include "src/runtime.hpp"
#include "src/xrd_export.hpp"

namespace xxact {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kFitOptions = {"fit-parameters", "background-terms", "exclude", "impurity", "texture-axis", "divergence-slit", "fit-result"};
constexpr std::array kTickColours = {1, 5, 6, 4};
constexpr int kBackgroundColour = 7;
constexpr double kTickShare = 0.04, kDifferenceGap = 0.06;  // of the plot's height

template <class T>
std::vector<T> all_of(const options::variables_map& values, const char* name) {
  return values.count(name) == 0 ? std::vector<T>() : values[name].as<std::vector<T>>();
}

std::vector<xrd::Range> excluded_ranges(const options::variables_map& values) {
  std::vector<xrd::Range> ranges;
  for (const std::string& text : all_of<std::string>(values, "exclude")) {
    const std::vector<double> ends = split_numbers(text);
    if (ends.size() != 2 || std::isnan(ends[1]) || std::ranges::count(text, '-') != 1 || !(ends[0] < ends[1]))
      throw ConfigError("--exclude '{}': give two angles in degrees, the lower one first, such as 27.5-28.4", text);
    ranges.push_back({ends[0], ends[1]});
  }
  return ranges;
}

std::array<int, 3> texture_axis(const options::variables_map& values) {
  const auto text = values["texture-axis"].as<std::string>();
  const std::vector<double> indices = split_numbers(text);
  if (indices.size() != 3 || std::ranges::count(text, ',') != 2 || !std::ranges::all_of(indices, [](double i) { return i == std::round(i) && std::abs(i) <= 100; }))
    throw ConfigError("--texture-axis '{}': give Miller indices h,k,l", text);
  return {static_cast<int>(indices[0]), static_cast<int>(indices[1]), static_cast<int>(indices[2])};
}

/// The radiation that the file names, unless --wavelength does.
void take_wavelength(const options::variables_map& values, const io::MeasuredPattern& pattern, xrd::SimulationOptions& simulation) {
  if (!values["wavelength"].defaulted() || !pattern.wavelength_angstrom) return;
  simulation.wavelength_angstrom = *pattern.wavelength_angstrom;
  simulation.second_wavelength_angstrom = pattern.alpha2_angstrom.value_or(0);
  simulation.second_intensity = pattern.alpha2_angstrom ? pattern.alpha2_ratio.value_or(xrd::kDoubletIntensity) : 0;
}

xrd::PatternFitOptions read_fit_options(const options::variables_map& values, const xrd::SimulationOptions& simulation, const std::optional<xrd::PeakShape>& start) {
  xrd::PatternFitOptions fit;
  fit.simulation = simulation;
  // The measurement's own range where none is given.
  if (values["two-theta-min"].defaulted()) fit.simulation.two_theta_min_deg = 0;
  if (values["two-theta-max"].defaulted()) fit.simulation.two_theta_max_deg = 180;
  if (start) fit.start = *start;
  fit.fitted = xrd::parse_fit_parameters(values["fit-parameters"].as<std::string>());
  fit.background_terms = values["background-terms"].as<int>();
  fit.excluded = excluded_ranges(values);
  if (values.count("zero-error") != 0) fit.zero_error_deg = values["zero-error"].as<double>();
  fit.texture_axis = texture_axis(values);
  const auto slit = values["divergence-slit"].as<std::string>();
  if (slit != "fixed" && slit != "automatic") throw ConfigError("--divergence-slit '{}': give fixed or automatic", slit);
  fit.automatic_slit = slit == "automatic";
  return fit;
}

std::vector<io::NamedStructure> read_impurities(const options::variables_map& values, const io::RecordLimits& limits) {
  std::vector<io::NamedStructure> impurities;
  for (const std::string& file : all_of<std::string>(values, "impurity")) {
    std::vector<io::NamedStructure> found = io::read_structures(file, {}, limits);
    if (found.size() != 1) throw InputError("{} holds {} structures: an impurity is a file with one", file, found.size());
    if (found.front().atoms_without_displacement > 0)
      log::warn("{}: {} of {} atoms have no displacement parameters and do not move", file, found.front().atoms_without_displacement, found.front().structure[0].atoms());
    impurities.push_back(std::move(found.front()));
  }
  return impurities;
}

/// What widths mean if the sample alone makes them, and not the instrument.
std::vector<xrd::FittedValue> derived_values(const xrd::PatternFit& fit) {
  std::vector<xrd::FittedValue> derived;
  const double degree = std::numbers::pi / 180;
  for (const xrd::FittedValue& value : fit.values) {
    const auto relative = [&](double result) { return value.deviation ? std::optional(result * *value.deviation / value.value) : std::nullopt; };
    const xrd::PeakShape& shape = fit.state.shape;
    if (value.name == "Y" && value.value > 0) {
      const double size = shape.scherrer_k * shape.wavelength_angstrom / (10 * value.value * degree);
      derived.push_back({"crystallite size, all of Y", "nm", size, relative(size), value.at_bound});
    }
    if (value.name == "X" && value.value > 0) derived.push_back({"microstrain, all of X", "", value.value * degree / 4, relative(value.value * degree / 4), value.at_bound});
  }
  return derived;
}

std::string as_table(const xrd::PatternFit& fit) {
  std::string text = fmt::format("{:<34} {:>14} {:>14}  {}\n", "quantity", "value", "deviation", "unit");
  const auto row = [&](const xrd::FittedValue& value) {
    const std::string deviation = value.deviation ? fmt::format("{:.2g}", *value.deviation) : value.at_bound ? "at its bound" : "undetermined";
    text += fmt::format("{:<34} {:>14.6g} {:>14}  {}\n", value.name, value.value, deviation, value.unit);
  };
  for (const xrd::FittedValue& value : fit.values) row(value);
  for (const xrd::FittedValue& value : derived_values(fit)) row(value);
  text += fmt::format("{} points, {} parameters, {} iterations: {}\n", fit.points, fit.parameters, fit.iterations, fit.converged ? "converged" : "NOT CONVERGED");
  text += fmt::format("cosine similarity {:.4f}\nR_wp {:.4f}, without background {:.4f}, expected {:.4f}\n", fit.cosine, fit.r_wp, fit.r_wp_lines, fit.r_expected);
  return text;
}

Json as_json(const xrd::PatternFit& fit, const std::string& structure, const std::string& measured) {
  const auto list = [](const std::vector<xrd::FittedValue>& values) {
    Json rows = Json::array();
    for (const xrd::FittedValue& value : values)
      rows.push_back({{"name", value.name}, {"value", value.value}, {"deviation", value.deviation ? Json(*value.deviation) : Json(nullptr)}, {"at_bound", value.at_bound}, {"unit", value.unit}});
    return rows;
  };
  return {{"structure", structure}, {"measured", measured}, {"converged", fit.converged}, {"iterations", fit.iterations}, {"points", fit.points}, {"parameters", fit.parameters},
          {"cosine", fit.cosine}, {"r_wp", fit.r_wp}, {"r_wp_without_background", fit.r_wp_lines}, {"r_expected", fit.r_expected},
          {"fitted", list(fit.values)}, {"derived", list(derived_values(fit))}};
}

std::string as_csv(const xrd::PatternFit& fit) {
  std::string text = "two_theta_deg,measured,calculated,background,used\n";
  for (std::size_t i = 0; i < fit.measured.size(); ++i)
    text += fmt::format("{:.6f},{:.7g},{:.7g},{:.7g},{}\n", fit.two_theta_deg[i], fit.measured[i], fit.calculated[i], fit.background[i], fit.used[i]);
  return text;
}

/// Arguments: file, title, then as numbers the angles, measured and calculated intensities, background, which points were used; then name and
/// lines of each phase. Ticks and the difference stand below the pattern.
void draw_fit(const std::vector<std::string>& arguments) {
  const std::vector<double> angles = split_numbers(arguments.at(2)), measured = split_numbers(arguments.at(3)), calculated = split_numbers(arguments.at(4));
  const std::vector<double> background = split_numbers(arguments.at(5)), used = split_numbers(arguments.at(6));
  const double height = std::max(std::ranges::max(measured), std::ranges::max(calculated)), floor = std::min(0.0, std::ranges::min(measured));
  report::Plot plot;
  plot.title = arguments.at(1);
  plot.x_label = "2θ (degrees)";
  plot.y_label = "intensity";
  plot.x_range = {angles.front(), angles.back()};
  plot.legend = report::Legend::above;
  plot.series.push_back({"measured", angles, measured, report::Style::lines, 3, 1.2});
  plot.series.push_back({"calculated", angles, calculated, report::Style::lines, 0, 1.2});
  plot.series.push_back({"background", angles, background, report::Style::lines, kBackgroundColour, 1.2});
  double level = floor;
  for (std::size_t phase = 0; 8 + 2 * phase < arguments.size(); ++phase) {
    level -= kTickShare * height;
    report::Series ticks{"lines of " + arguments[7 + 2 * phase], {}, {}, report::Style::lines, kTickColours[phase % kTickColours.size()], 1.0};
    for (const double angle : split_numbers(arguments[8 + 2 * phase])) {
      ticks.x.insert(ticks.x.end(), {angle, angle, angle});
      ticks.y.insert(ticks.y.end(), {level, level + kTickShare / 2 * height, std::numeric_limits<double>::quiet_NaN()});
    }
    plot.series.push_back(ticks);
  }
  std::vector<double> difference(measured.size(), std::numeric_limits<double>::quiet_NaN());
  double lowest = 0, highest = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    if (used[i] == 0) continue;
    difference[i] = measured[i] - calculated[i];
    lowest = std::min(lowest, difference[i]), highest = std::max(highest, difference[i]);
  }
  const double zero = level - kDifferenceGap * height - highest;
  for (double& value : difference) value += zero;
  plot.series.push_back({"measured - calculated", angles, difference, report::Style::lines, 2, 1.0});
  plot.y_range = {zero + lowest - 0.02 * height, 1.03 * height};
  report::draw(plot, arguments.at(0));
}

void draw_later(Runtime& runtime, const std::filesystem::path& path, const std::string& title, const xrd::PatternFit& fit, const std::vector<xrd::FitPhase>& phases) {
  std::vector<std::string> arguments = {path.string(), title};
  for (const std::vector<double>* numbers : {&fit.two_theta_deg, &fit.measured, &fit.calculated, &fit.background}) arguments.push_back(join_numbers(*numbers));
  arguments.push_back(join_numbers({fit.used.begin(), fit.used.end()}));
  for (std::size_t phase = 0; phase < phases.size(); ++phase) arguments.insert(arguments.end(), {phases[phase].name, join_numbers(fit.lines_deg[phase])});
  runtime.after_finalize(draw_fit, std::move(arguments));
}

}  // namespace

void describe_fit(options::options_description& description) {
  description.add_options()
      ("fit", options::bool_switch(), "fit the simulated pattern to the measured one: shifts, widths, scale and background; --pattern and --plot then show the fit")
      ("fit-parameters", options::value<std::string>()->default_value("zero,caglioti,x,y"), "what a fit varies: zero, displacement (of the sample), strain (isotropic, of the lattice), b-iso (added to every atom), width (W alone) or caglioti (U, V, W), x, y (Lorentzian widths), axial, texture")
      ("background-terms", options::value<int>()->default_value(8), "terms of a fit's Chebyshev background, 1 to 36")
      ("exclude", options::value<std::vector<std::string>>(), "angles in degrees, LOW-HIGH, that a fit leaves out; may be repeated")
      ("impurity", options::value<std::vector<std::string>>(), "file with the structure of another phase, fitted with a scale of its own; may be repeated")
      ("texture-axis", options::value<std::string>()->default_value("0,0,1"), "Miller indices h,k,l of the plane whose normal a fitted texture is about")
      ("divergence-slit", options::value<std::string>()->default_value("fixed"), "fixed, or automatic: it opens so that the irradiated length stays, and lines grow with sin(theta)")
      ("fit-result", options::value<std::string>(), "write the fitted values, their standard deviations and the agreement to this JSON file");
}

bool wants_fit(const options::variables_map& values) {
  if (values["fit"].as<bool>()) {
    if (values.count("measured") == 0) throw ConfigError("--fit needs --measured");
    if (const auto shape = values["shape"].as<std::string>(); shape != "model" && shape != "tch") throw ConfigError("--fit needs --shape tch, not {}", shape);
    for (const char* option : {"artefacts", "lines", "step", "points", "fwhm", "labels", "stack", "intensity"})
      if (values.count(option) != 0 && !values[option].defaulted()) throw ConfigError("--{} does not go with --fit", option);
    return true;
  }
  for (const char* option : kFitOptions)
    if (values.count(option) != 0 && !values[option].defaulted()) throw ConfigError("--{} needs --fit", option);
  return false;
}

ExitCode fit_measured(const options::variables_map& values, Runtime& runtime, const ChosenStructure& chosen, const xrd::SimulationOptions& simulation,
                      const std::optional<xrd::PeakShape>& start, const io::RecordLimits& limits, const FitOutputs& outputs) {
  const io::NamedStructure& named = chosen.named;
  const auto file = values["measured"].as<std::string>();
  xrd::PatternFitOptions options = read_fit_options(values, simulation, start);
  const io::MeasuredPattern pattern = io::read_measured_pattern(file);
  for (const std::string& note : pattern.notes) log::info("{}: {}", file, note);
  take_wavelength(values, pattern, options.simulation);
  if (!pattern.wavelength_angstrom && values["wavelength"].defaulted()) log::info("{} does not say its wavelength: taken as {} angstrom", file, options.simulation.wavelength_angstrom);
  const std::vector<io::NamedStructure> impurities = read_impurities(values, limits);
  std::vector<xrd::FitPhase> phases = {{named.id, named.view()}};
  for (const io::NamedStructure& impurity : impurities) {
    const auto taken = [&](const std::string& name) { return std::ranges::find(phases, name, &xrd::FitPhase::name) != phases.end(); };
    std::string name = impurity.id;
    for (int n = 2; taken(name); ++n) name = fmt::format("{} #{}", impurity.id, n);
    phases.push_back({name, impurity.view()});
  }
  xrd::PatternFit fit;
  try {
    fit = xrd::fit_pattern(pattern.two_theta_deg, pattern.intensity, pattern.sigma, phases, options);
  } catch (const InputError& error) {
    throw InputError("{}, record {}, with {}: {}", chosen.file, named.id, file, error.what());
  }
  if (!fit.converged) log::warn("{}, record {}, with {}: the fit did not converge; its values are where it stopped", chosen.file, named.id, file);
  std::cout << as_table(fit) << std::flush;
  if (outputs.pattern) write_file(*outputs.pattern, as_csv(fit));
  if (outputs.result) write_file(*outputs.result, as_json(fit, named.id, file).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  if (outputs.plot) draw_later(runtime, *outputs.plot, fmt::format("{}, cosine {:.4f}, R_wp {:.4f}", named.id, fit.cosine, fit.r_wp), fit, phases);
  return fit.converged ? ExitCode::done : ExitCode::failure;
}

}  // namespace xxact
