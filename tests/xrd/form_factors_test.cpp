// Form-factor tables against electron counts, against each other and against gemmi; radiation names.
#include <gtest/gtest.h>

#include <gemmi/fprime.hpp>
#include <gemmi/it92.hpp>

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "pipeline/xrd/form_factor_polynomials.hpp"
#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/radiation.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

TEST(FormFactors, ForwardScatteringIsTheElectronCount) {
  for (const FormFactors table : {FormFactors::it92, FormFactors::pymatgen}) {
    const ScatteringTable scattering(table, false, 1.54184);
    for (int z = 1; z <= kFormFactorElements; ++z) EXPECT_NEAR(scattering.of(z).f0(0), z, 0.1) << element_symbol(z);
  }
}

TEST(FormFactors, It92IsGemmis) {
  const ScatteringTable scattering(FormFactors::it92, false, 1.54184);
  for (int z = 1; z <= kFormFactorElements; ++z)
    for (const double s2 : {0.01, 0.1, 0.4, 2.0})
      EXPECT_NEAR(scattering.of(z).f0(s2), gemmi::IT92<double>::get(gemmi::El(z)).calculate_sf(s2), 1e-12 * z) << element_symbol(z);
}

// Two independent fits agree to a few per cent; a row or column misread in either would not.
TEST(FormFactors, TablesAgreeExceptWherePymatgenIsKnownToBeWrong) {
  const ScatteringTable it92(FormFactors::it92, false, 1.54184), pymatgen(FormFactors::pymatgen, false, 1.54184);
  for (int z = 2; z <= kFormFactorElements; ++z) {
    if (z == 50) continue;
    for (const double s : {0.05, 0.1, 0.2, 0.3, 0.46}) {
      const double expected = it92.of(z).f0(s * s);
      EXPECT_NEAR(pymatgen.of(z).f0(s * s), expected, 0.045 * expected) << element_symbol(z) << " at s = " << s;
    }
  }
  const double tin = pymatgen.of(50).f0(0.45 * 0.45) / it92.of(50).f0(0.45 * 0.45);
  EXPECT_NEAR(tin, 1.117, 0.002);
}

// The polynomials of the inner loop against the sums of Gaussians that they stand for, over each range whole.
TEST(FormFactors, PolynomialsHoldTheirErrorsAtEveryRadiation) {
  struct Range { double wavelength, two_theta_max; };
  for (const Range& range : {Range{2.29, 160}, {1.54184, 90}, {1.54184, 180}, {0.71073, 90}, {0.5609, 60}, {0.2, 46}, {0.2, 73.7}}) {
    const double g_max = 2 * std::sin(range.two_theta_max / 2 * std::numbers::pi / 180) / range.wavelength;
    for (const FormFactors table : {FormFactors::it92, FormFactors::pymatgen, FormFactors::waasmaier_kirfel}) {
      if (g_max > 2 * largest_s(table)) continue;
      const ScatteringTable scattering(table, true, range.wavelength, {}, table == FormFactors::waasmaier_kirfel);
      const FormFactorPolynomials polynomials(scattering, g_max * g_max);
      constexpr std::size_t n = 401;
      std::vector<double> g_squared(n + kernels::kElementBlock<float>), ones(g_squared.size(), 1.0), zeros(g_squared.size(), 0.0), t(g_squared.size()), f2(g_squared.size());
      std::vector<float> one(g_squared.size(), 1.0F), zero(g_squared.size(), 0.0F), ts(g_squared.size()), fs2(g_squared.size());
      for (std::size_t i = 0; i < n; ++i) g_squared[i] = g_max * g_max * static_cast<double>(i) / (n - 1);
      kernels::polynomial_argument(polynomials.argument(), g_squared.data(), n, t.data());
      kernels::polynomial_argument(polynomials.argument(), g_squared.data(), n, ts.data());
      for (std::size_t species = 0; species < scattering.size(); ++species) {
        const ElementScattering& element = scattering.scattering(species);
        const int z = scattering.species(species).atomic_number;
        const std::array exact = {&polynomials.at<double>(species)};
        const std::array single = {&polynomials.at<float>(species)};
        kernels::sum_elements(exact, t.data(), ones.data(), zeros.data(), ones.size(), n, f2.data());
        kernels::sum_elements(single, ts.data(), one.data(), zero.data(), one.size(), n, fs2.data());
        for (std::size_t i = 0; i < n; ++i) {
          const double f = element.f0(g_squared[i] / 4) + element.f_prime, expected = 2 * (f * f + element.f_double_prime * element.f_double_prime);
          ASSERT_NEAR(f2[i], expected, 4.4e-12 * z * (std::abs(f) + element.f_double_prime) + 1e-12) << species_name(scattering.species(species)) << " at " << range.wavelength;
          ASSERT_NEAR(fs2[i], expected, 1e-5 * z * (std::abs(f) + element.f_double_prime) + 1e-6) << species_name(scattering.species(species)) << " at " << range.wavelength;
        }
      }
    }
  }
}

// Values of the same method computed elsewhere for 8047.8 eV, three decimals.
TEST(FormFactors, DispersionAtCopperKAlpha1) {
  const ScatteringTable scattering(FormFactors::it92, true, photon_energy_ev(8047.8));
  struct Known { int z; double f_prime, f_double_prime; };
  for (const Known& known : {Known{26, -1.131, 3.197}, {27, -2.362, 3.614}, {25, -0.529, 2.805}, {62, -5.256, 12.309}, {56, -1.011, 8.459}, {8, 0.049, 0.032}}) {
    EXPECT_NEAR(scattering.of(known.z).f_prime, known.f_prime, 2e-3) << known.z;
    EXPECT_NEAR(scattering.of(known.z).f_double_prime, known.f_double_prime, 2e-3) << known.z;
  }
}

TEST(FormFactors, ElementsBeyondTheTableAreNamed) {
  const ScatteringTable scattering(FormFactors::pymatgen, true, 1.54184);
  for (const int z : {0, 99, 118}) EXPECT_THROW(scattering.of(z), InputError);
  try {
    scattering.of(99);
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("Es"), std::string::npos) << error.what();
  }
}

TEST(Radiation, NamesAndNumbers) {
  EXPECT_DOUBLE_EQ(parse_radiation("CuKa").wavelength_angstrom, 1.54184);
  EXPECT_DOUBLE_EQ(parse_radiation("cuka1").wavelength_angstrom, 1.54056);
  EXPECT_DOUBLE_EQ(parse_radiation("AgKb1").wavelength_angstrom, 0.497082);
  EXPECT_DOUBLE_EQ(parse_radiation("1.5406").wavelength_angstrom, 1.5406);
  for (const char* bad : {"", "Cu", "CuKa3", "1.54x", "-1", "0", "nan", "inf", "100"}) EXPECT_THROW(parse_radiation(bad), ConfigError) << bad;
  EXPECT_NEAR(photon_energy_ev(1.54056), 8047.99, 0.2);
}

}  // namespace
}  // namespace xxact::xrd
