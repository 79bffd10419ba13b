#include "pipeline/xrd/reflections.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kRangeSlack = 1e-9;  // relative, in |g|
constexpr double kHair = 1e-9;        // what an index may lie outside of the sphere, so that equality counts

/// floor and ceil of what is known to fit an int; the standard ones are calls where SSE 4.1 cannot be taken for granted.
int floor_of(double x) {
  const int towards_zero = static_cast<int>(x);
  return towards_zero - (towards_zero > x ? 1 : 0);
}
int ceil_of(double x) { return -floor_of(-x); }

struct Range {
  double low, high;
};

}  // namespace

ReflectionEnumerator::ReflectionEnumerator(const ReciprocalMetric& metric, const AsymmetricUnit& unit, double g_min, double g_max) : m_(metric), unit_(&unit) {
  g2_min_ = std::pow(g_min * (1 - kRangeSlack), 2);
  g2_max_ = std::pow(g_max * (1 + kRangeSlack), 2);
  const double expected = 4.0 / 3.0 * std::numbers::pi * std::pow(g_max, 3) * m_.volume;
  if (expected > kMostReflections)
    throw InputError("about {:.3g} reflections in a cell of {:.4g} cubic angstrom, more than {:.3g}: use a longer wavelength or a smaller range",
                     expected, m_.volume, kMostReflections);
  // No index of a vector within the sphere is larger than |g| times the cell edge.
  std::array<int, 3> largest;
  for (std::size_t i = 0; i < 3; ++i) {
    const double bound = g_max * (1 + kRangeSlack) * m_.edge[i];
    if (bound > kLargestIndex)
      throw InputError("a cell edge of {:.4g} angstrom asks for Miller indices up to {:.0f}, more than {}", m_.edge[i], bound, kLargestIndex);
    largest[i] = static_cast<int>(bound + kRangeSlack);
  }
  u_max_ = largest[0], v_max_ = largest[1], w_max_ = largest[2];
  per_ww_ = 1 / m_.ww;
  shift_u_ = m_.uw / m_.ww;
  shift_v_ = m_.vw / m_.ww;
  plane_vv_ = m_.vv - m_.vw * m_.vw / m_.ww;
  const double plane_uv = m_.uv - m_.uw * m_.vw / m_.ww;
  plane_shift_ = plane_uv / plane_vv_;
  plane_uu_ = m_.uu - m_.uw * m_.uw / m_.ww - plane_uv * plane_uv / plane_vv_;
}

/// The first and last v of the plane u; false when the sphere does not reach it.
bool ReflectionEnumerator::begin_plane() {
  const double left = g2_max_ - plane_uu_ * u_ * u_;
  if (left < 0) return false;
  const double centre = -plane_shift_ * u_, half_width = std::sqrt(left / plane_vv_) + kHair;
  Range v{std::max(centre - half_width, -double(v_max_)), std::min(centre + half_width, double(v_max_))};
  for (const AsymmetricUnit::Bound& bound : unit_->v_at_least()) v.low = std::max(v.low, bound.by_u * u_ - bound.slack);
  for (const AsymmetricUnit::Bound& bound : unit_->v_at_most()) v.high = std::min(v.high, bound.by_u * u_ + bound.slack);
  if (!(v.low <= v.high)) return false;
  v_ = ceil_of(v.low);
  v_last_ = floor_of(v.high);
  return true;
}

bool ReflectionEnumerator::next(ReflectionBatch& batch, std::size_t wanted) {
  batch.rows.clear();
  batch.reflections = 0;
  add_rows(batch, wanted);
  if (const std::size_t room = batch.reflections + kernels::kBlock; batch.g_squared.size() < room) batch.g_squared.resize(room);
  kernels::squared_lengths(m_, batch.rows, batch.g_squared.data());
  return batch.reflections > 0;
}

void ReflectionEnumerator::add_rows(ReflectionBatch& batch, std::size_t wanted) {
  while (u_ <= u_max_) {
    if (!plane_open_ && !begin_plane()) v_last_ = v_ - 1;
    plane_open_ = true;
    for (; v_ <= v_last_; ++v_) {
      if (batch.reflections >= wanted) return;
      add_pair(batch, u_, v_);
    }
    ++u_;
    plane_open_ = false;
  }
}

void ReflectionEnumerator::add_pair(ReflectionBatch& batch, int u, int v) {
  const double across = v + plane_shift_ * u;
  const double in_plane = plane_vv_ * across * across + plane_uu_ * u * u;
  if (in_plane > g2_max_) return;
  Range w{-double(w_max_), double(w_max_)};
  for (const AsymmetricUnit::Bound& bound : unit_->w_at_least()) w.low = std::max(w.low, bound.by_u * u + bound.by_v * v - bound.slack);
  for (const AsymmetricUnit::Bound& bound : unit_->w_at_most()) w.high = std::min(w.high, bound.by_u * u + bound.by_v * v + bound.slack);
  if (!(w.low <= w.high)) return;
  const double centre = -(shift_u_ * u + shift_v_ * v), half_width = std::sqrt((g2_max_ - in_plane) * per_ww_) + kHair;
  w = {std::max(w.low, centre - half_width), std::min(w.high, centre + half_width)};
  if (!(w.low <= w.high)) return;
  const int first = u == 0 && v == 0 ? std::max(ceil_of(w.low), 1) : ceil_of(w.low), last = floor_of(w.high);
  if (in_plane >= g2_min_) {
    add_run(batch, u, v, first, last);
    return;
  }
  // The row passes through the inner sphere: two runs, one before and one after it. Equality counts as outside of it.
  const double inner = std::sqrt((g2_min_ - in_plane) * per_ww_) - kHair;
  const int before = floor_of(centre - inner), after = ceil_of(centre + inner);
  add_run(batch, u, v, first, std::min(last, before));
  add_run(batch, u, v, std::max({first, after, before + 1}), last);
}

void ReflectionEnumerator::add_run(ReflectionBatch& batch, int u, int v, int first, int last) {
  if (last < first) return;
  const int count = last - first + 1;
  batch.rows.push_back({u, v, first, count});
  batch.reflections += static_cast<std::size_t>(count);
}

}  // namespace xxact::xrd
