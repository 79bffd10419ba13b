#include "pipeline/xrd/profile.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/kernels.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kWidestDeg = 180, kWidestQ = 100;  // degrees, 1/angstrom

}  // namespace

GaussianProfile::GaussianProfile(const PatternOptions& options) : grid_(checked(options.grid)), q_wavelength_(options.simulation.wavelength_angstrom) {
  const bool in_q = grid_.axis == Axis::q;
  if (in_q) two_theta_of(grid_.q_max_per_angstrom, q_wavelength_);  // throws beyond the limiting sphere
  const double fwhm = in_q ? options.fwhm_per_angstrom : options.fwhm_deg, widest = in_q ? kWidestQ : kWidestDeg, step = grid_.step();
  if (!(fwhm >= step / 2 && fwhm <= widest))
    throw ConfigError("a profile of {0} {2} on a grid of {1:.4g} {2}: the width must be at least half a step (peaks would fall between the points) and at most {3}", fwhm, step,
                      in_q ? "1/angstrom" : "degrees", widest);
  sigma_ = fwhm / (2 * std::sqrt(2 * std::numbers::ln2));
  const double cut_in_steps = std::sqrt(-2 * std::log(kFloor)) * sigma_ / step;
  reach_ = static_cast<int>(std::ceil(cut_in_steps));
  const int block = static_cast<int>(kernels::kBlock);
  window_ = (2 * reach_ + 1 + block - 1) / block * block;
  padded_.assign(static_cast<std::size_t>(grid_.points + 2 * window_), 0.0F);
}

void GaussianProfile::clear() { std::ranges::fill(padded_, 0.0F); }

void GaussianProfile::add(double wavelength, std::span<const double> g_squared, std::span<const float> intensity) {
  const std::size_t n = intensity.size();
  if (bin_.size() < n) bin_.resize(n), offset_.resize(n);
  const double step = grid_.step(), first_centre = grid_.centre(0);
  if (grid_.axis == Axis::q)
    // 4 pi sin(theta) / lambda is 2 pi |g| where the axis has this wavelength; the other line of a doublet lies beside it.
    kernels::locate_along_g(2 * std::numbers::pi * wavelength / q_wavelength_, first_centre, step, sigma_, g_squared.data(), n, bin_.data(), offset_.data());
  else
    kernels::locate(wavelength, first_centre, step, sigma_, g_squared.data(), n, bin_.data(), offset_.data());
  kernels::spread(n, bin_.data(), offset_.data(), intensity.data(), static_cast<float>(step / sigma_), reach_, window_, grid_.points,
                  padded_.data() + window_);
}

void GaussianProfile::write_scaled(double scale, std::span<float> out) const {
  std::transform(padded_.begin() + window_, padded_.begin() + window_ + grid_.points, out.begin(),
                 [factor = static_cast<float>(scale)](float value) { return value * factor; });
}

void GaussianProfile::write(bool square_root, std::span<float> out) const {
  kernels::normalise(padded_.data() + window_, static_cast<std::size_t>(grid_.points), static_cast<float>(kFloor), square_root, out.data());
}

}  // namespace xxact::xrd
