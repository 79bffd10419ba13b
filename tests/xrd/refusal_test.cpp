// Whether a structure can be simulated, asked without simulating it: the verdict and the words of the simulation itself.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

/// What the simulation says, "" where it simulates.
std::string verdict_of(Simulator& simulator, const StructureView& structure) {
  std::vector<float> pattern(static_cast<std::size_t>(simulator.options().grid.points));
  try {
    simulator.pattern(structure, 0, pattern);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// Sound, but for one fault in some: of lattice, atoms, elements, occupancy, displacement or charge.
OwnedStructure random_structure(std::mt19937_64& random, int fault) {
  std::uniform_real_distribution<double> uniform(0, 1);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  OwnedStructure s = orthogonal(2 + 6 * uniform(random), 2 + 6 * uniform(random), 2 + 6 * uniform(random));
  for (const std::size_t i : {1, 2, 3, 5, 6, 7}) s.lattice[i] = 0.5 * uniform(random);
  const auto atoms = 1 + random() % 8;
  for (std::size_t a = 0; a < atoms; ++a) s.add(static_cast<int>(1 + random() % 98), uniform(random), uniform(random), uniform(random), random() % 3 == 0 ? 0.5 : 1);
  const auto atom = random() % atoms;
  switch (fault) {
    case 1: s.lattice[random() % 9] = random() % 2 == 0 ? kNan : std::numeric_limits<double>::infinity(); break;
    case 2: for (std::size_t j = 0; j < 3; ++j) s.lattice[6 + j] = s.lattice[j]; break;
    case 3: for (double& x : s.lattice) x *= 10 + 30 * uniform(random); break;  // on both sides of the most reflections
    case 4: s.lattice[0] *= 300 + 900 * uniform(random), s.lattice[1] = s.lattice[2] = 0; break;  // and of the largest index
    case 5: s.frac_coords[3 * atom + random() % 3] = static_cast<float>(kNan); break;
    case 6: s.occupancy[atom] = random() % 2 == 0 ? -0.1F : static_cast<float>(kNan); break;
    case 7: s.atomic_number[atom] = static_cast<std::uint8_t>(random() % 2 == 0 ? 0 : 99 + random() % 20); break;
    case 8: for (double& x : s.lattice) x *= 1e-3; break;  // no line in range
    case 9: s = orthogonal(3, 4, 5); break;
    case 10:
      for (std::size_t i = 0; i < 6 * atoms; ++i) s.displacement.push_back(i % 6 < 3 ? 0.01 : 0);
      if (random() % 2 == 0) s.displacement[6 * atom + random() % 3] = random() % 2 == 0 ? -1 : kNan;
      if (random() % 4 == 0) s.displacement.pop_back();
      break;
    default: break;
  }
  return s;
}

constexpr int kFaults = 11;

TEST(Refusal, IsThatOfTheSimulation) {
  std::mt19937_64 random(1);
  PatternOptions options;
  options.simulation.two_theta_max_deg = 60;
  options.grid = {.two_theta_min_deg = 5, .two_theta_max_deg = 60, .points = 512};
  options.fwhm_deg = 0.3;
  Simulator asked(options), simulating(options);
  std::map<std::string, int> seen;
  for (int i = 0; i < 60 * kFaults; ++i) {
    const auto structure = random_structure(random, i % kFaults);
    const std::string verdict = verdict_of(simulating, structure.view());
    ASSERT_EQ(asked.refusal(structure.view()).value_or(""), verdict) << "structure " << i;
    ++seen[verdict.substr(0, verdict.find_first_of("0123456789"))];
  }
  // Both verdicts of every kind came up: sound ones, and each reason that there is.
  EXPECT_GT(seen[""], 150);
  for (const char* reason : {"the lattice has a number", "the cell has no volume (edges ", "about ", "a cell edge of ", "atom ", "element ", "the structure has no atoms"}) {
    int times = 0;
    for (const auto& [text, count] : seen) times += text.starts_with(reason) ? count : 0;
    EXPECT_GT(times, 0) << reason;
  }
}

TEST(Refusal, IsThatOfTheSimulationWithSymmetry) {
  std::mt19937_64 random(2);
  Simulator asked(PatternOptions{}), simulating(PatternOptions{});
  const std::array<Rotation, 2> fourfold = {Rotation{0, -1, 0, 1, 0, 0, 0, 0, 1}, Rotation{0, 0, 1, 1, 0, 0, 0, 1, 0}};
  const std::uint32_t cubic_code = encode_laue_group(laue_group_of(fourfold));
  ASSERT_NE(cubic_code, kNoLaueCode);
  int refused = 0, allowed = 0;
  for (int i = 0; i < 300; ++i) {
    OwnedStructure structure = cubic(4);
    structure.add(26, 0, 0, 0);
    if (i % 3 == 1) structure.lattice[static_cast<std::size_t>(random() % 9)] += 0.02 * static_cast<double>(random() % 4);
    StructureView view = structure.view();
    view.laue_code = i % 3 == 2 ? static_cast<std::uint32_t>(random() % 387'420'489) : cubic_code;  // 3^18 codes
    const std::string verdict = verdict_of(simulating, view);
    ASSERT_EQ(asked.refusal(view).value_or(""), verdict) << "structure " << i;
    ++(verdict.empty() ? allowed : refused);
  }
  EXPECT_GT(refused, 50);
  EXPECT_GT(allowed, 50);
}

TEST(Refusal, IsThatOfTheSimulationWithIons) {
  std::mt19937_64 random(3);
  PatternOptions options;
  options.simulation.form_factors = FormFactors::waasmaier_kirfel;
  options.simulation.ions = true;
  Simulator asked(options), simulating(options);
  int refused = 0, allowed = 0;
  for (int i = 0; i < 200; ++i) {
    OwnedStructure structure = cubic(4);
    structure.add(26, 0, 0, 0), structure.add(8, 0.5, 0.5, 0.5);
    if (i % 5 != 0) structure.charge = {static_cast<float>(random() % 5), -static_cast<float>(random() % 4)};
    const std::string verdict = verdict_of(simulating, structure.view());
    ASSERT_EQ(asked.refusal(structure.view()).value_or(""), verdict) << "structure " << i;
    ++(verdict.empty() ? allowed : refused);
  }
  EXPECT_GT(refused, 20);
  EXPECT_GT(allowed, 20);
}

TEST(Refusal, LeavesTheSimulatorAsItWas) {
  // Asking about one structure changes nothing for the next.
  const auto reference = pymatgen_structures();
  Simulator asked(PatternOptions{}), plain(PatternOptions{});
  std::vector<float> a(1024), b(1024);
  for (std::size_t i = 0; i + 1 < reference.size(); i += 10) {
    EXPECT_EQ(asked.refusal(reference[i + 1].structure.view()), std::nullopt);
    asked.pattern(reference[i].structure.view(), 0, a);
    plain.pattern(reference[i].structure.view(), 0, b);
    EXPECT_EQ(a, b) << reference[i].name;
  }
}

}  // namespace
}  // namespace xxact::xrd
