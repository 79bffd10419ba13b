#include "pipeline/xrd/simulator.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/laue_group.hpp"
#include "pipeline/xrd/structure_factors.hpp"
#include "pipeline/xrd/merge_lines.hpp"
#include "pipeline/xrd/profile.hpp"
#include "pipeline/xrd/reflections.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

// Reflections worked on at a time: the arrays of a batch stay in the first- and second-level cache.
constexpr std::size_t kBatch = 1024;
constexpr double kDegree = std::numbers::pi / 180;

void check_wavelength(double wavelength) {
  if (!(wavelength >= kShortestWavelength && wavelength <= kLongestWavelength))
    throw ConfigError("wavelength {} is outside {} to {} angstrom", wavelength, kShortestWavelength, kLongestWavelength);
}

const SimulationOptions& checked(const SimulationOptions& options) {
  const double wavelength = options.wavelength_angstrom;
  check_wavelength(wavelength);
  if (!(options.second_intensity >= 0 && options.second_intensity <= 1))
    throw ConfigError("the second line of a doublet has {} times the intensity of the first: give 0 to 1", options.second_intensity);
  if (options.second_intensity > 0) check_wavelength(options.second_wavelength_angstrom);
  if (!(options.monochromator_two_theta_deg >= 0 && options.monochromator_two_theta_deg <= 180))
    throw ConfigError("a monochromator at 2-theta = {} degrees: give 0 (none) to 180", options.monochromator_two_theta_deg);
  if (!(options.two_theta_min_deg >= 0 && options.two_theta_min_deg < options.two_theta_max_deg && options.two_theta_max_deg <= 180))
    throw ConfigError("2-theta from {} to {} degrees is not a range within 0 to 180", options.two_theta_min_deg, options.two_theta_max_deg);
  const double s_max = std::sin(options.two_theta_max_deg / 2 * kDegree) / wavelength, largest = largest_s(options.form_factors);
  if (s_max > largest)
    throw ConfigError("sin(theta) / lambda reaches {:.3g} / angstrom; the form factors hold up to {}: use a longer wavelength than {} or end below {} degrees",
                      s_max, largest, wavelength, options.two_theta_max_deg);
  return options;
}

bool has_doublet(const SimulationOptions& options) { return options.second_intensity > 0; }

double shorter_wavelength(const SimulationOptions& options) {
  return has_doublet(options) ? std::min(options.wavelength_angstrom, options.second_wavelength_angstrom) : options.wavelength_angstrom;
}

double longer_wavelength(const SimulationOptions& options) {
  return has_doublet(options) ? std::max(options.wavelength_angstrom, options.second_wavelength_angstrom) : options.wavelength_angstrom;
}

double reciprocal_radius(double two_theta_deg, double wavelength) { return 2 * std::sin(two_theta_deg / 2 * kDegree) / wavelength; }

}  // namespace

FormFactors parse_form_factors(std::string_view text) {
  for (const FormFactors table : {FormFactors::it92, FormFactors::pymatgen, FormFactors::neutron, FormFactors::waasmaier_kirfel})
    if (text == name_of(table)) return table;
  throw ConfigError("form factors '{}': give it92, waasmaier-kirfel, pymatgen or neutron", text);
}

std::string_view name_of(FormFactors table) {
  switch (table) {
    case FormFactors::pymatgen: return "pymatgen";
    case FormFactors::neutron: return "neutron";
    case FormFactors::waasmaier_kirfel: return "waasmaier-kirfel";
    case FormFactors::it92: break;
  }
  return "it92";
}

namespace {

kernels::LorentzPolarisation lorentz_polarisation(const SimulationOptions& options) {
  const double monochromator = std::cos(options.monochromator_two_theta_deg * kDegree);
  return {options.wavelength_angstrom, options.form_factors == FormFactors::neutron ? 0 : monochromator * monochromator, 1};
}

}  // namespace

double structure_factor(const Line& line, const SimulationOptions& options) {
  const double g_squared = 1 / (line.d_angstrom * line.d_angstrom), one = 1;
  double factor = 0;
  kernels::apply_lorentz_polarisation(lorentz_polarisation(options), &g_squared, &one, 1, &factor);
  return std::sqrt(line.intensity / (factor * line.multiplicity));
}

class Simulator::Implementation {
 public:
  explicit Implementation(const PatternOptions& options)
      : options_(options),
        table_(checked(options.simulation).form_factors, options.simulation.dispersion, options.simulation.wavelength_angstrom, options.simulation.displacement,
               options.simulation.ions),
        // The enumerator's range ends a hair beyond the largest |g|.
        form_factors_(table_, std::pow(reciprocal_radius(options.simulation.two_theta_max_deg, shorter_wavelength(options.simulation)), 2) * (1 + 1e-6)),
        profile_(options) {
    const SimulationOptions& simulation = options.simulation;
    factors_.push_back(lorentz_polarisation(simulation));
    if (simulation.second_intensity > 0) factors_.push_back({simulation.second_wavelength_angstrom, factors_.front().polarisation, simulation.second_intensity});
  }

  void lines(const StructureView& structure, std::vector<Line>& out);
  void reflections(const StructureView& structure, std::vector<Reflection>& out);
  /// Adds all reflections to the profile; returns the volume of the cell.
  double collect(const StructureView& structure, double strain, std::size_t points);
  /// Throws what collect() would, without strain.
  void check(const StructureView& structure) { single_.arrange(structure, form_factors_, frame_of(structure, 0).metric); }
  const GaussianProfile& profile() const { return profile_; }
  const PatternOptions& options() const { return options_; }

 private:
  /// A cell and its reflections in the range of patterns.
  struct Frame {
    const AsymmetricUnit& unit;
    ReciprocalMetric metric;
    ReflectionEnumerator enumerator;
  };
  Frame frame_of(const StructureView& structure, double strain);

  PatternOptions options_;
  ScatteringTable table_;
  FormFactorPolynomials form_factors_;
  GaussianProfile profile_;
  std::vector<kernels::LorentzPolarisation> factors_;  // one a wavelength
  LaueGroups groups_;
  ReflectionBatch batch_;
  StructureFactorCalculator<float> single_;
  StructureFactorCalculator<double> exact_;
  std::vector<float> intensity_;
  std::vector<double> exact_intensity_, two_theta_, key_;
  LineMerger merger_;
};

void Simulator::Implementation::lines(const StructureView& structure, std::vector<Line>& out) {
  const SimulationOptions& simulation = options_.simulation;
  const double wavelength = simulation.wavelength_angstrom;
  const ReciprocalMetric given = ReciprocalMetric::of(structure.lattice, 0);
  const AsymmetricUnit& unit = groups_.of(structure.laue_code).unit(given);
  const ReciprocalMetric metric = unit.symmetrised(given);
  ReflectionEnumerator enumerator(metric, unit, reciprocal_radius(simulation.two_theta_min_deg, wavelength), reciprocal_radius(simulation.two_theta_max_deg, wavelength));
  exact_.begin(structure, form_factors_, metric, enumerator);
  merger_.begin(enumerator.smallest(), enumerator.largest());
  while (enumerator.next(batch_, kBatch)) {
    unit.label(batch_);
    const std::span<double> intensity = exact_.of(batch_);
    if (unit.order() > 1) kernels::apply_multiplicity(batch_.multiplicity.data(), intensity.size(), intensity.data());
    kernels::apply_lorentz_polarisation(factors_.front(), batch_.g_squared.data(), intensity.data(), intensity.size(), intensity.data());
    merger_.add(batch_, intensity);
  }
  merger_.write(wavelength, out);
}

void Simulator::Implementation::reflections(const StructureView& structure, std::vector<Reflection>& out) {
  const SimulationOptions& simulation = options_.simulation;
  const ReciprocalMetric metric = ReciprocalMetric::of(structure.lattice, 0);
  ReflectionEnumerator enumerator(metric, LaueGroup::none().unit(metric), reciprocal_radius(simulation.two_theta_min_deg, longer_wavelength(simulation)),
                                  reciprocal_radius(simulation.two_theta_max_deg, shorter_wavelength(simulation)));
  exact_.begin(structure, form_factors_, metric, enumerator);
  out.clear();
  while (enumerator.next(batch_, kBatch)) {
    const std::span<const double> f_squared = exact_.of(batch_);
    const std::size_t n = f_squared.size();
    for (auto* values : {&exact_intensity_, &two_theta_, &key_})
      if (values->size() < n) values->resize(n);
    for (const kernels::LorentzPolarisation& factor : factors_) {
      kernels::apply_lorentz_polarisation(factor, batch_.g_squared.data(), f_squared.data(), n, exact_intensity_.data());
      kernels::angles_and_keys(factor.wavelength, kMergeTolerance, batch_.g_squared.data(), n, two_theta_.data(), key_.data());
      std::size_t i = 0;
      for (const ReflectionRow& row : batch_.rows)
        for (int w = row.first; w < row.first + row.count; ++w, ++i) {
          Reflection reflection{two_theta_[i], exact_intensity_[i], {}};
          const std::array<int, 3> permuted = {row.u, row.v, w};
          for (std::size_t a = 0; a < 3; ++a) reflection.hkl[static_cast<std::size_t>(metric.axis[a])] = permuted[a];
          out.push_back(reflection);
        }
    }
  }
}

Simulator::Implementation::Frame Simulator::Implementation::frame_of(const StructureView& structure, double strain) {
  const SimulationOptions& simulation = options_.simulation;
  const ReciprocalMetric given = ReciprocalMetric::of(structure.lattice, strain);
  const AsymmetricUnit& unit = groups_.of(structure.laue_code).unit(given);
  const ReciprocalMetric metric = unit.symmetrised(given);
  return {unit, metric,
          ReflectionEnumerator(metric, unit, reciprocal_radius(simulation.two_theta_min_deg, longer_wavelength(simulation)),
                               reciprocal_radius(simulation.two_theta_max_deg, shorter_wavelength(simulation)))};
}

double Simulator::Implementation::collect(const StructureView& structure, double strain, std::size_t points) {
  if (!(strain > -0.5 && strain < 10)) throw ConfigError("a strain of {} is outside -0.5 to 10", strain);
  if (points != static_cast<std::size_t>(options_.grid.points)) throw ConfigError("a pattern of {} points was asked into room for {}", options_.grid.points, points);
  auto [unit, metric, enumerator] = frame_of(structure, strain);
  single_.begin(structure, form_factors_, metric, enumerator);
  profile_.clear();
  while (enumerator.next(batch_, kBatch)) {
    const std::span<float> f_squared = single_.of(batch_);
    if (unit.order() > 1) unit.label(batch_), kernels::apply_multiplicity(batch_.multiplicity.data(), f_squared.size(), f_squared.data());
    if (intensity_.size() < f_squared.size()) intensity_.resize(f_squared.size());
    for (const kernels::LorentzPolarisation& factor : factors_) {
      kernels::apply_lorentz_polarisation(factor, batch_.g_squared.data(), f_squared.data(), f_squared.size(), intensity_.data());
      profile_.add(factor.wavelength, {batch_.g_squared.data(), batch_.reflections}, {intensity_.data(), f_squared.size()});
    }
  }
  return metric.volume;
}

Simulator::Simulator(const PatternOptions& options) : implementation_(std::make_unique<Implementation>(options)) {}
Simulator::~Simulator() = default;
Simulator::Simulator(Simulator&&) noexcept = default;
Simulator& Simulator::operator=(Simulator&&) noexcept = default;

void Simulator::unscaled_lines(const StructureView& structure, std::vector<Line>& out) { implementation_->lines(structure, out); }

void Simulator::lines(const StructureView& structure, std::vector<Line>& out) {
  implementation_->lines(structure, out);
  double strongest = 0;
  for (const Line& line : out) strongest = std::max(strongest, line.intensity);
  for (Line& line : out) line.intensity *= 100 / strongest;
}

void Simulator::pattern(const StructureView& structure, double strain, std::span<float> out) {
  implementation_->collect(structure, strain, out.size());
  implementation_->profile().write(options().square_root, out);
}

void Simulator::absolute_pattern(const StructureView& structure, double strain, std::span<float> out) {
  const double volume = implementation_->collect(structure, strain, out.size());
  implementation_->profile().write_scaled(1 / (volume * volume), out);
}

void Simulator::reflections(const StructureView& structure, std::vector<Reflection>& out) { implementation_->reflections(structure, out); }

std::optional<std::string> Simulator::refusal(const StructureView& structure) {
  try {
    implementation_->check(structure);
  } catch (const InputError& error) {
    return error.what();
  }
  return std::nullopt;
}

const PatternOptions& Simulator::options() const { return implementation_->options(); }

}  // namespace xxact::xrd
