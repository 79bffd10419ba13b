// A measured pattern through the inverse path against the simulation of its refined structure: BiFeO3.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "io/measured_pattern.hpp"
#include "io/read_structures.hpp"
#include "pipeline/xrd/measured.hpp"

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

TEST(MeasuredReal, PatternOfBismuthFerriteLooksLikeItsStructure) {
  const std::filesystem::path folder = std::filesystem::path(XXACT_SOURCE_DIR) / "data/measured";
  const io::MeasuredPattern measured = io::read_measured_pattern(folder / "BiFeO3.xy");
  const auto structures = io::read_structures(folder / "BiFeO3.cif");
  ASSERT_EQ(structures.size(), 1U);
  const PatternOptions model;
  Simulator simulator(model);
  std::vector<float> simulated(1024);
  simulator.pattern(structures[0].structure[0], 0, simulated);
  const auto likeness = [&](double wavelength, Background background) {
    MeasurementOptions options;
    options.wavelength_angstrom = wavelength;
    options.background = background;
    return similarity(on_model_grid(measured.two_theta_deg, measured.intensity, model, options).pattern, simulated);
  };
  const double with_snip = likeness(1.54184, Background::snip), without = likeness(1.54184, Background::none), wrong = likeness(1.7890, Background::snip);
  EXPECT_GT(with_snip, 0.99) << "without background correction " << without << ", with cobalt's wavelength " << wrong;
  EXPECT_LT(without, with_snip - 0.1);
  EXPECT_LT(wrong, with_snip - 0.3);
}

}  // namespace
}  // namespace xxact::xrd
