// From a structure's file to its reflections: charges and displacements as files give them, turned with the atoms by symmetry.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "io/read_structures.hpp"
#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"

namespace xxact {
namespace {

io::NamedStructure read_text(const std::string& name, const std::string& text, const io::RecordLimits& limits) {
  const char* scratch = std::getenv("XXACT_TEST_SCRATCH");
  const std::filesystem::path path = (scratch ? std::filesystem::path(scratch) : std::filesystem::temp_directory_path()) / name;
  std::ofstream(path) << text;
  return io::read_structures(path, {}, limits).at(0);
}

constexpr io::RecordLimits kBoth{.charges = true, .displacements = true};
constexpr io::RecordLimits kDisplacements{.displacements = true};

const std::string kSites = "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n";
const std::string kTensors = "loop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n_atom_site_aniso_U_22\n_atom_site_aniso_U_33\n"
                             "_atom_site_aniso_U_12\n_atom_site_aniso_U_13\n_atom_site_aniso_U_23\n";

std::string cell(double a, double b, double c, double alpha, double beta, double gamma) {
  return fmt::format("data_x\n_cell_length_a {}\n_cell_length_b {}\n_cell_length_c {}\n_cell_angle_alpha {}\n_cell_angle_beta {}\n_cell_angle_gamma {}\n", a, b, c, alpha, beta, gamma);
}

const std::string kQuartz = cell(4.9137, 4.9137, 5.4047, 90, 90, 120) + "_symmetry_space_group_name_H-M 'P 32 2 1'\n" + kSites +
                            "_atom_site_U_iso_or_equiv\nSi1 Si4+ 0.46970 0 0.16666666666666667 0.0075(3)\nO1 O2- 0.4135 0.2669 0.28546666666666667 0.0150\n" + kTensors +
                            "O1 0.0156(7) 0.0115 0.0119 0.0092 -0.0029 -0.0046\nSi1 0.0066 0.0051 0.0060 0.00255 -0.00015 -0.0003\n";

const std::string kTriclinic = cell(5.1, 6.3, 7.2, 81, 97, 108) + "_symmetry_space_group_name_H-M 'P -1'\n" + kSites +
                               "_atom_site_occupancy\n_atom_site_U_iso_or_equiv\nFe1 Fe 0.125 0.25 0.375 1 0.02\nBa1 Ba 0.625 0.1875 0.875 0.75 0.031\n"
                               "O1 O 0.40625 0.71875 0.09375 1 ?\nO2 O 0.84375 0.53125 0.65625 1 .\n" +
                               kTensors + "Fe1 0.021 0.035 0.013 0.006 -0.004 0.009\nO1 0.044 0.019 0.027 -0.011 0.008 -0.013\n";

struct Known {
  int h, k, l;
  double f_squared;
};

/// |F(hkl)|^2, of g and -g alike: without dispersion.
void expect_structure_factors(const io::NamedStructure& named, const std::vector<Known>& known) {
  xrd::PatternOptions options;
  options.simulation.wavelength_angstrom = 0.7;
  options.simulation.dispersion = false;
  std::vector<xrd::Reflection> reflections;
  xrd::Simulator(options).reflections(named.view(), reflections);
  std::map<std::array<int, 3>, double> f_squared;
  for (const xrd::Reflection& r : reflections) {
    const double theta = r.two_theta_deg / 360 * std::numbers::pi;
    const double value = r.intensity / 2 / ((1 + std::pow(std::cos(2 * theta), 2)) / (std::pow(std::sin(theta), 2) * std::cos(theta)));
    f_squared[r.hkl] = value;
    f_squared[{-r.hkl[0], -r.hkl[1], -r.hkl[2]}] = value;
  }
  for (const Known& k : known) EXPECT_NEAR((f_squared[{k.h, k.k, k.l}]), k.f_squared, 2e-6 * k.f_squared + 2e-3) << k.h << ' ' << k.k << ' ' << k.l;
}

// gemmi 0.7.5, calculate_sf_from_small_structure of the same texts, which moves the reflections instead of the atoms.
TEST(StructureFiles, DisplacementsOfQuartzAreGemmis) {
  expect_structure_factors(read_text("quartz.cif", kQuartz, kDisplacements),
                           {{1, 0, 0, 254.959331}, {0, 1, 1, 1502.707162}, {1, 0, 1, 644.900508}, {1, 1, 0, 303.527796},  {1, 0, 2, 308.990415}, {0, 1, 2, 52.095845}, {2, 1, 1, 281.356937},
                            {1, 2, 1, 328.643565}, {2, -3, 1, 328.643565}, {1, 1, -3, 129.477849}, {0, 2, -3, 949.846559}, {3, 0, 1, 2.043954},   {1, -3, 2, 116.988202}, {0, 0, 3, 87.663101}});
}

// The same: isotropic and anisotropic atoms, one occupied in part, one without displacement.
TEST(StructureFiles, DisplacementsOfATriclinicCellAreGemmis) {
  const io::NamedStructure named = read_text("triclinic.cif", kTriclinic, kDisplacements);
  EXPECT_EQ(named.structure[0].atoms(), 8U);
  EXPECT_EQ(named.atoms_without_displacement, 2U);
  expect_structure_factors(named, {{1, 0, 0, 546.807025}, {0, 1, 1, 2255.978427}, {1, 0, 1, 20041.216613}, {1, 1, 0, 14.391914},  {1, 0, 2, 351.677653}, {0, 1, 2, 14501.580566}, {2, 1, 1, 14.469432},
                                   {1, 2, 1, 5322.095218}, {2, -3, 1, 541.458785}, {1, 1, -3, 273.885568},  {0, 2, -3, 135.031268}, {3, 0, 1, 0.815111}, {1, -3, 2, 649.439092}, {0, 0, 3, 41.238030}});
}

std::string site_json(const std::string& element, int charge, const std::string& abc, const std::array<double, 6>& u) {
  return fmt::format(R"({{"species": [{{"element": "{}", "oxidation_state": {}, "occu": 1}}], "abc": [{}], "properties": {{"U11_cif": {}, "U22_cif": {}, "U33_cif": {}, "U23_cif": {}, "U13_cif": {}, "U12_cif": {}}}}})",
                     element, charge, abc, u[0], u[1], u[2], u[3], u[4], u[5]);
}

const std::string kJson = R"({"lattice": {"matrix": [[4.6, 0, 0], [-2.3, 3.983716857408418, 0], [0, 0, 6.1]]}, "sites": [)" + site_json("Fe", 2, "0.125, 0.25, 0.0625", {0.021, 0.015, 0.03, 0.002, -0.005, 0.008}) + ", " +
                          site_json("O", -2, "0.6875, 0.4375, 0.34375", {0.034, 0.028, 0.02, -0.007, 0.004, 0.016}) + ", " +
                          site_json("La", 3, "0.40625, 0.84375, 0.71875", {0.012, 0.019, 0.009, 0.003, 0.002, 0.004}) + "]}";

// pymatgen-core 2026.10.16, XRDCalculator("CuKa") of the same structure with its site properties U11_cif to U12_cif.
TEST(StructureFiles, DisplacementsOfPymatgensSitePropertiesAreItsOwn) {
  const std::vector<std::pair<double, double>> expected = {
      {14.520950, 24.390781}, {22.316298, 32.402839}, {26.727227, 100.000000}, {29.281868, 6.801096}, {37.124507, 36.616786}, {39.167285, 23.494683}, {41.981464, 11.812605}, {44.560967, 5.592723},
      {45.540335, 5.129624},  {48.051450, 16.504910}, {49.644417, 9.329296},   {50.386466, 7.651095}, {55.066096, 9.630798},  {60.731929, 0.499112},  {60.803294, 10.268557}, {61.594267, 4.213658},
      {63.655442, 11.495845}, {65.543759, 6.285254},  {65.612156, 3.325624},   {69.638857, 8.025143}, {70.978938, 2.404479},  {72.904111, 2.307413},  {74.680480, 1.731163},  {78.381124, 0.447771},
      {78.571798, 2.076299},  {79.087866, 3.128291},  {79.151283, 3.825656},   {82.732475, 2.405860}, {84.190517, 1.222132},  {86.027540, 1.447745},  {87.798158, 2.404509},  {88.491646, 1.321877}};
  xrd::PatternOptions options;
  options.simulation.form_factors = xrd::FormFactors::pymatgen;
  options.simulation.dispersion = false;
  const io::NamedStructure named = read_text("hexagonal.json", kJson, kBoth);
  std::vector<xrd::Line> lines;
  xrd::Simulator(options).lines(named.view(), lines);
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_NEAR(lines[i].two_theta_deg, expected[i].first, 1e-6);
    EXPECT_NEAR(lines[i].intensity, expected[i].second, 2e-6) << expected[i].first;
  }
  EXPECT_EQ(named.charge, (std::vector<float>{2, -2, 3}));
}

std::vector<double> first_displacement(const std::string& text) {
  const io::NamedStructure named = read_text("first.cif", text, kDisplacements);
  return {named.displacement.begin(), named.displacement.begin() + 6};
}

// In a right-angled cell the tensor is what the file says.
TEST(StructureFiles, BAndUAndTheirTensorsAreOneThing) {
  const std::string box = cell(4, 5, 6, 90, 90, 90) + kSites;
  const double b = 8 * std::numbers::pi * std::numbers::pi;
  const auto expect_near = [](const std::vector<double>& u, const std::vector<double>& expected) {
    for (std::size_t n = 0; n < 6; ++n) EXPECT_NEAR(u[n], expected[n], 1e-15) << n;
  };
  expect_near(first_displacement(box + "_atom_site_U_iso_or_equiv\nFe1 Fe 0 0 0 0.0125(3)\n"), {0.0125, 0.0125, 0.0125, 0, 0, 0});
  expect_near(first_displacement(box + fmt::format("_atom_site_B_iso_or_equiv\nFe1 Fe 0 0 0 {:.17g}\n", 0.0125 * b)), {0.0125, 0.0125, 0.0125, 0, 0, 0});
  expect_near(first_displacement(box + "Fe1 Fe 0 0 0\n" + kTensors + "Fe1 0.01 0.02 0.03 0.004 0.005 0.006\n"), {0.01, 0.02, 0.03, 0.004, 0.005, 0.006});
  std::string tensors = kTensors;
  for (std::size_t at = 0; (at = tensors.find("_U_", at)) != std::string::npos;) tensors.replace(at, 3, "_B_");
  expect_near(first_displacement(box + "Fe1 Fe 0 0 0\n" + tensors + fmt::format("Fe1 {:.17g} {:.17g} {:.17g} {:.17g} 0 0\n", 0.01 * b, 0.02 * b, 0.03 * b, 0.004 * b)), {0.01, 0.02, 0.03, 0.004, 0, 0});
  // Tags of newer dictionaries; a tensor goes before an equivalent, and an unknown tensor does not.
  std::string newer = box + "_atom_site_U_iso_or_equiv\nFe1 Fe 0 0 0 0.5\n" + kTensors + "Fe1 0.01 0.02 0.03 0.004 0.005 0.006\n";
  expect_near(first_displacement(newer), {0.01, 0.02, 0.03, 0.004, 0.005, 0.006});
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"_atom_site_aniso_", "_atom_site_aniso."}, {"_atom_site_U", "_atom_site.U"}, {"_atom_site_fract", "_atom_site.fract"}, {"_atom_site_label", "_atom_site.label"}, {"_atom_site_type", "_atom_site.type"}})
    for (std::size_t at = 0; (at = newer.find(from, at)) != std::string::npos; at += to.size()) newer.replace(at, from.size(), to);
  expect_near(first_displacement(newer), {0.01, 0.02, 0.03, 0.004, 0.005, 0.006});
  expect_near(first_displacement(box + "_atom_site_U_iso_or_equiv\nFe1 Fe 0 0 0 0.5\n" + kTensors + "Fe1 ? ? ? ? ? ?\n"), {0.5, 0.5, 0.5, 0, 0, 0});
}

TEST(StructureFiles, ChargesComeFromSymbolsAndOxidationNumbers) {
  const std::string box = cell(4, 5, 6, 90, 90, 90);
  const std::string sites = kSites + "Fe1 Fe3+ 0 0 0\nO1 O2- 0.5 0.5 0.5\nNa1 Na+ 0.5 0 0\nCl1 Cl-1 0 0.5 0\nTi1 Ti 0 0 0.5\nMn1 Mn2.5+ 0.5 0.5 0\n";
  const std::vector<float> charge = read_text("charges.cif", box + sites, kBoth).charge;
  ASSERT_EQ(charge.size(), 6U);
  EXPECT_EQ((std::vector<float>{charge[0], charge[1], charge[2], charge[3], charge[5]}), (std::vector<float>{3, -2, 1, -1, 2.5}));
  EXPECT_TRUE(std::isnan(charge[4]));
  const std::string types = "loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nFe3+ 3\nTi 4\nO2- ?\n";
  EXPECT_EQ(read_text("oxidation.cif", box + types + sites, kBoth).charge[4], 4.0F);
}

// Magnetite's octahedral site: two ions in one place stay two atoms where their charges count, and only there.
TEST(StructureFiles, IonsOfOneElementOnOneSiteStayApart) {
  const std::string text = cell(4, 5, 6, 90, 90, 90) + kSites + "_atom_site_occupancy\nFe1 Fe2+ 0 0 0 0.5\nFe2 Fe3+ 0 0 0 0.5\nO1 O2- 0.5 0.5 0.5 1\n";
  const io::NamedStructure apart = read_text("shared.cif", text, {.charges = true}), together = read_text("shared.cif", text, {});
  ASSERT_EQ(apart.charge, (std::vector<float>{2, 3, -2}));
  EXPECT_EQ(apart.structure[0].occupancy[0], 0.5F);
  EXPECT_EQ(together.structure[0].atoms(), 2U);
  EXPECT_TRUE(together.charge.empty());
  EXPECT_TRUE(together.displacement.empty());
}

// Each is read where it is asked for, and refused with its tag; a structure alone never needs it.
TEST(StructureFiles, WhatCannotBeReadIsNamed) {
  const std::string box = cell(4, 5, 6, 90, 90, 90), site = "Fe1 Fe3+ 0 0 0\n", isotropic = kSites + "_atom_site_U_iso_or_equiv\nFe1 Fe3+ 0 0 0 ";
  const std::string full = "Fe1 0.01 0.02 0.03 0 0 0\n";
  for (const auto& [text, reason] : std::vector<std::pair<std::string, std::string>>{
           {isotropic + "0.0x\n", "_atom_site_U_iso_or_equiv of Fe1 is no number: \"0.0x\""},
           {kSites + site + kTensors + "Fe1 0.01 0.02 none 0 0 0\n", "_atom_site_aniso_U_33 of Fe1"},
           {kSites + site + kTensors + "Fe1 0.01 0.02 ? 0 0 0\n", "1 of the six numbers _atom_site_aniso_U_11, ... of Fe1 are unknown"},
           {kSites + site + kTensors + "Fe2 0.01 0.02 0.03 0 0 0\n", "\"Fe2\" is the label of no atom site"},
           {kSites + site + "Fe1 O2- 0.5 0.5 0.5\n" + kTensors + full, "\"Fe1\" is the label of several atom sites"},
           {kSites + site + "loop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\nFe1 0.01\n", "do not have one value a label each"},
           {kSites + site + "loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nFe3+ 2\n", "_atom_type_oxidation_number of Fe3+ is 2"},
           {kSites + site + "loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nFe3+ three\n", "_atom_type_oxidation_number of Fe3+ is no number"}}) {
    testing::internal::CaptureStderr();
    EXPECT_THROW(read_text("bad.cif", box + text, kBoth), InputError) << reason;
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find(reason), std::string::npos) << said;
    EXPECT_NO_THROW(read_text("bad.cif", box + text, {})) << reason;
  }
}

}  // namespace
}  // namespace xxact
