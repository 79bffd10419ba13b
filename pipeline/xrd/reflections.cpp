#include "pipeline/xrd/reflections.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/simulator.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

// Flattened cells below this share of the product of their edges are taken as a mistake, not as a crystal.
constexpr double kLeastShapeVolume = 1e-6;
constexpr double kRangeSlack = 1e-9;  // relative, in |g|

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// floor and ceil of what is known to fit an int; the standard ones are calls where SSE 4.1 cannot be taken for granted.
int floor_of(double x) {
  const int towards_zero = static_cast<int>(x);
  return towards_zero - (towards_zero > x ? 1 : 0);
}
int ceil_of(double x) { return -floor_of(-x); }

/// Integers q with |q + centre| <= half_width, the ends rounded outwards by a hair so that equality counts.
struct Range {
  int first, last;
};
Range integers_around(double centre, double half_width) {
  constexpr double hair = 1e-9;
  return {ceil_of(-centre - half_width - hair), floor_of(-centre + half_width + hair)};
}

}  // namespace

ReciprocalMetric ReciprocalMetric::of(std::span<const double, 9> lattice, double strain) {
  std::array<Vector, 3> edge;
  for (std::size_t i = 0; i < 9; ++i) {
    if (!std::isfinite(lattice[i])) throw InputError("the lattice has a number that is not finite");
    edge[i / 3][i % 3] = lattice[i] * (1 + strain);
  }
  std::array<double, 3> length;
  for (std::size_t i = 0; i < 3; ++i) length[i] = std::sqrt(dot(edge[i], edge[i]));
  const double determinant = dot(edge[0], cross(edge[1], edge[2]));
  if (!(std::abs(determinant) > kLeastShapeVolume * length[0] * length[1] * length[2]))
    throw InputError("the cell has no volume (edges {:.4g}, {:.4g}, {:.4g} angstrom, volume {:.4g})", length[0], length[1], length[2],
                     std::abs(determinant));
  std::array<Vector, 3> reciprocal;
  for (std::size_t i = 0; i < 3; ++i) {
    reciprocal[i] = cross(edge[(i + 1) % 3], edge[(i + 2) % 3]);
    for (double& component : reciprocal[i]) component /= determinant;
  }
  ReciprocalMetric m{};
  const auto longest = static_cast<int>(std::max_element(length.begin(), length.end()) - length.begin());
  m.axis = {(longest + 1) % 3, (longest + 2) % 3, longest};
  std::array<Vector, 3> g;
  for (std::size_t i = 0; i < 3; ++i) {
    g[i] = reciprocal[static_cast<std::size_t>(m.axis[i])];
    m.edge[i] = length[static_cast<std::size_t>(m.axis[i])];
  }
  m.uu = dot(g[0], g[0]), m.vv = dot(g[1], g[1]), m.ww = dot(g[2], g[2]);
  m.uv = dot(g[0], g[1]), m.uw = dot(g[0], g[2]), m.vw = dot(g[1], g[2]);
  m.vector = g;
  m.volume = std::abs(determinant);
  return m;
}

ReflectionEnumerator::ReflectionEnumerator(const ReciprocalMetric& metric, double g_min, double g_max) : m_(metric) {
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
  shift_u_ = m_.uw / m_.ww;
  shift_v_ = m_.vw / m_.ww;
  plane_vv_ = m_.vv - m_.vw * m_.vw / m_.ww;
  const double plane_uv = m_.uv - m_.uw * m_.vw / m_.ww;
  plane_shift_ = plane_uv / plane_vv_;
  plane_uu_ = m_.uu - m_.uw * m_.uw / m_.ww - plane_uv * plane_uv / plane_vv_;
}

bool ReflectionEnumerator::begin_plane() {
  const double left = g2_max_ - plane_uu_ * u_ * u_;
  if (left < 0) return false;
  const Range v = integers_around(plane_shift_ * u_, std::sqrt(left / plane_vv_));
  v_ = u_ == 0 ? 0 : std::max(v.first, -v_max_);
  v_last_ = std::min(v.last, v_max_);
  return true;
}

bool ReflectionEnumerator::next(ReflectionBatch& batch, std::size_t wanted) {
  batch.clear();
  while (u_ <= u_max_) {
    if (!plane_open_ && !begin_plane()) v_last_ = v_ - 1;
    plane_open_ = true;
    for (; v_ <= v_last_; ++v_) {
      if (batch.reflections >= wanted) return true;
      add_pair(batch, u_, v_);
    }
    ++u_;
    plane_open_ = false;
  }
  return batch.reflections > 0;
}

void ReflectionEnumerator::add_pair(ReflectionBatch& batch, int u, int v) {
  const double across = v + plane_shift_ * u;
  const double in_plane = plane_vv_ * across * across + plane_uu_ * u * u;
  if (in_plane > g2_max_) return;
  const double centre = shift_u_ * u + shift_v_ * v;
  Range w = integers_around(centre, std::sqrt((g2_max_ - in_plane) / m_.ww));
  w.first = std::max(w.first, -w_max_);
  w.last = std::min(w.last, w_max_);
  if (u == 0 && v == 0) w.first = std::max(w.first, 1);
  if (in_plane >= g2_min_) {
    add_run(batch, u, v, w.first, w.last);
    return;
  }
  // The row passes through the inner sphere: two runs, one before and one after it. Equality counts as outside of it.
  const double inner = std::sqrt((g2_min_ - in_plane) / m_.ww);
  const int before = floor_of(-centre - inner + 1e-9), after = ceil_of(-centre + inner - 1e-9);
  add_run(batch, u, v, w.first, std::min(w.last, before));
  add_run(batch, u, v, std::max({w.first, after, before + 1}), w.last);
}

void ReflectionEnumerator::add_run(ReflectionBatch& batch, int u, int v, int first, int last) {
  if (last < first) return;
  const int count = last - first + 1;
  batch.rows.push_back({u, v, first, count});
  const std::size_t begin = batch.reflections;
  batch.reflections += static_cast<std::size_t>(count);
  if (batch.g_squared.size() < batch.reflections) batch.g_squared.resize(std::max(batch.reflections, 2 * batch.g_squared.size()));
  const double fixed = m_.uu * u * u + m_.vv * v * v + 2 * m_.uv * u * v;
  const double slope = 2 * (m_.uw * u + m_.vw * v);
  for (int i = 0; i < count; ++i) {
    const double w = first + i;
    batch.g_squared[begin + static_cast<std::size_t>(i)] = fixed + w * (slope + m_.ww * w);
  }
}

}  // namespace xxact::xrd
