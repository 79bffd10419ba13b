#include "tests/xrd/direct_sum.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "pipeline/xrd/form_factors.hpp"

namespace xxact::xrd {
namespace {

struct Reciprocal {
  double b[3][3];  // rows a*, b*, c* without 2 pi

  explicit Reciprocal(std::span<const double, 9> a) {
    const double det = a[0] * (a[4] * a[8] - a[5] * a[7]) - a[1] * (a[3] * a[8] - a[5] * a[6]) + a[2] * (a[3] * a[7] - a[4] * a[6]);
    for (int i = 0; i < 3; ++i) {
      const double* p = &a[static_cast<std::size_t>(3 * ((i + 1) % 3))];
      const double* q = &a[static_cast<std::size_t>(3 * ((i + 2) % 3))];
      b[i][0] = (p[1] * q[2] - p[2] * q[1]) / det;
      b[i][1] = (p[2] * q[0] - p[0] * q[2]) / det;
      b[i][2] = (p[0] * q[1] - p[1] * q[0]) / det;
    }
  }
  double length(int h, int k, int l) const {
    double sum = 0;
    for (int j = 0; j < 3; ++j) sum += std::pow(h * b[0][j] + k * b[1][j] + l * b[2][j], 2);
    return std::sqrt(sum);
  }
};

/// exp(-2 pi^2 g^T U g) of one atom.
double own_damping(const StructureView& s, std::size_t a, const Reciprocal& reciprocal, int h, int k, int l) {
  if (s.displacement.empty()) return 1;
  const double* u = s.displacement.data() + 6 * a;
  const double tensor[3][3] = {{u[0], u[3], u[4]}, {u[3], u[1], u[5]}, {u[4], u[5], u[2]}};
  double g[3], sum = 0;
  for (int j = 0; j < 3; ++j) g[j] = h * reciprocal.b[0][j] + k * reciprocal.b[1][j] + l * reciprocal.b[2][j];
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) sum += g[i] * tensor[i][j] * g[j];
  return std::exp(-2 * std::numbers::pi * std::numbers::pi * sum);
}

std::complex<double> structure_factor(const StructureView& s, const ScatteringTable& table, const Reciprocal& reciprocal, int h, int k, int l, double g) {
  std::complex<double> sum = 0;
  for (std::size_t a = 0; a < s.atoms(); ++a) {
    const ElementScattering& element = table.has_ions() ? table.scattering(table.index_of(s.atomic_number[a], s.charge[a])) : table.of(s.atomic_number[a]);
    const std::complex<double> f(element.f0(g * g / 4) + element.f_prime, element.f_double_prime);
    const double damping = std::exp(-element.b_iso * g * g / 4) * own_damping(s, a, reciprocal, h, k, l);
    const double phase = h * double(s.frac_coords[3 * a]) + k * double(s.frac_coords[3 * a + 1]) + l * double(s.frac_coords[3 * a + 2]);
    sum += double(s.occupancy_of(a)) * damping * f * std::polar(1.0, 2 * std::numbers::pi * phase);
  }
  return sum;
}

}  // namespace

std::vector<DirectReflection> direct_reflections(const StructureView& structure, const SimulationOptions& options) {
  const ScatteringTable table(options.form_factors, options.dispersion, options.wavelength_angstrom, options.displacement, options.ions);
  return direct_reflections(structure, options, table);
}

std::vector<DirectReflection> direct_reflections(const StructureView& structure, const SimulationOptions& options, const ScatteringTable& table) {
  const Reciprocal reciprocal(structure.lattice);
  const double g_max = 2 / options.wavelength_angstrom;
  int bound[3];
  for (std::size_t i = 0; i < 3; ++i)
    bound[i] = static_cast<int>(g_max * std::hypot(structure.lattice[3 * i], structure.lattice[3 * i + 1], structure.lattice[3 * i + 2])) + 1;
  std::vector<DirectReflection> out;
  for (int h = -bound[0]; h <= bound[0]; ++h)
    for (int k = -bound[1]; k <= bound[1]; ++k)
      for (int l = -bound[2]; l <= bound[2]; ++l) {
        const double g = reciprocal.length(h, k, l);
        if (g == 0 || g >= g_max) continue;
        const double theta = std::asin(g * options.wavelength_angstrom / 2);
        const double two_theta_deg = 2 * theta * 180 / std::numbers::pi;
        if (two_theta_deg < options.two_theta_min_deg || two_theta_deg > options.two_theta_max_deg) continue;
        const double monochromator = std::pow(std::cos(options.monochromator_two_theta_deg * std::numbers::pi / 180), 2);
        const double polarisation = options.form_factors == FormFactors::neutron ? 1 : 1 + monochromator * std::pow(std::cos(2 * theta), 2);
        const double lp = polarisation / (std::pow(std::sin(theta), 2) * std::cos(theta));
        out.push_back({h, k, l, two_theta_deg, std::norm(structure_factor(structure, table, reciprocal, h, k, l, g)) * lp});
      }
  return out;
}

std::vector<double> direct_pattern(const StructureView& structure, const PatternOptions& options) {
  const bool in_q = options.grid.axis == Axis::q;
  const double sigma = (in_q ? options.fwhm_per_angstrom : options.fwhm_deg) / std::sqrt(8 * std::log(2.0));
  std::vector<double> pattern(static_cast<std::size_t>(options.grid.points), 0.0);
  std::vector<DirectReflection> reflections = direct_reflections(structure, options.simulation);
  if (options.simulation.second_intensity > 0) {
    const SimulationOptions& first = options.simulation;
    SimulationOptions second = first;
    second.wavelength_angstrom = first.second_wavelength_angstrom;
    const ScatteringTable table(first.form_factors, first.dispersion, first.wavelength_angstrom, first.displacement, first.ions);
    for (DirectReflection r : direct_reflections(structure, second, table)) {
      r.intensity *= first.second_intensity;
      reflections.push_back(r);
    }
  }
  const double low = in_q ? options.grid.q_min_per_angstrom : options.grid.two_theta_min_deg, high = in_q ? options.grid.q_max_per_angstrom : options.grid.two_theta_max_deg;
  for (const DirectReflection& r : reflections) {
    const double q = 4 * std::numbers::pi * std::sin(r.two_theta_deg * std::numbers::pi / 360) / options.simulation.wavelength_angstrom;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const double centre = low + (static_cast<double>(i) + 0.5) * (high - low) / options.grid.points;
      pattern[i] += r.intensity * std::exp(-0.5 * std::pow((centre - (in_q ? q : r.two_theta_deg)) / sigma, 2));
    }
  }
  const double strongest = *std::ranges::max_element(pattern);
  if (strongest > 0)
    for (double& value : pattern) value /= strongest;
  return pattern;
}

}  // namespace xxact::xrd
