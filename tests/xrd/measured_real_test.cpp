// A measured pattern through the inverse path against the simulation of its refined structure: BiFeO3.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "io/measured_pattern.hpp"
#include "io/read_structures.hpp"
#include "pipeline/xrd/measured.hpp"
#include "tests/scratch.hpp"

namespace xxact::xrd {
namespace {

double similarity(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    ab += x * y, aa += x * x, bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

/// The structure of J. M. Moreau et al., J. Phys. Chem. Solids 32 (1971) 1315.
std::filesystem::path bismuth_ferrite() {
  const std::filesystem::path path = scratch("BiFeO3.cif");
  std::ofstream(path) << "data_BiFeO3\n_cell_length_a 5.5876\n_cell_length_b 5.5876\n_cell_length_c 13.867\n_cell_angle_alpha 90\n_cell_angle_beta 90\n"
                         "_cell_angle_gamma 120\n_symmetry_space_group_name_H-M 'R 3 c :H'\n_symmetry_Int_Tables_number 161\nloop_\n_atom_site_label\n"
                         "_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
                         "Bi1 Bi 0 0 0\nFe1 Fe 0 0 0.2212\nO1 O 0.443 0.012 0.9543\n";
  return path;
}

TEST(MeasuredReal, PatternOfBismuthFerriteLooksLikeItsStructure) {
  const io::MeasuredPattern measured = io::read_measured_pattern(std::filesystem::path(XXACT_SOURCE_DIR) / "data/measured/BiFeO3.xy");
  const auto structures = io::read_structures(bismuth_ferrite());
  ASSERT_EQ(structures.size(), 1U);
  ASSERT_EQ(structures[0].structure[0].atoms(), 30U);
  PatternOptions model;
  model.square_root = false;
  Simulator simulator(model);
  std::vector<float> simulated(1024);
  simulator.pattern(structures[0].structure[0], 0, simulated);
  const auto likeness = [&](double wavelength, double zero_error, Background background) {
    MeasurementOptions options;
    options.wavelength_angstrom = wavelength;
    options.zero_error_deg = zero_error;
    options.background = background;
    return similarity(on_model_grid(measured.two_theta_deg, measured.intensity, model, options).pattern, simulated);
  };
  // All lines of this measurement stand about 0.28 degrees too high.
  const double right = likeness(1.54184, 0.28, Background::snip);
  EXPECT_GT(right, 0.85);
  EXPECT_LT(likeness(1.54184, 0.28, Background::none), right - 0.1);
  EXPECT_LT(likeness(1.54184, 0, Background::snip), right - 0.3);
  EXPECT_LT(likeness(1.7890, 0.28, Background::snip), right - 0.3);
}

}  // namespace
}  // namespace xxact::xrd
