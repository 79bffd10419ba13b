// The strongest line of rock salt in copper radiation, with the installed headers and libraries.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "pipeline/xrd/simulator.hpp"

int main() {
  const double a = 5.6402;  // angstrom
  const std::array<double, 9> lattice = {a, 0, 0, 0, a, 0, 0, 0, a};
  const std::array<std::uint8_t, 8> elements = {11, 11, 11, 11, 17, 17, 17, 17};
  const std::array<float, 24> coordinates = {0,    0,    0,    0,    0.5F, 0.5F, 0.5F, 0,    0.5F, 0.5F, 0.5F, 0,
                                             0.5F, 0.5F, 0.5F, 0.5F, 0,    0,    0,    0.5F, 0,    0,    0,    0.5F};
  xxact::StructureView salt{.lattice = lattice, .atomic_number = elements, .frac_coords = coordinates, .occupancy = {}};

  xxact::xrd::Simulator simulator(xxact::xrd::PatternOptions{});
  std::vector<xxact::xrd::Line> lines;
  simulator.lines(salt, lines);
  const auto strongest = std::max_element(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.intensity < b.intensity; });
  std::printf("%d%d%d %.2f\n", strongest->h, strongest->k, strongest->l, strongest->two_theta_deg);
}
