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

PatternFit fit_pyrolusite(double edge, const char* fitted = "zero,caglioti,x,y,strain,b-iso", double unit = 1) {
  io::MeasuredPattern measured = io::read_measured_pattern(std::filesystem::path(XXACT_SOURCE_DIR) / "data/measured/MnO2.xy");
  for (double& intensity : measured.intensity) intensity *= unit;
  const OwnedStructure structure = pyrolusite(edge);
  PatternFitOptions options;
  const Radiation radiation = parse_radiation("CuKa12");
  options.simulation.wavelength_angstrom = radiation.wavelength_angstrom;
  options.simulation.second_wavelength_angstrom = radiation.second_wavelength_angstrom;
  options.simulation.second_intensity = radiation.second_intensity;
  options.simulation.two_theta_min_deg = 0, options.simulation.two_theta_max_deg = 180;
  options.fitted = parse_fit_parameters(fitted);
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

// Patterns are often brought to 1 or 100 before they are written.
TEST(PatternFitReal, TheUnitOfTheIntensitiesDoesNotMatter) {
  const PatternFit counts = fit_pyrolusite(4.4041), share = fit_pyrolusite(4.4041, "zero,caglioti,x,y,strain,b-iso", 1e-6);
  EXPECT_TRUE(share.converged);
  EXPECT_NEAR(share.r_wp, counts.r_wp, 1e-3);
  for (const char* name : {"zero error", "added B_iso", "lattice strain"}) {
    const auto of = [&](const PatternFit& fit) {
      const auto found = std::ranges::find(fit.values, name, &FittedValue::name);
      return found != fit.values.end() ? *found : FittedValue{};
    };
    ASSERT_TRUE(of(counts).deviation && of(share).deviation) << name;
    EXPECT_NEAR(of(share).value, of(counts).value, 0.2 * *of(counts).deviation) << name;
    EXPECT_NEAR(*of(share).deviation, *of(counts).deviation, 0.05 * *of(counts).deviation) << name;
  }
}

/// The numbers of pattern_fit_expected.py: gemmi, numpy and scipy.
TEST(PatternFitReal, ValuesAndDeviationsAreThoseOfAnotherProgram) {
  const PatternFit fit = fit_pyrolusite(4.4041, "zero,width,x,y,b-iso");
  struct Expected {
    const char* name;
    double value, deviation;
  };
  for (const Expected& expected : {Expected{"zero error", 0.040738, 0.000334}, {"added B_iso", 2.4315, 0.0591}, {"W", 0.00316204, 0.000296}, {"X", 0.213624, 0.00918}, {"Y", 0.0143918, 0.00302}}) {
    const auto found = std::ranges::find(fit.values, expected.name, &FittedValue::name);
    ASSERT_NE(found, fit.values.end()) << expected.name;
    EXPECT_NEAR(found->value, expected.value, 0.05 * expected.deviation) << expected.name;
    ASSERT_TRUE(found->deviation) << expected.name;
    EXPECT_NEAR(*found->deviation, expected.deviation, 0.02 * expected.deviation) << expected.name;
  }
  EXPECT_NEAR(fit.cosine, 0.97634, 1e-4);
  EXPECT_NEAR(fit.r_wp, 0.10133, 1e-4);
}

TEST(PatternFitReal, StrainFindsTheLatticeFromThreePerThousandAway) {
  const PatternFit near = fit_pyrolusite(4.4041), far = fit_pyrolusite(4.4041 * 1.003);
  EXPECT_NEAR((1 + far.state.first.strain) * 1.003, 1 + near.state.first.strain, 2e-4);
  EXPECT_NEAR(far.cosine, near.cosine, 2e-3);
}

}  // namespace
}  // namespace xxact::xrd
