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

/// h, k, l of a reflection whose indices are permuted, with the first non-zero one positive.
std::array<int, 3> miller_indices(const ReciprocalMetric& metric, int u, int v, int w) {
  std::array<int, 3> hkl{};
  const std::array<int, 3> permuted = {u, v, w};
  for (std::size_t i = 0; i < 3; ++i) hkl[static_cast<std::size_t>(metric.axis[i])] = permuted[i];
  if (hkl < std::array<int, 3>{})
    for (int& index : hkl) index = -index;
  return hkl;
}

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
        profile_(options.grid, options.fwhm_deg),
        g_min_(reciprocal_radius(options.simulation.two_theta_min_deg, options.simulation.wavelength_angstrom)),
        g_max_(reciprocal_radius(options.simulation.two_theta_max_deg, options.simulation.wavelength_angstrom)) {}

  void lines(const StructureView& structure, std::vector<Line>& out);
  void pattern(const StructureView& structure, double strain, std::span<float> out);
  const PatternOptions& options() const { return options_; }

 private:
  void collect(const ReciprocalMetric& metric, std::span<const double> intensity);

  PatternOptions options_;
  ScatteringTable table_;
  GaussianProfile profile_;
  double g_min_, g_max_;
  ReflectionBatch batch_;
  IntensityCalculator<float> single_;
  IntensityCalculator<double> exact_;
  std::vector<Reflection> reflections_;
};

void Simulator::Implementation::lines(const StructureView& structure, std::vector<Line>& out) {
  const ReciprocalMetric metric = ReciprocalMetric::of(structure.lattice, 0);
  ReflectionEnumerator enumerator(metric, g_min_, g_max_);
  exact_.begin(structure, table_, metric, enumerator);
  reflections_.clear();
  while (enumerator.next(batch_, kBatch)) collect(metric, exact_.of(batch_, options_.simulation.wavelength_angstrom));
  merge_lines(reflections_, out);
}

void Simulator::Implementation::collect(const ReciprocalMetric& metric, std::span<const double> intensity) {
  std::size_t i = 0;
  for (const ReflectionRow& row : batch_.rows) {
    for (int w = row.first; w < row.first + row.count; ++w, ++i) {
      const double g = std::sqrt(batch_.g_squared[i]);
      const double sine = std::min(options_.simulation.wavelength_angstrom * g / 2, 1.0);
      const auto [h, k, l] = miller_indices(metric, row.u, row.v, w);
      reflections_.push_back({2 * std::asin(sine) / kDegree, intensity[i], g, h, k, l});
    }
  }
}

void Simulator::Implementation::pattern(const StructureView& structure, double strain, std::span<float> out) {
  if (!(strain > -0.5 && strain < 10)) throw ConfigError("a strain of {} is outside -0.5 to 10", strain);
  if (out.size() != static_cast<std::size_t>(options_.grid.points))
    throw ConfigError("a pattern of {} points was asked into room for {}", options_.grid.points, out.size());
  const ReciprocalMetric metric = ReciprocalMetric::of(structure.lattice, strain);
  ReflectionEnumerator enumerator(metric, g_min_, g_max_);
  single_.begin(structure, table_, metric, enumerator);
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
