// Waasmaier and Kirfel's form factors: electron counts, a closed form, other fits to the same computed values, and ions in
// structures against a sum made elsewhere.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/direct_sum.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

ScatteringTable with_ions() { return ScatteringTable(FormFactors::waasmaier_kirfel, false, 1.54184, {}, true); }

double f0(const ScatteringTable& table, int z, int charge, double s) { return table.scattering(table.index_of(z, static_cast<float>(charge))).f0(s * s); }

// The a, b and c of each species in turn, as xraydb 4.5.8 has them: their sum, the sum weighted by their place, the sum of squares.
TEST(WaasmaierKirfel, NumbersAreThoseOfAnotherCopy) {
  double sum = 0, weighted = 0, squares = 0, place = 0;
  const auto take = [&](double x) { sum += x, weighted += ++place * x, squares += x * x; };
  for (const WaasmaierKirfel& row : kWaasmaierKirfel) {
    for (const double a : row.a) take(a);
    for (const double b : row.b) take(b);
    take(row.c);
  }
  EXPECT_EQ(place, 2299);
  EXPECT_NEAR(sum, 27497.018656, 1e-7);
  EXPECT_NEAR(weighted, 35039028.245966, 1e-4);
  EXPECT_NEAR(squares, 1893749.390502, 1e-5);
}

// As published, osmium is the furthest off; 19 of the 209 are by more than 0.02.
TEST(WaasmaierKirfel, ForwardScatteringIsTheElectronCount) {
  const ScatteringTable table = with_ions();
  ASSERT_EQ(table.size(), kWaasmaierKirfelSpecies);
  int beyond = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const ScatteringSpecies& species = table.species(i);
    const double off = std::abs(table.scattering(i).f0(0) - (species.atomic_number - species.charge));
    EXPECT_LT(off, 0.038) << species_name(species);
    beyond += off > 0.02;
  }
  EXPECT_EQ(beyond, 19);
}

// The hydrogen atom in closed form: f0 = (1 + (2 pi s a)^2)^-2, a the Bohr radius.
TEST(WaasmaierKirfel, HydrogenIsTheFreeAtom) {
  const ScatteringTable table = with_ions();
  for (double s = 0; s <= 6; s += 0.05) EXPECT_NEAR(f0(table, 1, 0, s), std::pow(1 + std::pow(2 * std::numbers::pi * s * 0.529177, 2), -2), 1e-3) << s;
}

// Two fits to the same computed form factors; hydrogen is that of a bond in the International Tables.
TEST(WaasmaierKirfel, AtomsAreThoseOfTheInternationalTables) {
  const ScatteringTable table = with_ions(), it92(FormFactors::it92, false, 1.54184);
  for (int z = 2; z <= kFormFactorElements; ++z)
    for (double s = 0; s <= 1.5; s += 0.05) EXPECT_NEAR(f0(table, z, 0, s), it92.of(z).f0(s * s), 0.0017 * z) << species_name({z, 0}) << " at s = " << s;
}

// Ions of the International Tables (Vol. C, 6.1.1.4) at s = 0.1, 0.3 and 0.5, computed by gemmi 0.7.5.
TEST(WaasmaierKirfel, IonsAreThoseOfTheInternationalTables) {
  struct Known {
    int z, charge;
    std::array<double, 3> f0;
  };
  const ScatteringTable table = with_ions();
  for (const Known& known : std::vector<Known>{{8, -1, {7.8440, 4.0748, 2.3090}},
                                               {9, -1, {8.9695, 5.0690, 2.8412}},
                                               {11, 1, {9.5463, 6.8941, 4.2906}},
                                               {12, 2, {9.6624, 7.5134, 5.0253}},
                                               {13, 3, {9.7375, 7.9748, 5.6825}},
                                               {17, -1, {15.6883, 9.5252, 7.3107}},
                                               {20, 2, {16.9333, 11.7157, 8.2597}},
                                               {22, 4, {17.2553, 12.9792, 9.1582}},
                                               {26, 2, {22.8883, 16.8712, 11.4948}},
                                               {26, 3, {22.0772, 16.7273, 11.5317}},
                                               {29, 2, {25.9396, 19.8314, 13.7104}},
                                               {38, 2, {34.1983, 25.8602, 19.8975}},
                                               {53, -1, {49.4122, 36.6449, 28.1514}},
                                               {56, 2, {51.0173, 38.5745, 29.9450}},
                                               {57, 3, {51.3299, 39.2627, 30.4993}},
                                               {58, 4, {51.5864, 39.9466, 31.0421}},
                                               {82, 2, {76.8582, 61.7463, 48.9308}},
                                               {92, 6, {83.1755, 68.4136, 55.4391}}})
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(f0(table, known.z, known.charge, 0.1 + 0.2 * static_cast<double>(i)), known.f0[i], 0.015) << species_name({known.z, known.charge});
}

// What an ion lacks or has too much is far from the nucleus: at large s it scatters as the atom does.
TEST(WaasmaierKirfel, IonsScatterAsAtomsAtLargeAngles) {
  const ScatteringTable table = with_ions();
  for (std::size_t i = kFormFactorElements; i < table.size(); ++i)
    for (double s = 1; s <= 6; s += 0.025) EXPECT_NEAR(table.scattering(i).f0(s * s), f0(table, table.species(i).atomic_number, 0, s), 0.16) << species_name(table.species(i)) << " at s = " << s;
}

TEST(WaasmaierKirfel, DispersionOfAnIonIsItsElements) {
  const ScatteringTable table(FormFactors::waasmaier_kirfel, true, 1.54184, {}, true);
  for (std::size_t i = kFormFactorElements; i < table.size(); ++i) {
    const ElementScattering& atom = table.of(table.species(i).atomic_number);
    EXPECT_EQ(table.scattering(i).f_prime, atom.f_prime);
    EXPECT_EQ(table.scattering(i).f_double_prime, atom.f_double_prime);
  }
}

TEST(WaasmaierKirfel, ChargesThatAreNotThereAreNamedWithThoseThatAre) {
  const ScatteringTable table = with_ions();
  const auto message = [&](int z, float charge) {
    try {
      table.index_of(z, charge);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message(26, 3), "accepted");
  EXPECT_EQ(message(26, 0), "accepted");
  EXPECT_EQ(message(26, 4), "the charge +4 is not in the table waasmaier-kirfel, which has Fe, Fe2+, Fe3+");
  EXPECT_EQ(message(26, 2.5), "the charge +2.5 is not in the table waasmaier-kirfel, which has Fe, Fe2+, Fe3+");
  EXPECT_EQ(message(16, -2), "the charge -2 is not in the table waasmaier-kirfel, which has S");
  EXPECT_EQ(message(8, std::numeric_limits<float>::quiet_NaN()), "no charge is given; the table waasmaier-kirfel has O, O2-, O1-");
  EXPECT_NE(message(99, 3).find("Es"), std::string::npos);
  for (const FormFactors other : {FormFactors::it92, FormFactors::pymatgen, FormFactors::neutron}) EXPECT_THROW(ScatteringTable(other, false, 1.5, {}, true), ConfigError);
}

OwnedStructure rock_salt() {
  OwnedStructure structure = cubic(5.64);
  for (const auto& [x, y, z] : {std::array{0.0, 0.0, 0.0}, {0.5, 0.5, 0.0}, {0.5, 0.0, 0.5}, {0.0, 0.5, 0.5}}) {
    structure.add(11, x, y, z);
    structure.add(17, x + 0.5, y, z);
    structure.charge.insert(structure.charge.end(), {1, -1});
  }
  return structure;
}

PatternOptions ion_options() {
  PatternOptions options;
  options.simulation.form_factors = FormFactors::waasmaier_kirfel;
  options.simulation.ions = true;
  return options;
}

// NaCl of Na1+ and Cl1- at 1.54184 angstrom; form factors by periodictable 2.1.0 (cromermann.fxrayatq), summed in numpy.
TEST(Ions, RockSaltIsThatOfItsIons) {
  PatternOptions options = ion_options();
  options.simulation.dispersion = false;
  std::vector<Line> lines;
  Simulator(options).lines(rock_salt().view(), lines);
  const std::vector<std::pair<double, double>> expected = {{27.389658, 8.505612},  {31.730502, 100.0},     {45.487689, 65.158482}, {53.916692, 1.881576}, {56.523580, 20.969596},
                                                           {66.288910, 9.206013}, {73.140641, 0.969195}, {75.365249, 24.580263}, {84.077250, 18.262497}};
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(lines[i].two_theta_deg, expected[i].first, 1e-6);
    EXPECT_NEAR(lines[i].intensity, expected[i].second, 1e-5) << expected[i].first;
  }
}

/// Seven atoms without symmetry; iron, oxygen and lanthanum, each charged in two ways, in mixed order.
OwnedStructure mixed_charges() {
  OwnedStructure structure = triclinic();
  for (std::size_t a = 0; a < structure.atomic_number.size(); ++a) {
    constexpr std::array<int, 3> elements = {26, 8, 57};
    constexpr std::array<float, 6> charges = {2, -2, 3, 3, 0, 0};
    structure.atomic_number[a] = static_cast<std::uint8_t>(elements[a % 3]);
    structure.charge.push_back(charges[a % 6]);
  }
  return structure;
}

TEST(Ions, EveryOptionTogetherEqualsTheDirectSum) {
  const OwnedStructure structure = mixed_charges();
  PatternOptions options = ion_options();
  options.simulation.displacement = parse_displacement("0.6,O=1.1");
  options.square_root = false;
  options.grid = {10, 85, 4000};
  options.fwhm_deg = 0.08;
  Simulator simulator(options);
  std::vector<float> pattern(4000);
  simulator.pattern(structure.view(), 0, pattern);
  const std::vector<double> expected = direct_pattern(structure.view(), options);
  for (std::size_t i = 0; i < pattern.size(); ++i) ASSERT_NEAR(pattern[i], expected[i], 2e-5) << i;

  std::vector<Reflection> reflections;
  simulator.reflections(structure.view(), reflections);
  double direct = 0, computed = 0;
  for (const DirectReflection& r : direct_reflections(structure.view(), options.simulation)) direct += r.intensity;
  for (const Reflection& r : reflections) computed += r.intensity;
  EXPECT_NEAR(computed, direct, 1e-10 * direct);
}

// Up to s = 3 / angstrom at 0.3 angstrom, where the other tables end at 74 degrees; large displacements still fit.
TEST(WaasmaierKirfel, ReachesFurtherThanTheInternationalTables) {
  PatternOptions options = ion_options();
  options.simulation.wavelength_angstrom = 0.3;
  options.simulation.two_theta_min_deg = 100, options.simulation.two_theta_max_deg = 128;
  options.grid = {100, 128, 100};
  options.simulation.form_factors = FormFactors::it92;
  options.simulation.ions = false;
  EXPECT_THROW(Simulator{options}, ConfigError);
  options.simulation.form_factors = FormFactors::waasmaier_kirfel;
  options.simulation.ions = true;
  for (const double b : {0.0, 0.3}) {
    options.simulation.displacement.b_iso = b;
    const OwnedStructure structure = rock_salt();
    std::vector<Reflection> reflections;
    Simulator(options).reflections(structure.view(), reflections);
    double direct = 0, computed = 0;
    for (const DirectReflection& r : direct_reflections(structure.view(), options.simulation)) direct += r.intensity;
    for (const Reflection& r : reflections) computed += r.intensity;
    EXPECT_NEAR(computed, direct, 1e-9 * direct) << b;
  }
  options.simulation.displacement.b_iso = 10;
  EXPECT_NO_THROW(Simulator{options});
  options.simulation.two_theta_max_deg = 129;
  EXPECT_THROW(Simulator{options}, ConfigError);
}

// The same simulator after a structure of other species: nothing of the first stays.
TEST(Ions, NeutralAtomsScatterAsWithoutIons) {
  OwnedStructure structure = mixed_charges();
  Simulator simulator(ion_options());
  std::vector<Line> lines, neutral;
  simulator.unscaled_lines(structure.view(), lines);
  structure.charge.assign(structure.charge.size(), 0.0F);
  simulator.unscaled_lines(structure.view(), lines);
  PatternOptions options = ion_options();
  options.simulation.ions = false;
  Simulator(options).unscaled_lines(structure.view(), neutral);
  ASSERT_EQ(lines.size(), neutral.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i].intensity, neutral[i].intensity);
}

TEST(Ions, AnAtomWithoutItsChargeIsNamed) {
  OwnedStructure structure = rock_salt();
  Simulator simulator(ion_options());
  std::vector<Line> lines;
  const auto message = [&] {
    try {
      simulator.lines(structure.view(), lines);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  structure.charge[3] = -2;
  EXPECT_EQ(message(), "atom 4 (Cl at 1, 0.5, 0): the charge -2 is not in the table waasmaier-kirfel, which has Cl, Cl1-");
  structure.charge.clear();
  EXPECT_EQ(message(), "atom 1 (Na at 0, 0, 0): no charge is given; the table waasmaier-kirfel has Na, Na1+");
}

}  // namespace
}  // namespace xxact::xrd
