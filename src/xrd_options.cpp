#include "src/xrd_options.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "pipeline/xrd/form_factors.hpp"
#include "src/number_list.hpp"

namespace xxact {
namespace {

constexpr double kDefaultStep = 0.02, kDefaultFwhm = 0.15;    // degrees
constexpr double kDefaultStepQ = 0.002, kDefaultFwhmQ = 0.01;  // 1/angstrom
constexpr double kMostPoints = 1e7;

bool in_q(const options::variables_map& values) { return xrd::parse_axis(values["axis"].as<std::string>()) == xrd::Axis::q; }

double number_or(const options::variables_map& values, const char* name, double otherwise) {
  return values.count(name) != 0 ? values[name].as<double>() : otherwise;
}

xrd::SimulationOptions read_physics(const options::variables_map& values) {
  xrd::SimulationOptions simulation;
  const xrd::Radiation radiation = xrd::parse_radiation(values["wavelength"].as<std::string>());
  simulation.wavelength_angstrom = radiation.wavelength_angstrom;
  simulation.second_wavelength_angstrom = radiation.second_wavelength_angstrom;
  simulation.second_intensity = radiation.second_intensity;
  simulation.monochromator_two_theta_deg = values["monochromator"].as<double>();
  simulation.displacement = xrd::parse_displacement(values["b-iso"].as<std::string>());
  simulation.form_factors = xrd::parse_form_factors(values["form-factors"].as<std::string>());
  simulation.ions = parse_switch("ions", values["ions"].as<std::string>());
  simulation.dispersion = parse_switch("dispersion", values["dispersion"].as<std::string>());
  return simulation;
}

int read_points(const options::variables_map& values, double range, double default_step) {
  if (values.count("step") != 0 && values.count("points") != 0) throw ConfigError("give --step or --points, not both");
  if (values.count("points") != 0) return values["points"].as<int>();
  const double step = number_or(values, "step", default_step);
  if (!(step > 0 && range / step < kMostPoints)) throw ConfigError("--step {}: give a positive number that divides the range into less than 1e7 points", step);
  return std::max(1, static_cast<int>(std::lround(range / step)));
}

void read_range_of_two_theta(const options::variables_map& values, xrd::PatternOptions& pattern) {
  for (const char* option : {"q-min", "q-max"})
    if (values.count(option) != 0) throw ConfigError("--{} needs --axis q", option);
  xrd::Grid& grid = pattern.grid;
  grid.two_theta_min_deg = pattern.simulation.two_theta_min_deg = values["two-theta-min"].as<double>();
  grid.two_theta_max_deg = pattern.simulation.two_theta_max_deg = values["two-theta-max"].as<double>();
  grid.points = read_points(values, grid.two_theta_max_deg - grid.two_theta_min_deg, kDefaultStep);
  pattern.fwhm_deg = number_or(values, "fwhm", kDefaultFwhm);
  // Other shapes have widths of their own; the model's is not drawn then, and must not be refused either.
  if (values["shape"].as<std::string>() != "model") pattern.fwhm_deg = std::max(pattern.fwhm_deg, grid.step_deg());
}

void read_range_of_q(const options::variables_map& values, xrd::PatternOptions& pattern) {
  for (const char* option : {"two-theta-min", "two-theta-max"})
    if (!values[option].defaulted()) throw ConfigError("--{} does not go with --axis q: give --q-min and --q-max", option);
  const double wavelength = pattern.simulation.wavelength_angstrom;
  xrd::Grid& grid = pattern.grid;
  grid.axis = xrd::Axis::q;
  grid.q_min_per_angstrom = number_or(values, "q-min", xrd::q_of(values["two-theta-min"].as<double>(), wavelength));
  grid.q_max_per_angstrom = number_or(values, "q-max", xrd::q_of(values["two-theta-max"].as<double>(), wavelength));
  if (!(grid.q_min_per_angstrom >= 0 && grid.q_min_per_angstrom < grid.q_max_per_angstrom))
    throw ConfigError("--q-min {} and --q-max {}: give a range from 0 upwards, in 1/angstrom", grid.q_min_per_angstrom, grid.q_max_per_angstrom);
  if (grid.q_max_per_angstrom > xrd::largest_q(wavelength) * (1 + 1e-12))
    throw ConfigError("--q-max {}: the limiting sphere ends at 4 pi / lambda = {:.6g} 1/angstrom at {} angstrom", grid.q_max_per_angstrom, xrd::largest_q(wavelength), wavelength);
  const double form_factors_end = 4 * std::numbers::pi * xrd::largest_s(pattern.simulation.form_factors);
  if (grid.q_max_per_angstrom > form_factors_end)
    throw ConfigError("--q-max {}: the form factors {} hold up to Q = {:.2f} 1/angstrom", grid.q_max_per_angstrom, name_of(pattern.simulation.form_factors), form_factors_end);
  pattern.simulation.two_theta_min_deg = xrd::two_theta_of(grid.q_min_per_angstrom, wavelength);
  pattern.simulation.two_theta_max_deg = xrd::two_theta_of(grid.q_max_per_angstrom, wavelength);
  grid.points = read_points(values, grid.q_max_per_angstrom - grid.q_min_per_angstrom, kDefaultStepQ);
  pattern.fwhm_per_angstrom = number_or(values, "fwhm", kDefaultFwhmQ);
}

/// Nothing for the shape "model".
std::optional<xrd::PeakShape> read_shape(const options::variables_map& values) {
  const auto name = values["shape"].as<std::string>();
  for (const char* option : {"eta", "caglioti", "crystallite-size", "microstrain", "axial", "artefacts"})
    if (name == "model" && !values[option].defaulted()) throw ConfigError("--{} does not go with --shape model: choose gaussian, pseudo-voigt or tch", option);
  if (name == "model") return std::nullopt;
  if (in_q(values)) throw ConfigError("--shape {} is defined in 2-theta and does not go with --axis q, which has --shape model", name);
  using Kind = xrd::PeakShape::Kind;
  xrd::PeakShape shape;
  shape.kind = xrd::parse_peak_shape(name);
  for (const char* option : {"caglioti", "crystallite-size", "microstrain", "artefacts"})
    if (shape.kind != Kind::tch && !values[option].defaulted()) throw ConfigError("--{} needs --shape tch", option);
  if (shape.kind != Kind::pseudo_voigt && !values["eta"].defaulted()) throw ConfigError("--eta needs --shape pseudo-voigt");
  if (shape.kind == Kind::tch && values.count("fwhm") != 0) throw ConfigError("--fwhm does not go with --shape tch, whose widths are --caglioti, --crystallite-size and --microstrain");
  shape.axial_sample_ratio = shape.axial_detector_ratio = values["axial"].as<double>();
  if (shape.kind != Kind::tch) {
    shape.fwhm_deg = number_or(values, "fwhm", kDefaultFwhm);
    if (shape.kind == Kind::pseudo_voigt) shape.eta = values["eta"].as<double>();
    return shape;
  }
  const auto caglioti = values["caglioti"].as<std::string>();
  const std::vector<double> uvw = split_numbers(caglioti);
  if (uvw.size() != 3 || std::isnan(uvw[2]) || std::ranges::count(caglioti, ',') != 2) throw ConfigError("--caglioti '{}': give U,V,W, three numbers in square degrees", caglioti);
  shape.caglioti_u_deg2 = uvw[0], shape.caglioti_v_deg2 = uvw[1], shape.caglioti_w_deg2 = uvw[2];
  if (const double size = values["crystallite-size"].as<double>(); size != 0) shape.crystallite_size_nm = size;
  shape.microstrain = values["microstrain"].as<double>();
  return shape;
}

}  // namespace

void describe_simulation(options::options_description& description) {
  const std::string wavelengths = "radiation by name (" + xrd::radiation_names() + ") or wavelength in angstrom, 0.05 to 10; of a doublet (Ka12) the lines are those of Ka1";
  description.add_options()
      ("wavelength", options::value<std::string>()->default_value("CuKa"), wavelengths.c_str())
      ("axis", options::value<std::string>()->default_value("two-theta"), "of pattern and plot: two-theta in degrees, or q = 4 pi sin(theta) / lambda in 1/angstrom (lambda of Ka1 where it is a doublet)")
      ("two-theta-min", options::value<double>()->default_value(5), "first angle in degrees, 0 or more")
      ("two-theta-max", options::value<double>()->default_value(90), "last angle in degrees, at most 180")
      ("q-min", options::value<double>(), "--axis q: first Q in 1/angstrom, 0 or more (that of 5 degrees)")
      ("q-max", options::value<double>(), "--axis q: last Q in 1/angstrom, at most 4 pi / lambda (that of 90 degrees)")
      ("form-factors", options::value<std::string>()->default_value("it92"), "it92 (International Tables), waasmaier-kirfel (with ions), pymatgen (its table, for comparison) or neutron (bound coherent scattering lengths)")
      ("ions", options::value<std::string>()->default_value("off"), "form factors of ions by the file's charges (type symbols such as O2-, oxidation numbers), which every atom must have: on or off; waasmaier-kirfel only")
      ("dispersion", options::value<std::string>()->default_value("on"), "anomalous dispersion f', f'' at the wavelength: on or off")
      ("monochromator", options::value<double>()->default_value(0), "2-theta of a monochromator's crystal in degrees (graphite and Cu: 26.6), for the polarisation; 0: none")
      ("b-iso", options::value<std::string>()->default_value("0"), "isotropic displacement B of the atoms in square angstrom: 0.5, or by element O=0.8,Ba=0.3, or both 0.5,O=0.8")
      ("adp", options::value<std::string>()->default_value("off"), "atomic displacement parameters of the file, U_ij or B_ij, else U_iso or B_iso; atoms without them do not move: on or off; not with --b-iso")
      ("shape", options::value<std::string>()->default_value("model"), "peak shape: model (Gaussian of equal height at every angle, as models see it), or of equal area: gaussian, pseudo-voigt, tch")
      ("eta", options::value<double>()->default_value(0.5), "pseudo-voigt: Lorentzian share of the area, 0 to 1")
      ("caglioti", options::value<std::string>()->default_value("0,0,0.01"), "tch: U,V,W in square degrees, Gaussian FWHM^2 = U tan^2(theta) + V tan(theta) + W")
      ("crystallite-size", options::value<double>()->default_value(0), "tch: size in nanometres, Scherrer broadening with K = 0.9; 0: none")
      ("microstrain", options::value<double>()->default_value(0), "tch: microstrain, dimensionless (0.001 is 0.1 %)")
      ("axial", options::value<double>()->default_value(0), "half height of sample and of detector slit by the goniometer's radius, for the asymmetry of low angles (0.02); not with model")
      ("artefacts", options::value<double>()->default_value(0), "0 to 1: strength of the artefacts of a measurement drawn for --seed and --sample; needs --shape tch")
      ("seed", options::value<std::uint64_t>()->default_value(0), "seed of the artefacts")
      ("sample", options::value<std::uint64_t>()->default_value(0), "number of the sample; each draws artefacts of its own")
      ("step", options::value<double>(), "distance of the pattern's points in the units of --axis (0.02 degrees, 0.002 1/angstrom)")
      ("points", options::value<int>(), "number of the pattern's points, in place of --step")
      ("fwhm", options::value<double>(), "full width at half maximum of the pattern's Gaussian profile in the units of --axis (0.15 degrees, 0.01 1/angstrom)");
}

bool parse_switch(const std::string& name, const std::string& text) {
  if (text == "on") return true;
  if (text == "off") return false;
  throw ConfigError("--{} '{}': give on or off", name, text);
}

xrd::PatternOptions read_options(const options::variables_map& values) {
  xrd::PatternOptions pattern;
  pattern.simulation = read_physics(values);
  pattern.square_root = false;
  in_q(values) ? read_range_of_q(values, pattern) : read_range_of_two_theta(values, pattern);
  return pattern;
}

io::RecordLimits read_limits(const options::variables_map& values) {
  io::RecordLimits limits;
  limits.charges = parse_switch("ions", values["ions"].as<std::string>());
  limits.displacements = parse_switch("adp", values["adp"].as<std::string>());
  if (limits.displacements && !values["b-iso"].defaulted()) throw ConfigError("--adp on does not go with --b-iso: displacements come from the file or from the option");
  return limits;
}

Measurement read_measurement(const options::variables_map& values, const xrd::Grid& grid) {
  Measurement measurement{read_shape(values), {}};
  const double strength = values["artefacts"].as<double>();
  if (strength == 0) return measurement;
  const xrd::ArtefactRanges ranges;
  check(ranges, grid);
  measurement.artefacts = draw_artefacts(ranges, values["seed"].as<std::uint64_t>(), 0, values["sample"].as<std::uint64_t>(), strength);
  return measurement;
}

}  // namespace xxact
