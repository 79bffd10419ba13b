#include "pipeline/xrd/peak_shape.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/kernels.hpp"
#include "pipeline/xrd/peak_kernels.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kFwhmOfSigma = 2.3548200450309493;  // 2 sqrt(2 ln 2)
constexpr double kGaussianReach = 6.2;               // standard deviations; 6e-10 of the area lies beyond
constexpr double kNarrowestBins = 0.02;
constexpr double kFloor = 1e-8;

void require(bool good, const char* option, double value, const char* what) {
  if (!good) throw ConfigError("{} = {}: {}", option, value, what);
}

bool within(double value, double low, double high) { return value >= low && value <= high; }

/// Smallest Gaussian FWHM^2 between the grid's ends: at an end, or where the parabola in tan(theta) turns.
double smallest_caglioti(const PeakShape& s, const Grid& grid) {
  const double low = std::tan(grid.two_theta_min_deg / 2 * kDegree), high = std::tan(std::min(grid.two_theta_max_deg, 179.0) / 2 * kDegree);
  const auto squared = [&](double t) { return (s.caglioti_u_deg2 * t + s.caglioti_v_deg2) * t + s.caglioti_w_deg2; };
  double smallest = std::min(squared(low), squared(high));
  if (s.caglioti_u_deg2 > 0) smallest = std::min(smallest, squared(std::clamp(-s.caglioti_v_deg2 / (2 * s.caglioti_u_deg2), low, high)));
  return smallest;
}

void check_tch(const PeakShape& s, const Grid& grid) {
  const PeakShape untouched;
  require(s.fwhm_deg == untouched.fwhm_deg, "fwhm_deg", s.fwhm_deg, "a tch peak has its width from caglioti_*, lorentz_*, crystallite_size_nm and microstrain");
  require(s.eta == untouched.eta, "eta", s.eta, "a tch peak has its Lorentzian share from its widths");
  require(within(s.caglioti_u_deg2, -100, 100), "caglioti_u_deg2", s.caglioti_u_deg2, "give -100 to 100 degrees^2, such as 0.05");
  require(within(s.caglioti_v_deg2, -100, 100), "caglioti_v_deg2", s.caglioti_v_deg2, "give -100 to 100 degrees^2, such as -0.01");
  require(within(s.caglioti_w_deg2, 0, 100), "caglioti_w_deg2", s.caglioti_w_deg2, "give 0 to 100 degrees^2, such as 0.01");
  require(within(s.lorentz_x_deg, 0, 10), "lorentz_x_deg", s.lorentz_x_deg, "give 0 to 10 degrees");
  require(within(s.lorentz_y_deg, 0, 10), "lorentz_y_deg", s.lorentz_y_deg, "give 0 to 10 degrees");
  require(s.crystallite_size_nm >= 0.5, "crystallite_size_nm", s.crystallite_size_nm, "give at least 0.5 nm, or inf for no broadening");
  require(within(s.scherrer_k, 0.5, 2), "scherrer_k", s.scherrer_k, "give 0.5 to 2, such as 0.9");
  require(within(s.microstrain, 0, 0.1), "microstrain", s.microstrain, "give 0 to 0.1, such as 0.001 for 0.1 %");
  require(within(s.wavelength_angstrom, kShortestWavelength, kLongestWavelength), "wavelength_angstrom", s.wavelength_angstrom, "give 0.05 to 10 angstrom");
  if (const double smallest = smallest_caglioti(s, grid); smallest < 0)
    throw ConfigError("caglioti_u_deg2 = {}, caglioti_v_deg2 = {}, caglioti_w_deg2 = {}: the Gaussian FWHM^2 falls to {:.3g} degrees^2 between {} and {} degrees",
                      s.caglioti_u_deg2, s.caglioti_v_deg2, s.caglioti_w_deg2, smallest, grid.two_theta_min_deg, grid.two_theta_max_deg);
  const bool wide = s.caglioti_u_deg2 != 0 || s.caglioti_v_deg2 != 0 || s.caglioti_w_deg2 != 0 || s.lorentz_x_deg > 0 || s.lorentz_y_deg > 0 ||
                    std::isfinite(s.crystallite_size_nm) || s.microstrain > 0;
  require(wide, "caglioti_w_deg2", s.caglioti_w_deg2, "every contribution to the width is zero");
}

void check_fixed(const PeakShape& s) {
  const PeakShape untouched;
  const char* tch_only = "only tch has this option; the shape is another";
  require(within(s.fwhm_deg, 1e-4, 180), "fwhm_deg", s.fwhm_deg, "give 0.0001 to 180 degrees, such as 0.15");
  require(within(s.eta, 0, 1), "eta", s.eta, "give 0 (Gaussian) to 1 (Lorentzian)");
  require(s.kind == PeakShape::Kind::pseudo_voigt || s.eta == untouched.eta, "eta", s.eta, "a gaussian peak has no Lorentzian share; use pseudo-voigt");
  require(s.caglioti_u_deg2 == untouched.caglioti_u_deg2, "caglioti_u_deg2", s.caglioti_u_deg2, tch_only);
  require(s.caglioti_v_deg2 == untouched.caglioti_v_deg2, "caglioti_v_deg2", s.caglioti_v_deg2, tch_only);
  require(s.caglioti_w_deg2 == untouched.caglioti_w_deg2, "caglioti_w_deg2", s.caglioti_w_deg2, tch_only);
  require(s.lorentz_x_deg == 0, "lorentz_x_deg", s.lorentz_x_deg, tch_only);
  require(s.lorentz_y_deg == 0, "lorentz_y_deg", s.lorentz_y_deg, tch_only);
  require(s.crystallite_size_nm == untouched.crystallite_size_nm, "crystallite_size_nm", s.crystallite_size_nm, tch_only);
  require(s.microstrain == 0, "microstrain", s.microstrain, tch_only);
}

const PeakShape& checked(const PeakShape& s, const Grid& grid) {
  s.kind == PeakShape::Kind::tch ? check_tch(s, grid) : check_fixed(s);
  require(within(s.axial_sample_ratio, 0, 0.2), "axial_sample_ratio", s.axial_sample_ratio, "give 0 to 0.2, such as 0.02");
  require(within(s.axial_detector_ratio, 0, 0.2), "axial_detector_ratio", s.axial_detector_ratio, "give 0 to 0.2, such as 0.02");
  require(within(s.neglected_area, 1e-6, 0.1), "neglected_area", s.neglected_area, "give 1e-6 to 0.1");
  return s;
}

const Grid& in_two_theta(const Grid& grid) {
  require_two_theta(grid, "a peak shape");
  return checked(grid);
}

double tan_theta(double two_theta_deg) { return std::tan(two_theta_deg / 2 * kDegree); }

double gaussian_fwhm(const PeakShape& s, double tan_theta) {
  return std::sqrt(std::max((s.caglioti_u_deg2 * tan_theta + s.caglioti_v_deg2) * tan_theta + s.caglioti_w_deg2, 0.0));
}

double lorentzian_fwhm(const PeakShape& s, double tan_theta) {
  const double size = s.scherrer_k * s.wavelength_angstrom / (10 * s.crystallite_size_nm) / kDegree;  // 10 angstrom a nm
  return (s.lorentz_x_deg + 4 * s.microstrain / kDegree) * tan_theta + (s.lorentz_y_deg + size) * std::sqrt(1 + tan_theta * tan_theta);
}

/// The share of a Lorentzian beyond x half widths, x > 0, on that side: arctan(1 / x) / pi, a third of the time of std::atan.
double lorentzian_tail(double x) {
  const double t = 1 / x, y = t * t;
  return (t < 0.05 ? t * (1 - y * (1.0 / 3 - y * (1.0 / 5 - y / 7))) : std::atan(t)) * std::numbers::inv_pi;
}

}  // namespace

PeakShape::Kind parse_peak_shape(std::string_view text) {
  if (text == "gaussian") return PeakShape::Kind::gaussian;
  if (text == "pseudo-voigt") return PeakShape::Kind::pseudo_voigt;
  if (text == "tch") return PeakShape::Kind::tch;
  throw ConfigError("peak shape '{}': give gaussian, pseudo-voigt or tch", text);
}

PeakWidth mix_widths(double gaussian_fwhm, double lorentzian_fwhm) {
  const double g = gaussian_fwhm, l = lorentzian_fwhm;
  if (l == 0) return {g, 0};
  if (g == 0) return {l, 1};
  const double power = ((((g + 2.69269 * l) * g + 2.42843 * l * l) * g + 4.47163 * l * l * l) * g + 0.07842 * l * l * l * l) * g + l * l * l * l * l;
  const double total = std::pow(power, 0.2), q = l / total;
  return {total, std::clamp(((0.11116 * q - 0.47719) * q + 1.36603) * q, 0.0, 1.0)};
}

PeakWidth width_of(const PeakShape& shape, double two_theta_deg) {
  if (shape.kind == PeakShape::Kind::gaussian) return {shape.fwhm_deg, 0};
  if (shape.kind == PeakShape::Kind::pseudo_voigt) return {shape.fwhm_deg, shape.eta};
  const double t = tan_theta(std::min(two_theta_deg, 179.0));  // every width is infinite at 180 degrees
  return mix_widths(gaussian_fwhm(shape, t), lorentzian_fwhm(shape, t));
}

PeakProfile::PeakProfile(const Grid& grid, const PeakShape& shape) : grid_(in_two_theta(grid)), shape_(checked(shape, grid)) {
  padded_ = (grid.points + kernels::kTailCell - 1) / kernels::kTailCell * kernels::kTailCell;
  const auto padded = static_cast<std::size_t>(padded_);
  cells_ = (padded / kernels::kTailCell + kernels::kPeakBlock - 1) / kernels::kPeakBlock * kernels::kPeakBlock;
  profile_.assign(padded, 0.0F);
  coefficients_.assign(4 * cells_, 0.0F);
  scratch_.assign(padded + kernels::kPeakBlock, 0.0F);
  parts_.reserve(kMostAxialParts);
}

void PeakProfile::set_shape(const PeakShape& shape) { shape_ = checked(shape, grid_); }

void PeakProfile::clear() {
  std::ranges::fill(profile_, 0.0F);
  std::ranges::fill(coefficients_, 0.0F);
}

void PeakProfile::add(std::span<const double> two_theta_deg, std::span<const double> area) { add_lines(two_theta_deg, area); }
void PeakProfile::add(std::span<const double> two_theta_deg, std::span<const float> area) { add_lines(two_theta_deg, area); }

template <class Real>
void PeakProfile::add_lines(std::span<const double> two_theta_deg, std::span<const Real> area) {
  if (two_theta_deg.size() != area.size()) throw ConfigError("{} angles were given with {} areas", two_theta_deg.size(), area.size());
  for (std::size_t i = 0; i < area.size(); ++i) {
    if (!within(two_theta_deg[i], 0, 180)) throw InputError("line {} is at {} degrees, not within 0 to 180", i, two_theta_deg[i]);
    add_peak(two_theta_deg[i], static_cast<double>(area[i]));
  }
}

void PeakProfile::add_peak(double two_theta_deg, double area) {
  const double step = grid_.step_deg(), position = (two_theta_deg - grid_.two_theta_min_deg) / step;
  const auto [fwhm_deg, eta] = width_of(shape_, two_theta_deg);
  const double fwhm = std::max(fwhm_deg / step, kNarrowestBins);
  const bool axial = shape_.axial_sample_ratio + shape_.axial_detector_ratio > 0;
  if (axial)
    axial_parts(shape_.axial_sample_ratio, shape_.axial_detector_ratio, two_theta_deg, fwhm * step, parts_);
  else
    parts_.assign(1, {0, 1});
  double mean = 0, extent = 0;
  for (AxialPart& part : parts_) {
    part.shift_deg /= step;  // in bins from here on
    mean += part.share * part.shift_deg;
    extent = std::max(extent, std::abs(part.shift_deg));
    if (eta < 1) add_gaussian_part(position + part.shift_deg, fwhm / kFwhmOfSigma, area * part.share * (1 - eta));
  }
  for (AxialPart& part : parts_) part.shift_deg -= mean;
  if (eta > 0) add_lorentzian_part(position + mean, fwhm / 2, extent, eta, area);
}

void PeakProfile::add_gaussian_part(double position, double sigma, double area) {
  constexpr int block = kernels::kPeakBlock;
  const double reach = kGaussianReach * sigma;
  const double low = std::max(block * std::floor((position - reach) / block), 0.0), high = std::min(block * std::ceil((position + reach) / block), double(padded_));
  if (low >= high) return;
  const double spacing = 1 / (std::numbers::sqrt2 * sigma);
  float* from = profile_.data() + static_cast<std::size_t>(low);
  const int count = static_cast<int>(high - low);
  if (spacing <= kernels::kWideGaussian)
    kernels::add_gaussian_wide(from, count, (low - position) * spacing, spacing, static_cast<float>(area));
  else
    kernels::add_gaussian(from, count, (low - position) * spacing, spacing, static_cast<float>(area), scratch_.data());
}

// From the peak outwards: `near`, where every axial part is added by itself with exact integrals; then bins whose integral needs one
// division; then whole cells with a cubic. Beyond `near` all parts count as one at their mean: by the next moment that changes a
// tail by 3 variance / distance^2, less than 2 %, and the area by less than 1e-4.
void PeakProfile::add_lorentzian_part(double position, double half_width, double extent, double eta, double area) {
  constexpr int block = kernels::kPeakBlock, cell = kernels::kTailCell;
  const double spacing = 1 / half_width, middle = std::floor(position / cell);
  const double cut = std::min(shape_.neglected_area / eta, 0.5);
  const double reach = half_width / std::tan(std::numbers::pi / 2 * cut) + extent;
  double low = cell * std::floor((position - reach) / cell), high = cell * std::ceil((position + reach) / cell);
  const double kept = 1 - lorentzian_tail((high - position) * spacing) - lorentzian_tail((position - low) * spacing);
  low = std::max(low, 0.0), high = std::min(high, double(padded_));
  if (low >= high) return;
  const auto clip = [&](double bin) { return static_cast<int>(std::clamp(bin, low, high)); };
  const bool spread = parts_.size() > 1;
  const double near = half_width * std::sqrt(std::max(spacing / kernels::kFarLorentzian - 1, 0.0)) + 1 + (spread ? 6 * half_width + 4 * extent : 0);
  const int near_low = clip(block * std::floor((position - near) / block)), near_high = clip(block * std::ceil((position + near) / block));
  const int bins_low = clip(std::min(cell * (middle - kernels::kFarCells), cell * std::floor((position - near) / cell)));
  const int bins_high = clip(std::max(cell * (middle + 1 + kernels::kFarCells), cell * std::ceil((position + near) / cell)));
  const float scaled = static_cast<float>(area * eta / kept);
  const auto first = [&](int bin) { return (bin - position) * spacing; };
  for (const AxialPart& part : parts_)
    kernels::add_lorentzian(profile_.data() + near_low, near_high - near_low, first(near_low) - part.shift_deg * spacing, spacing,
                            scaled * static_cast<float>(part.share));
  kernels::add_lorentzian_tail(profile_.data() + bins_low, near_low - bins_low, first(bins_low), spacing, scaled);
  kernels::add_lorentzian_tail(profile_.data() + near_high, bins_high - near_high, first(near_high), spacing, scaled);
  const double first_centre = first(cell / 2);
  if (static_cast<int>(low) < bins_low)
    kernels::add_lorentzian_cells(coefficients_.data(), cells_, static_cast<int>(low) / cell, bins_low / cell, first_centre, spacing, scaled);
  if (bins_high < static_cast<int>(high))
    kernels::add_lorentzian_cells(coefficients_.data(), cells_, bins_high / cell, static_cast<int>(high) / cell, first_centre, spacing, scaled);
}

void PeakProfile::finish() {
  kernels::add_cells(profile_.data(), coefficients_.data(), cells_, padded_ / kernels::kTailCell, scratch_.data());
}

void PeakProfile::write(std::span<float> out) {
  if (out.size() != static_cast<std::size_t>(grid_.points)) throw ConfigError("a pattern of {} points was asked into room for {}", grid_.points, out.size());
  finish();
  std::copy_n(scratch_.begin(), out.size(), out.begin());
}

void PeakProfile::write_scaled(bool square_root, std::span<float> out) {
  write(out);
  kernels::normalise(scratch_.data(), out.size(), static_cast<float>(kFloor), square_root, out.data());
}

}  // namespace xxact::xrd
