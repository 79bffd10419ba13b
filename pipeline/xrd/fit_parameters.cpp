#include "pipeline/xrd/fit_parameters.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kLargestShift = 1;           // degrees, from the start
constexpr double kLargestDisplacement = 2;    // mm
constexpr double kLargestStrain = 0.02;
constexpr double kLargestB = 50;              // angstrom^2
constexpr double kLargestFwhm = 3;            // degrees, each contribution
constexpr double kLargestAxial = 0.1;
constexpr Bounds kMiddle = {-0.95, 5};        // c of FitParameters: below -1 the width would vanish at some angle
constexpr double kLargestOfRange = 3.5;       // degrees, times tan(theta_max), of h0 and h1: U stays within the 100 degrees^2 of PeakShape
constexpr Bounds kTextureR = {0.2, 5};
constexpr double kLorentzianOfWidth = 0.2;    // Y at the start
constexpr double kStepOfWidth = 0.01;         // of derivatives
constexpr double kNarrowestBins = 0.2;        // of the grid, Gaussian FWHM

struct Name {
  FitParameter parameter;
  std::string_view text;
};
constexpr std::array<Name, 10> kNames = {{{FitParameter::zero, "zero"}, {FitParameter::displacement, "displacement"}, {FitParameter::strain, "strain"},
                                          {FitParameter::b_iso, "b-iso"}, {FitParameter::width, "width"}, {FitParameter::caglioti, "caglioti"},
                                          {FitParameter::x, "x"}, {FitParameter::y, "y"}, {FitParameter::axial, "axial"}, {FitParameter::texture, "texture"}}};

std::string all_names() {
  std::string names;
  for (const Name& name : kNames) names += (names.empty() ? "" : ", ") + std::string(name.text);
  return names;
}

/// U, V, W of the numbers h0, c, h1: see FitParameters.
std::array<double, 3> caglioti_of(const std::array<double, 3>& p, double t) {
  const double first = p[0] * p[0], middle = p[1] * p[0] * p[2], last = p[2] * p[2];
  return {(first - 2 * middle + last) / (t * t), 2 * (middle - first) / t, first};
}

/// The smallest of U t^2 + V t, 0 <= t <= tan_max.
double smallest_without_w(const PeakShape& s, double tan_max) {
  double smallest = std::min(0.0, (s.caglioti_u_deg2 * tan_max + s.caglioti_v_deg2) * tan_max);
  if (s.caglioti_u_deg2 > 0 && s.caglioti_v_deg2 < 0 && -s.caglioti_v_deg2 < 2 * s.caglioti_u_deg2 * tan_max)
    smallest = -s.caglioti_v_deg2 * s.caglioti_v_deg2 / (4 * s.caglioti_u_deg2);
  return smallest;
}

std::array<double, 3> bernstein_of(const PeakShape& s, double t, double smallest) {
  const double first = std::sqrt(std::max(s.caglioti_w_deg2, smallest * smallest));
  const double last = std::sqrt(std::max((s.caglioti_u_deg2 * t + s.caglioti_v_deg2) * t + s.caglioti_w_deg2, smallest * smallest));
  return {first, (s.caglioti_w_deg2 + s.caglioti_v_deg2 * t / 2) / (first * last), last};
}

}  // namespace

std::vector<FitParameter> parse_fit_parameters(std::string_view text) {
  std::vector<FitParameter> parameters;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    begin = end + 1;
    const auto* const name = std::ranges::find(kNames, item, &Name::text);
    if (name == kNames.end()) throw ConfigError("fit parameters '{}': '{}' is none of {}", text, item, all_names());
    if (std::ranges::find(parameters, name->parameter) != parameters.end()) throw ConfigError("fit parameters '{}': '{}' stands there twice", text, item);
    parameters.push_back(name->parameter);
  }
  const auto has = [&](FitParameter parameter) { return std::ranges::find(parameters, parameter) != parameters.end(); };
  if (has(FitParameter::width) && has(FitParameter::caglioti)) throw ConfigError("fit parameters '{}': width is the W of caglioti; give one of them", text);
  return parameters;
}

FitParameters::FitParameters(std::vector<FitParameter> fitted, const FitState& start, const Grid& grid, double lowest_b_iso)
    : fixed_(start), tan_max_(std::tan(std::min(grid.two_theta_max_deg, 179.0) / 2 * kDegree)) {
  PeakShape& shape = fixed_.shape;
  if (shape.kind != PeakShape::Kind::tch) throw ConfigError("a fit needs peaks of the shape tch");
  const double smallest = kNarrowestBins * grid.step_deg(), fwhm = std::sqrt(std::max(shape.caglioti_w_deg2, smallest * smallest));
  least_fwhm_deg_ = smallest;
  std::ranges::sort(fitted);
  for (const FitParameter parameter : fitted) {
    switch (parameter) {
      case FitParameter::zero: {
        const double at = start.shifts.zero_shift_deg;
        add(parameter, 0, at, {at - kLargestShift, at + kLargestShift}, kStepOfWidth * fwhm);
        break;
      }
      case FitParameter::displacement: add(parameter, 0, start.shifts.displacement_mm, {-kLargestDisplacement, kLargestDisplacement}, 0.01); break;
      case FitParameter::strain: add(parameter, 0, start.first.strain, {-kLargestStrain, kLargestStrain}, 1e-5); break;
      case FitParameter::b_iso: add(parameter, 0, start.b_iso, {lowest_b_iso, kLargestB}, 0.01); break;
      case FitParameter::width:
        add(parameter, 0, fwhm, {std::sqrt(smallest * smallest - smallest_without_w(shape, tan_max_)), kLargestFwhm}, kStepOfWidth * fwhm);
        break;
      case FitParameter::caglioti:
        for (int part = 0; part < 3; ++part) {
          const double at = bernstein_of(shape, tan_max_, smallest)[static_cast<std::size_t>(part)];
          part == 1 ? add(parameter, part, at, kMiddle, 0.02) : add(parameter, part, at, {smallest, std::max(std::min(kLargestFwhm, kLargestOfRange * tan_max_), smallest)}, kStepOfWidth * fwhm);
        }
        break;
      case FitParameter::x:
        shape.lorentz_x_deg += 4 * shape.microstrain / kDegree;
        shape.microstrain = 0;
        add(parameter, 0, shape.lorentz_x_deg, {0, kLargestFwhm}, kStepOfWidth * fwhm);
        break;
      case FitParameter::y:
        if (std::isfinite(shape.crystallite_size_nm)) shape.lorentz_y_deg += shape.scherrer_k * shape.wavelength_angstrom / (10 * shape.crystallite_size_nm) / kDegree;
        shape.crystallite_size_nm = std::numeric_limits<double>::infinity();
        add(parameter, 0, shape.lorentz_y_deg > 0 ? shape.lorentz_y_deg : kLorentzianOfWidth * fwhm, {0, kLargestFwhm}, kStepOfWidth * fwhm);
        break;
      case FitParameter::axial: add(parameter, 0, shape.axial_sample_ratio > 0 ? shape.axial_sample_ratio : 0.01, {0, kLargestAxial}, 5e-4); break;
      case FitParameter::texture: add(parameter, 0, start.first.texture_r, kTextureR, 0.01); break;
    }
  }
}

void FitParameters::add(FitParameter parameter, int part, double start, Bounds bounds, double step) {
  slots_.push_back({parameter, part});
  start_.push_back(std::clamp(start, bounds.low, bounds.high));
  bounds_.push_back(bounds);
  steps_.push_back(step);
}

std::vector<Bounds> FitParameters::bounds_of_first_stage() const {
  std::vector<Bounds> bounds = bounds_;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const FitParameter parameter = slots_[i].parameter;
    if (parameter == FitParameter::b_iso || parameter == FitParameter::axial || parameter == FitParameter::texture) bounds[i] = {start_[i], start_[i]};
  }
  return bounds;
}

FitState FitParameters::state(std::span<const double> x) const {
  FitState state = fixed_;
  std::array<double, 3> b{};
  bool caglioti = false;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    switch (slots_[i].parameter) {
      case FitParameter::zero: state.shifts.zero_shift_deg = x[i]; break;
      case FitParameter::displacement: state.shifts.displacement_mm = x[i]; break;
      case FitParameter::strain: state.first.strain = x[i]; break;
      case FitParameter::b_iso: state.b_iso = x[i]; break;
      case FitParameter::width: state.shape.caglioti_w_deg2 = x[i] * x[i]; break;
      case FitParameter::caglioti: b[static_cast<std::size_t>(slots_[i].part)] = x[i], caglioti = true; break;
      case FitParameter::x: state.shape.lorentz_x_deg = x[i]; break;
      case FitParameter::y: state.shape.lorentz_y_deg = x[i]; break;
      case FitParameter::axial: state.shape.axial_sample_ratio = state.shape.axial_detector_ratio = x[i]; break;
      case FitParameter::texture: state.first.texture_r = x[i]; break;
    }
  }
  if (caglioti) {
    const auto [u, v, w] = caglioti_of(b, tan_max_);
    state.shape.caglioti_u_deg2 = u, state.shape.caglioti_v_deg2 = v, state.shape.caglioti_w_deg2 = w;
  }
  return state;
}

std::vector<FitQuantity> FitParameters::quantities(std::span<const double> x) const {
  const FitState at = state(x);
  std::vector<FitQuantity> quantities;
  const auto alone = [&](const char* name, const char* unit, std::size_t i) {
    quantities.push_back({name, unit, x[i], std::vector<double>(slots_.size(), 0.0)});
    quantities.back().gradient[i] = 1;
  };
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    switch (slots_[i].parameter) {
      case FitParameter::zero: alone("zero error", "deg", i); break;
      case FitParameter::displacement: alone("sample displacement", "mm", i); break;
      case FitParameter::strain: alone("lattice strain", "", i); break;
      case FitParameter::b_iso: alone("added B_iso", "A^2", i); break;
      case FitParameter::width:
        alone("W", "deg^2", i);
        quantities.back().value = at.shape.caglioti_w_deg2;
        quantities.back().gradient[i] = 2 * x[i];
        break;
      case FitParameter::caglioti: {
        if (slots_[i].part != 0) break;
        const std::array<double, 3> values = {at.shape.caglioti_u_deg2, at.shape.caglioti_v_deg2, at.shape.caglioti_w_deg2};
        for (std::size_t k = 0; k < 3; ++k) {
          quantities.push_back({std::array{"U", "V", "W"}[k], "deg^2", values[k], std::vector<double>(slots_.size(), 0.0)});
          for (std::size_t part = 0; part < 3; ++part) {
            std::array<double, 3> more = {x[i], x[i + 1], x[i + 2]}, less = more;
            const double h = 1e-4 * std::max(std::abs(x[i + part]), 1e-6);
            more[part] += h, less[part] -= h;
            quantities.back().gradient[i + part] = (caglioti_of(more, tan_max_)[k] - caglioti_of(less, tan_max_)[k]) / (2 * h);
          }
        }
        break;
      }
      case FitParameter::x: alone("X", "deg", i); break;
      case FitParameter::y: alone("Y", "deg", i); break;
      case FitParameter::axial: alone("axial ratio", "", i); break;
      case FitParameter::texture: alone("March-Dollase r", "", i); break;
    }
  }
  return quantities;
}

void FitParameters::start_at(double zero_deg, double fwhm_deg) {
  fwhm_deg = std::max(fwhm_deg, least_fwhm_deg_);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    double& start = start_[i];
    switch (slots_[i].parameter) {
      case FitParameter::zero:
        start = zero_deg;
        steps_[i] = kStepOfWidth * fwhm_deg;
        bounds_[i] = {zero_deg - kLargestShift, zero_deg + kLargestShift};
        break;
      case FitParameter::displacement:
        // The shift of a sample at small angles; beside a zero error it starts at nothing.
        if (slots_.front().parameter != FitParameter::zero) start = -(zero_deg - fixed_.shifts.zero_shift_deg) * kDegree * fixed_.shifts.goniometer_radius_mm / 2;
        break;
      case FitParameter::width:
      case FitParameter::caglioti:
        start = slots_[i].part == 1 ? 1 : fwhm_deg;
        if (slots_[i].part != 1) steps_[i] = kStepOfWidth * fwhm_deg;
        break;
      case FitParameter::x: steps_[i] = kStepOfWidth * fwhm_deg; break;
      case FitParameter::y:
        if (fixed_.shape.lorentz_y_deg == 0) start = kLorentzianOfWidth * fwhm_deg;
        steps_[i] = kStepOfWidth * fwhm_deg;
        break;
      default: continue;
    }
    start = std::clamp(start, bounds_[i].low, bounds_[i].high);
  }
}

bool FitParameters::fits_shift() const {
  return !slots_.empty() && (slots_.front().parameter == FitParameter::zero || slots_.front().parameter == FitParameter::displacement);
}

}  // namespace xxact::xrd
