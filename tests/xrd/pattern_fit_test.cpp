// Fits of patterns made with known parameters and Poisson noise, and what the lines of a fit are beside those of the simulator.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

#include "pipeline/xrd/fit_points.hpp"
#include "pipeline/xrd/measurement.hpp"
#include "pipeline/xrd/pattern_fit.hpp"
#include "src/base/error.hpp"
#include "tests/xrd/reference_structures.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

OwnedStructure textbook(const std::string& name) {
  for (ReferenceStructure& reference : textbook_structures())
    if (reference.name == name) return std::move(reference.structure);
  throw InputError("no structure {}", name);
}

struct Truth {
  PeakShape shape;
  Artefacts shifts;
  double strain = 0, b_iso = 0.6;
  double strongest = 800;  // area of the strongest line, counts times degrees
  Grid grid = {15, 95, 4000};
  std::vector<double> background = {220, -60, 35, -10};  // powers of -1 .. 1
};

SimulationOptions doublet() {
  SimulationOptions simulation;
  const Radiation radiation = parse_radiation("CuKa12");
  simulation.wavelength_angstrom = radiation.wavelength_angstrom;
  simulation.second_wavelength_angstrom = radiation.second_wavelength_angstrom;
  simulation.second_intensity = radiation.second_intensity;
  return simulation;
}

/// Mean counts at the centres of the grid's bins: every reflection of the strained lattice by itself, not the fit's lines.
std::vector<double> mean_counts(const OwnedStructure& structure, const Truth& truth, SimulationOptions simulation) {
  OwnedStructure strained = structure;
  for (double& value : strained.lattice) value *= 1 + truth.strain;
  PatternOptions options;
  options.simulation = simulation;
  options.simulation.displacement.b_iso = truth.b_iso;
  options.simulation.two_theta_min_deg = truth.grid.two_theta_min_deg - 5;
  options.simulation.two_theta_max_deg = truth.grid.two_theta_max_deg + 5;
  std::vector<Reflection> reflections;
  Simulator(options).reflections(strained.view(), reflections);
  std::vector<double> angles, areas;
  std::map<long, double> lines;  // Ka1 and Ka2 lines by angle
  for (const Reflection& reflection : reflections) {
    angles.push_back(reflection.two_theta_deg), areas.push_back(reflection.intensity);
    lines[std::lround(reflection.two_theta_deg * 1e6)] += reflection.intensity;
  }
  double strongest = 0;
  for (const auto& [angle, area] : lines) strongest = std::max(strongest, area);
  for (double& area : areas) area *= truth.strongest / strongest;
  shift_lines(truth.shifts, angles);
  PeakShape shape = truth.shape;
  shape.neglected_area = 1e-6;
  PeakProfile profile(truth.grid, shape);
  profile.add(angles, areas);
  std::vector<float> bins(static_cast<std::size_t>(truth.grid.points));
  profile.write(bins);
  std::vector<double> counts(bins.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double x = 2 * (static_cast<double>(i) + 0.5) / truth.grid.points - 1;
    counts[i] = static_cast<double>(bins[i]) / truth.grid.step_deg();
    for (std::size_t k = 0; k < truth.background.size(); ++k) counts[i] += truth.background[k] * std::pow(x, k);
  }
  return counts;
}

struct Scan {
  std::vector<double> two_theta_deg, intensity;
};

Scan scan_of(const std::vector<double>& mean, const Grid& grid, std::uint64_t seed) {
  Scan scan;
  PoissonSampler poisson(artefact_random(seed, 0, 0, ArtefactStream::counting));
  for (std::size_t i = 0; i < mean.size(); ++i) {
    scan.two_theta_deg.push_back(grid.centre_deg(static_cast<int>(i)));
    scan.intensity.push_back(poisson(mean[i]));
  }
  return scan;
}

const FittedValue& value_of(const PatternFit& fit, const std::string& name) {
  const auto found = std::ranges::find(fit.values, name, &FittedValue::name);
  if (found == fit.values.end()) throw InputError("no fitted {}", name);
  return *found;
}

Truth quartz_truth() {
  Truth truth;
  truth.shape.caglioti_u_deg2 = 0.012, truth.shape.caglioti_v_deg2 = -0.006, truth.shape.caglioti_w_deg2 = 0.006;
  truth.shape.lorentz_x_deg = 0.08, truth.shape.lorentz_y_deg = 0.05;
  truth.shifts.zero_shift_deg = 0.137;
  truth.strain = 8e-4;
  return truth;
}

TEST(PatternFit, RecoversWhatAPatternWasMadeWith) {
  const OwnedStructure quartz = textbook("quartz");
  const Truth truth = quartz_truth();
  const std::vector<double> mean = mean_counts(quartz, truth, doublet());
  PatternFitOptions options;
  options.simulation = doublet();
  options.simulation.two_theta_min_deg = 0, options.simulation.two_theta_max_deg = 180;
  options.fitted = parse_fit_parameters("zero,caglioti,x,y,strain,b-iso");
  options.background_terms = 4;
  const std::map<std::string, double> expected = {{"zero error", 0.137}, {"U", 0.012}, {"V", -0.006}, {"W", 0.006}, {"X", 0.08}, {"Y", 0.05}, {"lattice strain", 8e-4}, {"added B_iso", 0.6},
                                                  {"background c0", 220 + 35 / 2.0}, {"background c1", -60 - 30 / 4.0}, {"background c2", 35 / 2.0}, {"background c3", -10 / 4.0}};
  double squares = 0;
  int numbers = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Scan scan = scan_of(mean, truth.grid, seed);
    const PatternFit fit = fit_pattern(scan.two_theta_deg, scan.intensity, {}, std::array{FitPhase{"quartz", quartz.view()}}, options);
    EXPECT_TRUE(fit.converged) << seed;
    EXPECT_EQ(fit.points, 4000U);
    EXPECT_EQ(fit.parameters, 8U + 1 + 4);
    for (const auto& [name, value] : expected) {
      const FittedValue& found = value_of(fit, name);
      ASSERT_TRUE(found.deviation) << name;
      const double pull = (found.value - value) / *found.deviation;
      EXPECT_LT(std::abs(pull), 4) << name << ", seed " << seed << ": " << found.value << " with " << *found.deviation;
      squares += pull * pull, ++numbers;
    }
    EXPECT_NEAR(fit.r_wp / fit.r_expected, 1, 0.06);
    EXPECT_GT(fit.cosine, 0.99);
  }
  // Deviations are neither too small nor too large.
  EXPECT_NEAR(std::sqrt(squares / numbers), 1, 0.25);
}

TEST(PatternFit, WithoutNoiseEveryParameterComesBack) {
  const OwnedStructure quartz = textbook("quartz");
  Truth truth = quartz_truth();
  truth.strain = 0;
  truth.shape.axial_sample_ratio = truth.shape.axial_detector_ratio = 0.025;
  truth.shifts.displacement_mm = 0.08;
  const std::vector<double> mean = mean_counts(quartz, truth, doublet());
  std::vector<double> angles(mean.size());
  for (std::size_t i = 0; i < angles.size(); ++i) angles[i] = truth.grid.centre_deg(static_cast<int>(i));
  PatternFitOptions options;
  options.simulation = doublet();
  options.fitted = parse_fit_parameters("zero,displacement,caglioti,x,y,b-iso,axial");
  options.background_terms = 4;
  const PatternFit fit = fit_pattern(angles, mean, {}, std::array{FitPhase{"quartz", quartz.view()}}, options);
  EXPECT_TRUE(fit.converged);
  EXPECT_NEAR(value_of(fit, "zero error").value, 0.137, 2e-4);
  EXPECT_NEAR(value_of(fit, "sample displacement").value, 0.08, 1e-3);
  EXPECT_NEAR(value_of(fit, "U").value, 0.012, 2e-4);
  EXPECT_NEAR(value_of(fit, "V").value, -0.006, 2e-4);
  EXPECT_NEAR(value_of(fit, "W").value, 0.006, 1e-4);
  EXPECT_NEAR(value_of(fit, "X").value, 0.08, 1e-3);
  EXPECT_NEAR(value_of(fit, "Y").value, 0.05, 1e-3);
  EXPECT_NEAR(value_of(fit, "axial ratio").value, 0.025, 2e-4);
  EXPECT_NEAR(value_of(fit, "added B_iso").value, 0.6, 2e-3);
  EXPECT_NEAR(fit.phase_factors[0], 800 * std::exp(0.0), 30);  // of the unchanged structure: B weakens the strongest line a little
  EXPECT_GT(fit.cosine, 0.99999);
  EXPECT_LT(fit.r_wp, 2e-3);
}

TEST(PatternFit, FindsShiftsAndWidthsFarFromTheStart) {
  const OwnedStructure quartz = textbook("quartz");
  for (const double zero : {-0.46, 0.0, 0.46})
    for (const double fwhm : {0.06, 0.2, 0.7}) {
      Truth truth;
      truth.b_iso = 0;
      truth.shape.caglioti_w_deg2 = fwhm * fwhm, truth.shape.lorentz_y_deg = 0.3 * fwhm;
      truth.shifts.zero_shift_deg = zero;
      const Scan scan = scan_of(mean_counts(quartz, truth, doublet()), truth.grid, 4);
      PatternFitOptions options;
      options.simulation = doublet();
      options.background_terms = 4;
      const PatternFit fit = fit_pattern(scan.two_theta_deg, scan.intensity, {}, std::array{FitPhase{"quartz", quartz.view()}}, options);
      EXPECT_TRUE(fit.converged) << zero << " " << fwhm;
      EXPECT_NEAR(fit.state.shifts.zero_shift_deg, zero, 0.01 * fwhm) << fwhm;
      EXPECT_NEAR(width_of(fit.state.shape, 40).fwhm_deg, width_of(truth.shape, 40).fwhm_deg, 0.06 * fwhm) << zero;
      EXPECT_NEAR(fit.r_wp / fit.r_expected, 1, 0.06);
    }
}

TEST(PatternFit, TwoPhasesShareTheirAreas) {
  const OwnedStructure quartz = textbook("quartz"), rutile = textbook("TiO2_rutile");
  Truth truth = quartz_truth(), other = truth;
  truth.strain = other.strain = 0, truth.b_iso = other.b_iso = 0;
  other.strongest = 120, other.background = {};
  std::vector<double> mean = mean_counts(quartz, truth, doublet());
  const std::vector<double> more = mean_counts(rutile, other, doublet());
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += more[i];
  const Scan scan = scan_of(mean, truth.grid, 5);
  PatternFitOptions options;
  options.simulation = doublet();
  options.background_terms = 4;
  const std::array phases = {FitPhase{"quartz", quartz.view()}, FitPhase{"rutile", rutile.view()}};
  const PatternFit both = fit_pattern(scan.two_theta_deg, scan.intensity, {}, phases, options);
  EXPECT_NEAR(both.phase_factors[0], 800, 4 * *value_of(both, "strongest line of quartz").deviation);
  EXPECT_NEAR(both.phase_factors[1], 120, 4 * *value_of(both, "strongest line of rutile").deviation);
  EXPECT_EQ(both.lines_deg.size(), 2U);
  const PatternFit alone = fit_pattern(scan.two_theta_deg, scan.intensity, {}, std::array{phases[0]}, options);
  EXPECT_LT(alone.cosine, both.cosine - 0.005);
  EXPECT_GT(alone.r_wp, 1.5 * both.r_wp);
  // Without the strongest lines of rutile, 27.4, 36.1 and 54.3 degrees, much of the difference is gone.
  options.excluded = {{27, 28.2}, {35.7, 36.6}, {53.9, 54.9}};
  const PatternFit excluded = fit_pattern(scan.two_theta_deg, scan.intensity, {}, std::array{phases[0]}, options);
  EXPECT_GT(excluded.cosine, alone.cosine + 0.003);
  EXPECT_LT(excluded.points, alone.points);
  EXPECT_EQ(excluded.two_theta_deg.size(), alone.two_theta_deg.size());
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(excluded.used, 1)), excluded.points);
}

TEST(PatternFit, TextureAndTheSlitComeBack) {
  const OwnedStructure quartz = textbook("quartz");
  Truth truth = quartz_truth();
  truth.strain = 0, truth.b_iso = 0;
  // March's weights and sin(theta) put on each reflection here, for one wavelength.
  SimulationOptions simulation;
  simulation.two_theta_min_deg = 10, simulation.two_theta_max_deg = 100;
  std::vector<Reflection> reflections;
  PatternOptions pattern;
  pattern.simulation = simulation;
  Simulator(pattern).reflections(quartz.view(), reflections);
  std::vector<double> angles, areas;
  const double c_of_a = quartz.lattice[8] / std::hypot(quartz.lattice[0], quartz.lattice[1], quartz.lattice[2]), r = 0.7;
  for (const Reflection& reflection : reflections) {
    const auto [h, k, l] = reflection.hkl;
    const double across = 4.0 / 3 * (h * h + h * k + k * k), along = l * l / (c_of_a * c_of_a), cosine_squared = along / (across + along);
    angles.push_back(reflection.two_theta_deg + 0.1);
    areas.push_back(reflection.intensity * std::pow(r * r * cosine_squared + (1 - cosine_squared) / r, -1.5) * std::sin(reflection.two_theta_deg / 2 * kDegree));
  }
  PeakProfile profile(truth.grid, truth.shape);
  profile.add(angles, areas);
  std::vector<float> bins(static_cast<std::size_t>(truth.grid.points));
  profile.write(bins);
  const double largest = static_cast<double>(*std::ranges::max_element(bins));
  std::vector<double> x, y;
  for (std::size_t i = 0; i < bins.size(); ++i) x.push_back(truth.grid.centre_deg(static_cast<int>(i))), y.push_back(100 + 2e4 * static_cast<double>(bins[i]) / largest);
  PatternFitOptions options;
  options.fitted = parse_fit_parameters("zero,caglioti,x,y,texture");
  options.automatic_slit = true;
  options.background_terms = 1;
  const PatternFit fit = fit_pattern(x, y, {}, std::array{FitPhase{"quartz", quartz.view()}}, options);
  EXPECT_NEAR(value_of(fit, "March-Dollase r").value, r, 2e-3);
  EXPECT_GT(fit.cosine, 0.9999);
  options.automatic_slit = false;
  EXPECT_LT(fit_pattern(x, y, {}, std::array{FitPhase{"quartz", quartz.view()}}, options).cosine, 0.995);
}

TEST(PatternFit, StandardDeviationsOfTheFileAreTheWeights) {
  const OwnedStructure quartz = textbook("quartz");
  Truth truth = quartz_truth();
  truth.strain = 0, truth.b_iso = 0;
  const std::vector<double> mean = mean_counts(quartz, truth, doublet());
  Scan scan = scan_of(mean, truth.grid, 2);
  PatternFitOptions options;
  options.simulation = doublet();
  options.background_terms = 4;
  const std::array phase = {FitPhase{"quartz", quartz.view()}};
  const PatternFit counts = fit_pattern(scan.two_theta_deg, scan.intensity, {}, phase, options);
  // The same numbers a hundred times smaller, with their deviations: the same fit.
  std::vector<double> sigma(mean.size());
  for (std::size_t i = 0; i < sigma.size(); ++i) scan.intensity[i] /= 100, sigma[i] = std::sqrt(mean[i]) / 100;
  const PatternFit scaled = fit_pattern(scan.two_theta_deg, scan.intensity, sigma, phase, options);
  EXPECT_NEAR(scaled.phase_factors[0] * 100, counts.phase_factors[0], 1e-3 * counts.phase_factors[0]);
  EXPECT_NEAR(scaled.r_wp, counts.r_wp, 0.02 * counts.r_wp);
  EXPECT_NEAR(scaled.r_wp / scaled.r_expected, 1, 0.06);
  sigma[17] = 0;
  EXPECT_THROW(fit_pattern(scan.two_theta_deg, scan.intensity, sigma, phase, options), InputError);
}

TEST(PatternFit, WeightsOfNetCountsKnowTheScatterThatCountsDoNot) {
  std::vector<double> counts, net;
  PoissonSampler poisson(artefact_random(3, 0, 0, ArtefactStream::counting));
  for (int i = 0; i < 4000; ++i) {
    const double peak = 5000 * std::exp(-std::pow((i - 2000) / 20.0, 2));
    counts.push_back(poisson(400 + peak));
    net.push_back(counts.back() - 400);
  }
  const std::vector<double> of_counts = variances_of_counts(counts), of_net = variances_of_counts(net);
  EXPECT_NEAR(of_counts[100], 400, 40);
  EXPECT_NEAR(of_counts[2000], 5400, 200);
  EXPECT_NEAR(of_net[100], 400, 60);
  EXPECT_NEAR(of_net[2000], 5400, 200);
}

TEST(PatternFit, RefusesWhatItCannotFit) {
  const OwnedStructure quartz = textbook("quartz");
  const std::array phase = {FitPhase{"quartz", quartz.view()}};
  const Truth truth = quartz_truth();
  const Scan scan = scan_of(mean_counts(quartz, truth, doublet()), truth.grid, 1);
  PatternFitOptions options;
  options.simulation = doublet();
  const auto message = [&](const Scan& measured, const PatternFitOptions& with) {
    try {
      fit_pattern(measured.two_theta_deg, measured.intensity, {}, phase, with);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto part = [&](std::size_t first, std::size_t count) {
    return Scan{{scan.two_theta_deg.begin() + static_cast<std::ptrdiff_t>(first), scan.two_theta_deg.begin() + static_cast<std::ptrdiff_t>(first + count)},
                {scan.intensity.begin() + static_cast<std::ptrdiff_t>(first), scan.intensity.begin() + static_cast<std::ptrdiff_t>(first + count)}};
  };
  EXPECT_NE(message(part(500, 25), options).find("25 measured points for 15 parameters"), std::string::npos);
  Scan constant = scan;
  std::ranges::fill(constant.intensity, 7.0);
  EXPECT_NE(message(constant, options).find("every point of the measured pattern has the intensity 7"), std::string::npos);
  PatternFitOptions narrow = options;
  narrow.simulation.two_theta_min_deg = 2, narrow.simulation.two_theta_max_deg = 12;
  EXPECT_NE(message(scan, narrow).find("measured points between 2 and 12"), std::string::npos);
  Scan low;
  for (int i = 0; i < 400; ++i) low.two_theta_deg.push_back(2 + 0.01 * i), low.intensity.push_back(100 + i % 7);
  EXPECT_NE(message(low, options).find("quartz: no line between"), std::string::npos);
  // Lines within the range, and none of them measured.
  Scan noise;
  PoissonSampler poisson(artefact_random(9, 0, 0, ArtefactStream::counting));
  for (int i = 0; i < 3000; ++i) noise.two_theta_deg.push_back(20 + 0.02 * i), noise.intensity.push_back(poisson(100));
  EXPECT_NE(message(noise, options).find("nothing of the lines of quartz"), std::string::npos);
  Scan unsorted = scan;
  std::swap(unsorted.two_theta_deg[5], unsorted.two_theta_deg[6]);
  EXPECT_NE(message(unsorted, options).find("does not ascend"), std::string::npos);
  PatternFitOptions wrong = options;
  wrong.background_terms = 0;
  EXPECT_THROW(fit_pattern(scan.two_theta_deg, scan.intensity, {}, phase, wrong), ConfigError);
  wrong = options;
  wrong.excluded = {{40, 30}};
  EXPECT_THROW(fit_pattern(scan.two_theta_deg, scan.intensity, {}, phase, wrong), ConfigError);
  wrong = options;
  wrong.start.kind = PeakShape::Kind::gaussian;
  EXPECT_THROW(fit_pattern(scan.two_theta_deg, scan.intensity, {}, phase, wrong), ConfigError);
  EXPECT_THROW(fit_pattern(scan.two_theta_deg, scan.intensity, {}, {}, options), ConfigError);
  EXPECT_THROW(parse_fit_parameters("zero,size"), ConfigError);
  EXPECT_THROW(parse_fit_parameters("zero,zero"), ConfigError);
  EXPECT_THROW(parse_fit_parameters("width,caglioti"), ConfigError);
}

TEST(PatternFit, IsTheSameOnUnevenPoints) {
  const OwnedStructure quartz = textbook("quartz");
  Truth truth = quartz_truth();
  truth.strain = 0, truth.b_iso = 0;
  const std::vector<double> mean = mean_counts(quartz, truth, doublet());
  // Every point but some, and the angles rounded to three digits as files have them.
  std::vector<double> x, y;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    if (i % 7 == 3 || (i > 1500 && i < 1600)) continue;
    x.push_back(std::round(truth.grid.centre_deg(static_cast<int>(i)) * 1e3) / 1e3), y.push_back(mean[i]);
  }
  PatternFitOptions options;
  options.simulation = doublet();
  options.background_terms = 4;
  const PatternFit fit = fit_pattern(x, y, {}, std::array{FitPhase{"quartz", quartz.view()}}, options);
  EXPECT_NEAR(value_of(fit, "zero error").value, 0.137, 3e-4);
  EXPECT_NEAR(fit.phase_factors[0], 800, 1);
  EXPECT_GT(fit.cosine, 0.9999);
}

TEST(PowderLines, AreThoseOfTheSimulator) {
  const OwnedStructure quartz = textbook("quartz");
  PatternOptions options;
  options.simulation.two_theta_min_deg = 10, options.simulation.two_theta_max_deg = 120;
  options.simulation.monochromator_two_theta_deg = 26.6;
  PowderLines lines(quartz.view(), options.simulation);
  const auto compare = [&](const LineChanges& changes, const OwnedStructure& structure, const SimulationOptions& simulation, double tolerance) {
    std::vector<double> angles, areas;
    lines.write(changes, angles, areas);
    PatternOptions other = options;
    other.simulation = simulation;
    other.simulation.two_theta_min_deg = 9, other.simulation.two_theta_max_deg = 121;
    std::vector<Line> expected, unchanged;
    Simulator(other).unscaled_lines(structure.view(), expected);
    Simulator(options).unscaled_lines(quartz.view(), unchanged);
    const double strongest = std::ranges::max_element(unchanged, {}, &Line::intensity)->intensity;
    std::size_t compared = 0;
    for (std::size_t i = 0; i < angles.size(); ++i) {
      double there = 0;
      for (const Line& line : expected)
        if (std::abs(line.two_theta_deg - angles[i]) < 1e-4) there += line.intensity / strongest;
      if (areas[i] < 1e-3) continue;
      EXPECT_NEAR(areas[i], there, tolerance * there) << angles[i];
      ++compared;
    }
    EXPECT_GT(compared, 30U);
  };
  compare({}, quartz, options.simulation, 1e-6);
  SimulationOptions warm = options.simulation;
  warm.displacement.b_iso = 1.3;
  LineChanges changes;
  changes.b_iso = 1.3;
  compare(changes, quartz, warm, 1e-6);
  OwnedStructure strained = quartz;
  for (double& value : strained.lattice) value *= 1.001;
  changes = {};
  changes.strain = 0.001;
  compare(changes, strained, options.simulation, 0.01);
}

TEST(PowderLines, OfADoubletStandAtBothWavelengths) {
  const OwnedStructure quartz = textbook("quartz");
  SimulationOptions simulation = doublet();
  simulation.two_theta_min_deg = 20, simulation.two_theta_max_deg = 60;
  std::vector<double> angles, areas;
  PowderLines(quartz.view(), simulation).write({}, angles, areas);
  PatternOptions options;
  options.simulation = simulation;
  std::vector<Reflection> reflections;
  Simulator(options).reflections(quartz.view(), reflections);
  double all = 0, found = 0;
  for (const Reflection& reflection : reflections)
    if (reflection.two_theta_deg > 21 && reflection.two_theta_deg < 59) all += reflection.intensity;
  for (std::size_t i = 0; i < angles.size(); ++i)
    if (angles[i] > 21 && angles[i] < 59) found += areas[i];
  std::map<long, double> lines;
  for (const Reflection& reflection : reflections) lines[std::lround(reflection.two_theta_deg * 1e6)] += reflection.intensity;
  double strongest = 0;
  for (const auto& [angle, area] : lines) strongest = std::max(strongest, area);
  EXPECT_NEAR(found, all / strongest, 1e-6 * found);
}

}  // namespace
}  // namespace xxact::xrd
