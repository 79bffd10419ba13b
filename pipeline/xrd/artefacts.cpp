#include "pipeline/xrd/artefacts.hpp"

#include <algorithm>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Low-index plane normals that crystals grow platelets and needles along.
constexpr std::array<std::array<int, 3>, 7> kTextureAxes = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}}};

void require_range(const char* option, const Range& range, double lowest, double highest) {
  if (!(range.low >= lowest && range.low <= range.high && range.high <= highest))
    throw ConfigError("{} from {} to {}: give two numbers from {} to {}, the smaller first", option, range.low, range.high, lowest, highest);
}

double draw(const Range& range, CounterRandom& random) {
  const double u = uniform53(random);
  return range.low == range.high ? range.low : range.low + (range.high - range.low) * u;  // equal ends may be infinite
}

double draw_log(const Range& range, CounterRandom& random) {
  const double u = uniform53(random);
  return range.low == range.high ? range.low : range.low * std::pow(range.high / range.low, u);
}

struct Drawer {
  const ArtefactRanges& ranges;
  Artefacts& a;

  CounterRandom random(ArtefactStream stream) const { return artefact_random(a.seed, a.epoch, a.sample, stream); }
  double scaled(const Range& range, ArtefactStream stream) const {
    CounterRandom numbers = random(stream);
    return a.strength * draw(range, numbers);
  }

  void peaks() const {
    CounterRandom size = random(ArtefactStream::size);
    a.crystallite_size_nm = draw_log(ranges.crystallite_size_nm, size) / a.strength;
    a.microstrain = scaled(ranges.microstrain, ArtefactStream::microstrain);
    if (!ranges.instrument) return;
    CounterRandom instrument = random(ArtefactStream::instrument);
    a.instrument_weight = a.strength;
    a.caglioti_u_deg2 = draw(ranges.caglioti_u_deg2, instrument);
    a.caglioti_v_deg2 = draw(ranges.caglioti_v_deg2, instrument);
    a.caglioti_w_deg2 = draw(ranges.caglioti_w_deg2, instrument);
    // The parabola's lowest value is W - V^2 / (4 U).
    a.caglioti_v_deg2 = std::max(a.caglioti_v_deg2, -std::sqrt(2 * a.caglioti_u_deg2 * a.caglioti_w_deg2));
    a.lorentz_y_deg = draw(ranges.lorentz_y_deg, instrument);
    a.axial_ratio = draw(ranges.axial_ratio, instrument);
  }

  void sample() const {
    a.zero_shift_deg = scaled(ranges.zero_shift_deg, ArtefactStream::zero_shift);
    a.displacement_mm = scaled(ranges.displacement_mm, ArtefactStream::displacement);
    CounterRandom strain = random(ArtefactStream::strain);
    for (double& component : a.strain) component = a.strength * draw(ranges.lattice_strain, strain);
    CounterRandom texture = random(ArtefactStream::texture);
    a.texture_axis = kTextureAxes[static_cast<std::size_t>(uniform53(texture) * kTextureAxes.size())];
    a.texture_r = std::pow(draw(ranges.texture_r, texture), a.strength);
    if (ranges.impurity_partners == 0) return;
    CounterRandom impurity = random(ArtefactStream::impurity);
    a.impurity_partner = static_cast<std::int64_t>(uniform53(impurity) * static_cast<double>(ranges.impurity_partners));
    a.impurity_fraction = a.strength * draw(ranges.impurity_fraction, impurity);
  }

  void background() const {
    CounterRandom numbers = random(ArtefactStream::background);
    a.background_height = a.strength * draw(ranges.background_height, numbers);
    a.background_order = ranges.background_order;
    // Higher orders are weaker: a background has few turns.
    for (int k = 1; k <= ranges.background_order; ++k) a.background_shape[static_cast<std::size_t>(k)] = (2 * uniform53(numbers) - 1) / k;
    CounterRandom hump = random(ArtefactStream::hump);
    a.hump_height = a.strength * draw(ranges.hump_height, hump);
    a.hump_centre_deg = draw(ranges.hump_centre_deg, hump);
    a.hump_fwhm_deg = draw(ranges.hump_fwhm_deg, hump);
  }

  void detector() const {
    CounterRandom counts = random(ArtefactStream::counts);
    a.counts = draw_log(ranges.counts, counts) / (a.strength * a.strength);
    a.detector_step_deg = scaled(ranges.detector_step_deg, ArtefactStream::detector);
    CounterRandom missing = random(ArtefactStream::missing);
    a.missing_low_deg = a.strength * draw(ranges.missing_low_deg, missing);
    a.missing_high_deg = a.strength * draw(ranges.missing_high_deg, missing);
  }
};

}  // namespace

ArtefactRanges ArtefactRanges::none() {
  ArtefactRanges ranges;
  ranges.crystallite_size_nm = ranges.counts = {kInfinity, kInfinity};
  ranges.instrument = false;
  ranges.texture_r = {1, 1};
  for (Range* range : {&ranges.microstrain, &ranges.zero_shift_deg, &ranges.displacement_mm, &ranges.lattice_strain, &ranges.impurity_fraction,
                       &ranges.background_height, &ranges.hump_height, &ranges.detector_step_deg, &ranges.missing_low_deg, &ranges.missing_high_deg})
    *range = {0, 0};
  return ranges;
}

void check(const ArtefactRanges& r) {
  const auto may_be_off = [](const char* option, const Range& range, double lowest, double highest) {
    if (!(range.low == kInfinity && range.high == kInfinity)) require_range(option, range, lowest, highest);
  };
  may_be_off("crystallite_size_nm", r.crystallite_size_nm, 0.5, 1e6);
  may_be_off("counts", r.counts, 1, 1e12);
  require_range("microstrain", r.microstrain, 0, 0.1);
  require_range("caglioti_u_deg2", r.caglioti_u_deg2, 0, 100);
  require_range("caglioti_v_deg2", r.caglioti_v_deg2, -100, 100);
  require_range("caglioti_w_deg2", r.caglioti_w_deg2, 0, 100);
  require_range("lorentz_y_deg", r.lorentz_y_deg, 0, 10);
  require_range("axial_ratio", r.axial_ratio, 0, 0.2);
  require_range("zero_shift_deg", r.zero_shift_deg, -5, 5);
  require_range("displacement_mm", r.displacement_mm, -10, 10);
  if (!(r.goniometer_radius_mm >= 10 && r.goniometer_radius_mm <= 1e5))
    throw ConfigError("goniometer_radius_mm = {}: give 10 to 100000 mm, such as 217.5", r.goniometer_radius_mm);
  require_range("lattice_strain", r.lattice_strain, -0.2, 0.2);
  require_range("texture_r", r.texture_r, 0.05, 20);
  require_range("impurity_fraction", r.impurity_fraction, 0, 1);
  if (r.impurity_partners < 0) throw ConfigError("impurity_partners = {}: give 0 (no impurity) or more", r.impurity_partners);
  require_range("background_height", r.background_height, 0, 10);
  if (r.background_order < 0 || r.background_order > kMostBackgroundOrder)
    throw ConfigError("background_order = {}: give 0 to {}", r.background_order, kMostBackgroundOrder);
  require_range("hump_height", r.hump_height, 0, 10);
  require_range("hump_centre_deg", r.hump_centre_deg, 0, 180);
  require_range("hump_fwhm_deg", r.hump_fwhm_deg, 0.1, 180);
  require_range("detector_step_deg", r.detector_step_deg, 0, 10);
  require_range("missing_low_deg", r.missing_low_deg, 0, 180);
  require_range("missing_high_deg", r.missing_high_deg, 0, 180);
}

void check(const ArtefactRanges& r, const Grid& grid) {
  check(r);
  require_two_theta(grid, "an artefact of a measurement");
  const double range = grid.two_theta_max_deg - grid.two_theta_min_deg;
  if (!(r.missing_low_deg.high + r.missing_high_deg.high < range))
    throw ConfigError("missing_low_deg up to {} and missing_high_deg up to {} may leave nothing of {} degrees", r.missing_low_deg.high,
                      r.missing_high_deg.high, range);
}

Artefacts draw_artefacts(const ArtefactRanges& ranges, std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, double strength) {
  check(ranges);
  if (!(strength >= 0 && strength <= 1)) throw ConfigError("a strength of {} is outside 0 to 1", strength);
  Artefacts artefacts;
  artefacts.strength = strength, artefacts.seed = seed, artefacts.epoch = epoch, artefacts.sample = sample;
  artefacts.goniometer_radius_mm = ranges.goniometer_radius_mm;
  if (strength == 0) return artefacts;
  const Drawer drawer{ranges, artefacts};
  drawer.peaks();
  drawer.sample();
  drawer.background();
  drawer.detector();
  return artefacts;
}

double curriculum_strength(double at, double ramp_begin, double ramp_end) {
  if (!(ramp_end >= ramp_begin)) throw ConfigError("a ramp from {} to {} ends before it begins", ramp_begin, ramp_end);
  if (at >= ramp_end) return 1;
  if (at <= ramp_begin) return 0;
  return (at - ramp_begin) / (ramp_end - ramp_begin);
}

PeakShape broadened(const PeakShape& clean, const Artefacts& a) {
  const bool changes = std::isfinite(a.crystallite_size_nm) || a.microstrain > 0 || a.instrument_weight > 0;
  if (!changes) return clean;
  if (clean.kind != PeakShape::Kind::tch) throw ConfigError("crystallite_size_nm, microstrain and the instrument's ranges need the peak shape tch");
  PeakShape shape = clean;
  // A mean of two parabolas that are nowhere negative is nowhere negative.
  const auto towards = [&](double from, double to) { return from + a.instrument_weight * (to - from); };
  shape.caglioti_u_deg2 = towards(clean.caglioti_u_deg2, a.caglioti_u_deg2);
  shape.caglioti_v_deg2 = towards(clean.caglioti_v_deg2, a.caglioti_v_deg2);
  shape.caglioti_w_deg2 = towards(clean.caglioti_w_deg2, a.caglioti_w_deg2);
  shape.lorentz_y_deg = towards(clean.lorentz_y_deg, a.lorentz_y_deg);
  shape.axial_sample_ratio = towards(clean.axial_sample_ratio, a.axial_ratio);
  shape.axial_detector_ratio = towards(clean.axial_detector_ratio, a.axial_ratio);
  shape.crystallite_size_nm = 1 / (1 / clean.crystallite_size_nm + 1 / a.crystallite_size_nm);
  shape.microstrain = clean.microstrain + a.microstrain;
  return shape;
}

CounterRandom artefact_random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, ArtefactStream stream) {
  const auto purpose = static_cast<Purpose>(static_cast<std::uint32_t>(Purpose::first_artefact) + static_cast<std::uint32_t>(stream));
  return {seed, purpose, epoch, sample};
}

}  // namespace xxact::xrd
