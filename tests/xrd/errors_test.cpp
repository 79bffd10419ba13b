// Structures and options that cannot be simulated are refused with a reason, never turned into NaN or a crash.
#include <gtest/gtest.h>

#include <limits>

#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

std::string refusal(const OwnedStructure& structure) {
  Simulator simulator(PatternOptions{});
  std::vector<float> pattern(1024);
  std::vector<Line> lines;
  std::string from_pattern, from_lines;
  try { simulator.pattern(structure.view(), 0, pattern); } catch (const InputError& error) { from_pattern = error.what(); }
  try { simulator.lines(structure.view(), lines); } catch (const InputError& error) { from_lines = error.what(); }
  EXPECT_EQ(from_pattern, from_lines);
  return from_pattern;
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Refused, Structures) {
  OwnedStructure good = cubic(4);
  good.add(26, 0, 0, 0);
  EXPECT_EQ(refusal(good), "");

  EXPECT_NE(refusal(cubic(4)).find("no atoms"), std::string::npos);
  for (const double bad : {kNan, kInfinity}) {
    OwnedStructure structure = good;
    structure.lattice[4] = bad;
    EXPECT_NE(refusal(structure).find("not finite"), std::string::npos);
    structure = good;
    structure.frac_coords[2] = static_cast<float>(bad);
    EXPECT_NE(refusal(structure).find("atom 0"), std::string::npos);
    structure = good;
    structure.occupancy[0] = static_cast<float>(bad);
    EXPECT_NE(refusal(structure).find("occupancy"), std::string::npos);
  }
  OwnedStructure flat = good;
  for (std::size_t j = 0; j < 3; ++j) flat.lattice[6 + j] = flat.lattice[j] + flat.lattice[3 + j];
  EXPECT_NE(refusal(flat).find("no volume"), std::string::npos);
  flat.lattice.fill(0);
  EXPECT_NE(refusal(flat).find("no volume"), std::string::npos);

  OwnedStructure heavy = cubic(4);
  heavy.add(99, 0, 0, 0);
  EXPECT_NE(refusal(heavy).find("form factor"), std::string::npos);

  OwnedStructure large = good;
  for (double& x : large.lattice) x *= 40;
  EXPECT_NE(refusal(large).find("reflections"), std::string::npos);
  for (double& x : large.lattice) x *= 1e200;
  EXPECT_NE(refusal(large), "");
  OwnedStructure long_cell = good;
  long_cell.lattice[0] = 1e4;
  EXPECT_NE(refusal(long_cell).find("Miller indices"), std::string::npos);
  OwnedStructure tiny = good;
  for (double& x : tiny.lattice) x *= 1e-120;
  EXPECT_NE(refusal(tiny), "");
}

TEST(Refused, Options) {
  const auto refused = [](auto change) {
    PatternOptions options;
    change(options);
    EXPECT_THROW(Simulator{options}, ConfigError);
  };
  refused([](PatternOptions& o) { o.simulation.wavelength_angstrom = 0; });
  refused([](PatternOptions& o) { o.simulation.wavelength_angstrom = kNan; });
  refused([](PatternOptions& o) { o.simulation.wavelength_angstrom = 0.2; });  // sin(theta) / lambda beyond the tables
  refused([](PatternOptions& o) { o.simulation.two_theta_min_deg = 90; });
  refused([](PatternOptions& o) { o.simulation.two_theta_min_deg = -1; });
  refused([](PatternOptions& o) { o.simulation.two_theta_max_deg = 181; });
  refused([](PatternOptions& o) { o.grid.points = 0; });
  refused([](PatternOptions& o) { o.grid.two_theta_max_deg = 5; });
  refused([](PatternOptions& o) { o.fwhm_deg = 0; });
  refused([](PatternOptions& o) { o.fwhm_deg = 0.01; });  // below half a step
  refused([](PatternOptions& o) { o.fwhm_deg = kNan; });
}

TEST(Refused, StrainAndRoom) {
  OwnedStructure iron = cubic(2.87);
  iron.add(26, 0, 0, 0);
  Simulator simulator(PatternOptions{});
  std::vector<float> pattern(1024), small(1000);
  EXPECT_THROW(simulator.pattern(iron.view(), -0.6, pattern), ConfigError);
  EXPECT_THROW(simulator.pattern(iron.view(), kNan, pattern), ConfigError);
  EXPECT_THROW(simulator.pattern(iron.view(), 0, small), ConfigError);
}

}  // namespace
}  // namespace xxact::xrd
