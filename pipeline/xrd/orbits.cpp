#include "pipeline/xrd/orbits.hpp"

#include <algorithm>
#include <cmath>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr double kMetricTolerance = 1e-3;

/// What one step of u, v and w adds to the packed image of hkl.
template <class Int>
kernels::PackedMap<Int> packed_map(const Rotation& rotation, const ReciprocalMetric& metric, int bits) {
  kernels::PackedMap<Int> map{};
  for (std::size_t a = 0; a < 3; ++a) {
    const auto row = static_cast<std::size_t>(metric.axis[a]);
    Int image = 0;
    for (std::size_t j = 0; j < 3; ++j) image += static_cast<Int>(rotation[3 * row + j]) * (Int{1} << (bits * static_cast<int>(2 - j)));
    map[a] = image;
  }
  return map;
}

constexpr int kNarrowBits = 10, kWideBits = 21;

}  // namespace

void OrbitReducer::begin(const LaueGroup& group, const ReciprocalMetric& metric, const ReflectionEnumerator& enumerator) {
  order_ = group.order();
  if (order_ == 1) return;
  // Reciprocal metric with its axes in the order h, k, l.
  std::array<std::array<double, 3>, 3> g;
  const std::array<std::array<double, 3>, 3> permuted = {{{metric.uu, metric.uv, metric.uw}, {metric.uv, metric.vv, metric.vw}, {metric.uw, metric.vw, metric.ww}}};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) g[static_cast<std::size_t>(metric.axis[i])][static_cast<std::size_t>(metric.axis[j])] = permuted[i][j];
  for (const Rotation& w : group.rotations())
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = i; j < 3; ++j) {
        double image = 0;
        for (std::size_t k = 0; k < 3; ++k)
          for (std::size_t l = 0; l < 3; ++l) image += w[3 * i + k] * g[k][l] * w[3 * j + l];
        if (std::abs(image - g[i][j]) > kMetricTolerance * std::sqrt(g[i][i] * g[j][j])) throw InputError("a symmetry operation is not one of the lattice");
      }
  narrow_ = std::max({enumerator.u_max(), enumerator.v_max(), enumerator.w_max()}) < 1 << (kNarrowBits - 1);
  narrow_maps_.clear();
  wide_maps_.clear();
  for (const Rotation& w : group.rotations()) {
    if (narrow_)
      narrow_maps_.push_back(packed_map<std::int32_t>(w, metric, kNarrowBits));
    else
      wide_maps_.push_back(packed_map<std::int64_t>(w, metric, kWideBits));
  }
}

void OrbitReducer::reduce(ReflectionBatch& batch) {
  batch.multiplicity.clear();
  if (order_ == 1) return;
  if (multiplicity_.size() < batch.reflections + kernels::kBlock) multiplicity_.resize(batch.reflections + kernels::kBlock);
  if (narrow_)
    kernels::count_orbits(narrow_maps_, batch.rows, multiplicity_.data());
  else
    kernels::count_orbits(wide_maps_, batch.rows, multiplicity_.data());
  rows_.clear();
  std::size_t from = 0, to = 0;
  for (const ReflectionRow& row : batch.rows) {
    for (int i = 0; i < row.count; ++i, ++from) {
      if (multiplicity_[from] == 0) continue;
      const int w = row.first + i;
      if (!rows_.empty() && rows_.back().u == row.u && rows_.back().v == row.v && rows_.back().first + rows_.back().count == w)
        ++rows_.back().count;
      else
        rows_.push_back({row.u, row.v, w, 1});
      batch.g_squared[to] = batch.g_squared[from];
      batch.multiplicity.push_back(multiplicity_[from]);
      ++to;
    }
  }
  batch.rows.swap(rows_);
  batch.reflections = to;
}

}  // namespace xxact::xrd
