#include "pipeline/xrd/profile.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/kernels.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {

GaussianProfile::GaussianProfile(const Grid& grid, double fwhm_deg) : grid_(grid), sigma_deg_(fwhm_deg / (2 * std::sqrt(2 * std::numbers::ln2))) {
  if (grid.points < 1 || grid.points > 10'000'000) throw ConfigError("a pattern of {} points: give 1 to 10000000", grid.points);
  if (!(grid.two_theta_min_deg >= 0 && grid.two_theta_min_deg < grid.two_theta_max_deg && grid.two_theta_max_deg <= 180))
    throw ConfigError("the grid from {} to {} degrees is not a range within 0 to 180", grid.two_theta_min_deg, grid.two_theta_max_deg);
  const double step = grid.step_deg();
  if (!(fwhm_deg >= step / 2 && fwhm_deg <= 180))
    throw ConfigError("a profile of {} degrees on a grid of {:.4g} degrees: the width must be at least half a step (peaks would fall between the points) and at most 180",
                      fwhm_deg, step);
  const double cut_in_steps = std::sqrt(-2 * std::log(kFloor)) * sigma_deg_ / step;
  reach_ = static_cast<int>(std::ceil(cut_in_steps));
  const int block = static_cast<int>(kernels::kBlock);
  window_ = (2 * reach_ + 1 + block - 1) / block * block;
  padded_.assign(static_cast<std::size_t>(grid.points + 2 * window_), 0.0F);
}

void GaussianProfile::clear() { std::ranges::fill(padded_, 0.0F); }

void GaussianProfile::add(double wavelength, std::span<const double> g_squared, std::span<const float> intensity) {
  const std::size_t n = intensity.size();
  if (bin_.size() < n) bin_.resize(n), offset_.resize(n);
  const double step = grid_.step_deg();
  kernels::locate(wavelength, grid_.centre_deg(0), step, sigma_deg_, g_squared.data(), n, bin_.data(), offset_.data());
  kernels::spread(n, bin_.data(), offset_.data(), intensity.data(), static_cast<float>(step / sigma_deg_), reach_, window_, grid_.points,
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
