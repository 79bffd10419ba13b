// A measured pattern fitted by the structure of a textbook: pyrolusite.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "io/measured_pattern.hpp"
#include "pipeline/xrd/pattern_fit.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

/// Rutile's structure with the cell of A. A. Bolzan et al., Aust. J. Chem. 46 (1993) 939.
OwnedStructure pyrolusite(double edge) {
  OwnedStructure structure = orthogonal(edge, edge, edge * 2.8765 / 4.4041);
  structure.add(25, 0, 0, 0);
  structure.add(25, 0.5, 0.5, 0.5);
  for (const double x : {0.3046, 0.6954}) structure.add(8, x, x, 0);
  for (const double x : {0.1954, 0.8046}) structure.add(8, x, 1 - x, 0.5);
  return structure;
}

PatternFit fit_pyrolusite(double edge) {
  const io::MeasuredPattern measured = io::read_measured_pattern(std::filesystem::path(XXACT_SOURCE_DIR) / "data/measured/MnO2.xy");
  const OwnedStructure structure = pyrolusite(edge);
  PatternFitOptions options;
  const Radiation radiation = parse_radiation("CuKa12");
  options.simulation.wavelength_angstrom = radiation.wavelength_angstrom;
  options.simulation.second_wavelength_angstrom = radiation.second_wavelength_angstrom;
  options.simulation.second_intensity = radiation.second_intensity;
  options.simulation.two_theta_min_deg = 0, options.simulation.two_theta_max_deg = 180;
  options.fitted = parse_fit_parameters("zero,caglioti,x,y,strain,b-iso");
  return fit_pattern(measured.two_theta_deg, measured.intensity, measured.sigma, std::array{FitPhase{"MnO2", structure.view()}}, options);
}

TEST(PatternFitReal, PyrolusiteFitsItsMeasuredPattern) {
  const PatternFit fit = fit_pyrolusite(4.4041);
  EXPECT_TRUE(fit.converged);
  EXPECT_GT(fit.cosine, 0.98);
  EXPECT_LT(fit.r_wp, 0.09);
  EXPECT_LT(std::abs(fit.state.shifts.zero_shift_deg), 0.02);
  const double tallest = *std::ranges::max_element(fit.measured), tallest_calculated = *std::ranges::max_element(fit.calculated);
  EXPECT_NEAR(tallest_calculated, tallest, 0.1 * tallest);
}

TEST(PatternFitReal, StrainFindsTheLatticeFromThreePerThousandAway) {
  const PatternFit near = fit_pyrolusite(4.4041), far = fit_pyrolusite(4.4041 * 1.003);
  EXPECT_NEAR((1 + far.state.first.strain) * 1.003, 1 + near.state.first.strain, 2e-4);
  EXPECT_NEAR(far.cosine, near.cosine, 2e-3);
}

}  // namespace
}  // namespace xxact::xrd
