#include "pipeline/xrd/asymmetric_unit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

__extension__ typedef __int128 Wide;
using Normal = std::array<std::int64_t, 3>;

constexpr double kMetricTolerance = 1e-3;
// p of one step of u, v and w. No two reflections in reach share p, whatever the operation: its images have indices below 2^14.
constexpr Normal kNumber = {std::int64_t{1} << 30, 1, std::int64_t{1} << 15};
static_assert(6 * kLargestIndex < 1 << 14);
// A bound that follows from two others only saves the visit of empty rows.
constexpr double kOutward = 1e-6;

Normal primitive(Normal n) {
  const std::int64_t divisor = std::gcd(n[0], std::gcd(n[1], n[2]));
  for (std::int64_t& component : n) component /= divisor;
  return n;
}

/// Half-spaces n . g >= 0 whose intersection is the cone, each once.
std::vector<Normal> half_spaces(std::span<const Rotation> permuted) {
  std::vector<Normal> found;
  for (const Rotation& rotation : permuted)
    for (const int sign : {1, -1}) {
      Normal n;
      for (std::size_t i = 0; i < 3; ++i) {
        std::int64_t image = 0;
        for (std::size_t j = 0; j < 3; ++j) image += rotation[3 * i + j] * kNumber[j];
        n[i] = kNumber[i] + sign * image;
      }
      if (n != Normal{}) found.push_back(primitive(n));
    }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// Those of the half-spaces that share more than a ray with the cone; the others follow from them.
std::vector<Normal> faces(const std::vector<Normal>& all) {
  if (all.size() == 1) return all;
  std::vector<int> rays(all.size(), 0);
  using Ray = std::array<Wide, 3>;
  std::vector<std::array<double, 3>> seen;
  for (std::size_t a = 0; a < all.size(); ++a)
    for (std::size_t b = a + 1; b < all.size(); ++b) {
      const Normal &m = all[a], &n = all[b];
      Ray ray = {Wide{m[1]} * n[2] - Wide{m[2]} * n[1], Wide{m[2]} * n[0] - Wide{m[0]} * n[2], Wide{m[0]} * n[1] - Wide{m[1]} * n[0]};
      for (int turn = 0; turn < 2; ++turn) {
        const auto inside = [&](const Normal& normal) { return normal[0] * ray[0] + normal[1] * ray[1] + normal[2] * ray[2] >= 0; };
        if (std::ranges::all_of(all, inside)) {
          // The same ray comes from every pair of the planes that hold it.
          std::array<double, 3> direction;
          const double length = std::sqrt(static_cast<double>(ray[0]) * static_cast<double>(ray[0]) + static_cast<double>(ray[1]) * static_cast<double>(ray[1]) +
                                          static_cast<double>(ray[2]) * static_cast<double>(ray[2]));
          for (std::size_t i = 0; i < 3; ++i) direction[i] = static_cast<double>(ray[i]) / length;
          const auto same = [&](const std::array<double, 3>& other) {
            return std::abs(other[0] - direction[0]) + std::abs(other[1] - direction[1]) + std::abs(other[2] - direction[2]) < 1e-14;
          };
          if (std::ranges::none_of(seen, same)) {
            seen.push_back(direction);
            for (std::size_t i = 0; i < all.size(); ++i)
              if (all[i][0] * ray[0] + all[i][1] * ray[1] + all[i][2] * ray[2] == 0) ++rays[i];
          }
        }
        for (Wide& component : ray) component = -component;
      }
    }
  std::vector<Normal> kept;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (rays[i] >= 2) kept.push_back(all[i]);
  return kept;
}

using Six = std::array<double, 6>;
constexpr std::size_t kRow[6] = {0, 1, 2, 0, 0, 1}, kColumn[6] = {0, 1, 2, 1, 2, 2};

Six components(const ReciprocalMetric& m) { return {m.uu, m.vv, m.ww, m.uv, m.uw, m.vw}; }

}  // namespace

AsymmetricUnit::AsymmetricUnit(std::span<const Rotation> rotations, const std::array<int, 3>& axis) {
  std::vector<Rotation> permuted;
  for (const Rotation& rotation : rotations) {
    Rotation p{};
    kernels::OrbitMap map{};
    for (std::size_t i = 0; i < 3; ++i) {
      const auto row = static_cast<std::size_t>(axis[i]);
      for (std::size_t j = 0; j < 3; ++j) {
        p[3 * i + j] = rotation[3 * row + static_cast<std::size_t>(axis[j])];
        map.step[i] += rotation[3 * row + j] * kPackedIndex[j];
      }
    }
    for (std::size_t lane = 0; lane < kernels::kBlock; ++lane) map.lanes[lane] = static_cast<std::int64_t>(lane) * map.step[2];
    permuted.push_back(p);
    maps_.push_back(map);
  }
  find_bounds(permuted);
  average_images(permuted);
}

void AsymmetricUnit::find_bounds(std::span<const Rotation> permuted) {
  const std::vector<Normal> normals = faces(half_spaces(permuted));
  constexpr double whole = 0.25;  // of the least distance between a whole number and a bound that is none
  for (const Normal& n : normals) {
    if (n[2] == 0 && n[1] == 0) continue;  // u >= 0
    const auto last = static_cast<double>(n[2] != 0 ? n[2] : n[1]);
    const Bound bound = {-static_cast<double>(n[0]) / last, n[2] != 0 ? -static_cast<double>(n[1]) / last : 0.0, whole / std::abs(last)};
    if (n[2] != 0)
      (last > 0 ? w_at_least_ : w_at_most_).push_back(bound);
    else
      (last > 0 ? v_at_least_ : v_at_most_).push_back(bound);
  }
  // A lower and an upper bound of w leave room for w where they are in order: the shadow of the cone on the plane of u and v.
  for (const Bound& low : w_at_least_)
    for (const Bound& high : w_at_most_) {
      const double by_u = low.by_u - high.by_u, by_v = high.by_v - low.by_v;  // by_v v >= by_u u
      if (by_v != 0) (by_v > 0 ? v_at_least_ : v_at_most_).push_back({by_u / by_v, 0, kOutward * (1 + std::abs(by_u / by_v))});
    }
}

void AsymmetricUnit::average_images(std::span<const Rotation> permuted) {
  // g^2 of hW is h (W G W^T) h^T.
  for (const Rotation& w : permuted)
    for (std::size_t to = 0; to < 6; ++to)
      for (std::size_t from = 0; from < 6; ++from) {
        const auto entry = [&](std::size_t i, std::size_t j) { return w[3 * i + j]; };
        double share = entry(kRow[to], kRow[from]) * entry(kColumn[to], kColumn[from]);
        if (kRow[from] != kColumn[from]) share += entry(kRow[to], kColumn[from]) * entry(kColumn[to], kRow[from]);
        mean_[to][from] += share / static_cast<double>(permuted.size());
      }
}

ReciprocalMetric AsymmetricUnit::symmetrised(const ReciprocalMetric& metric) const {
  if (order() == 1) return metric;
  const Six from = components(metric);
  Six to{};
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 6; ++j) to[i] += mean_[i][j] * from[j];
  for (std::size_t i = 0; i < 6; ++i)
    if (!(std::abs(to[i] - from[i]) <= kMetricTolerance * std::sqrt(from[kRow[i]] * from[kColumn[i]]))) throw InputError("a symmetry operation is not one of the lattice");
  ReciprocalMetric mean = metric;
  mean.uu = to[0], mean.vv = to[1], mean.ww = to[2], mean.uv = to[3], mean.uw = to[4], mean.vw = to[5];
  // The edges are those of the inverse of the metric.
  const double minor[3] = {mean.vv * mean.ww - mean.vw * mean.vw, mean.uu * mean.ww - mean.uw * mean.uw, mean.uu * mean.vv - mean.uv * mean.uv};
  const double determinant = mean.uu * minor[0] - mean.uv * (mean.uv * mean.ww - mean.vw * mean.uw) + mean.uw * (mean.uv * mean.vw - mean.vv * mean.uw);
  for (std::size_t i = 0; i < 3; ++i) mean.edge[i] = std::sqrt(minor[i] / determinant);
  mean.volume = 1 / std::sqrt(determinant);
  return mean;
}

void AsymmetricUnit::label(ReflectionBatch& batch) const {
  const std::size_t room = batch.reflections + kernels::kBlock;
  if (batch.hkl.size() < room) batch.hkl.resize(room), batch.multiplicity.resize(room);
  kernels::label_orbits(maps_, batch.rows, batch.hkl.data(), batch.multiplicity.data());
}

}  // namespace xxact::xrd
