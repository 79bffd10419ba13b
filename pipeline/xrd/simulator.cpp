#include "pipeline/xrd/simulator.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/intensities.hpp"
#include "pipeline/xrd/merge_lines.hpp"
#include "pipeline/xrd/profile.hpp"
#include "pipeline/xrd/reflections.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

// Reflections worked on at a time: the arrays of a batch stay in the first- and second-level cache.
constexpr std::size_t kBatch = 1024;
constexpr double kDegree = std::numbers::pi / 180;

const SimulationOptions& checked(const SimulationOptions& options) {
  const double wavelength = options.wavelength_angstrom;
  if (!(wavelength >= kShortestWavelength && wavelength <= kLongestWavelength))
    throw ConfigError("wavelength {} is outside {} to {} angstrom", wavelength, kShortestWavelength, kLongestWavelength);
  if (!(options.two_theta_min_deg >= 0 && options.two_theta_min_deg < options.two_theta_max_deg && options.two_theta_max_deg <= 180))
    throw ConfigError("2-theta from {} to {} degrees is not a range within 0 to 180", options.two_theta_min_deg, options.two_theta_max_deg);
  const double largest_s = std::sin(options.two_theta_max_deg / 2 * kDegree) / wavelength;
  if (largest_s > kLargestS)
    throw ConfigError("sin(theta) / lambda reaches {:.3g} / angstrom; the form factors hold up to {}: use a longer wavelength than {} or end below {} degrees",
                      largest_s, kLargestS, wavelength, options.two_theta_max_deg);
  return options;
}

double reciprocal_radius(double two_theta_deg, double wavelength) { return 2 * std::sin(two_theta_deg / 2 * kDegree) / wavelength; }

}  // namespace

FormFactors parse_form_factors(std::string_view text) {
  if (text == "it92") return FormFactors::it92;
  if (text == "pymatgen") return FormFactors::pymatgen;
  throw ConfigError("form factors '{}': give it92 or pymatgen", text);
}

class Simulator::Implementation {
 public:
  explicit Implementation(const PatternOptions& options)
      : options_(options),
        table_(checked(options.simulation).form_factors, options.simulation.dispersion, options.simulation.wavelength_angstrom),
        g_min_(reciprocal_radius(options.simulation.two_theta_min_deg, options.simulation.wavelength_angstrom)),
        g_max_(reciprocal_radius(options.simulation.two_theta_max_deg, options.simulation.wavelength_angstrom)),
        // The enumerator's range ends a hair beyond g_max.
        form_factors_(table_, g_max_ * g_max_ * (1 + 1e-6)),
        profile_(options.grid, options.fwhm_deg) {}

  void lines(const StructureView& structure, std::vector<Line>& out);
  void pattern(const StructureView& structure, double strain, std::span<float> out);
  const PatternOptions& options() const { return options_; }

 private:
  PatternOptions options_;
  ScatteringTable table_;
  double g_min_, g_max_;
  FormFactorPolynomials form_factors_;
  GaussianProfile profile_;
  ReflectionBatch batch_;
  IntensityCalculator<float> single_;
  IntensityCalculator<double> exact_;
  LineMerger merger_;
};

void Simulator::Implementation::lines(const StructureView& structure, std::vector<Line>& out) {
  const ReciprocalMetric metric = ReciprocalMetric::of(structure.lattice, 0);
  ReflectionEnumerator enumerator(metric, g_min_, g_max_);
  exact_.begin(structure, form_factors_, metric, enumerator);
  merger_.begin(metric, enumerator.smallest(), enumerator.largest());
  const double wavelength = options_.simulation.wavelength_angstrom;
  while (enumerator.next(batch_, kBatch)) merger_.add(batch_, exact_.of(batch_, wavelength));
  merger_.write(wavelength, out);
}

void Simulator::Implementation::pattern(const StructureView& structure, double strain, std::span<float> out) {
  if (!(strain > -0.5 && strain < 10)) throw ConfigError("a strain of {} is outside -0.5 to 10", strain);
  if (out.size() != static_cast<std::size_t>(options_.grid.points))
    throw ConfigError("a pattern of {} points was asked into room for {}", options_.grid.points, out.size());
  const ReciprocalMetric metric = ReciprocalMetric::of(structure.lattice, strain);
  ReflectionEnumerator enumerator(metric, g_min_, g_max_);
  single_.begin(structure, form_factors_, metric, enumerator);
  profile_.clear();
  const double wavelength = options_.simulation.wavelength_angstrom;
  while (enumerator.next(batch_, kBatch))
    profile_.add(wavelength, {batch_.g_squared.data(), batch_.reflections}, single_.of(batch_, wavelength));
  profile_.write(options_.square_root, out);
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

void Simulator::pattern(const StructureView& structure, double strain, std::span<float> out) { implementation_->pattern(structure, strain, out); }

const PatternOptions& Simulator::options() const { return implementation_->options(); }

}  // namespace xxact::xrd
