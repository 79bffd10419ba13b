#include "pipeline/xrd/merge_lines.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "pipeline/xrd/kernels.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

/// The lowest field of a packed hkl, taken off it.
int take_index(std::int64_t& packed) {
  constexpr std::int64_t half = std::int64_t{1} << (kPackedIndexBits - 1), mask = (std::int64_t{1} << kPackedIndexBits) - 1;
  const std::int64_t index = ((packed + half) & mask) - half;
  packed = (packed - index) >> kPackedIndexBits;
  return static_cast<int>(index);
}

template <class T>
void at_least(std::vector<T>& values, std::size_t size) {
  if (values.size() < size) values.resize(std::max(size, 2 * values.size()));
}

}  // namespace

void LineMerger::begin(double smallest, double largest) {
  reflections_ = 0;
  smallest_ = smallest;
  largest_ = largest;
}

void LineMerger::add(const ReflectionBatch& batch, std::span<const double> intensity) {
  const std::size_t total = reflections_ + batch.reflections;
  if (total >= std::size_t{1} << kernels::kIndexBits) throw InputError("more than {} reflections", std::size_t{1} << kernels::kIndexBits);
  const auto append = [&](auto& values, const auto& more) {
    at_least(values, total);
    std::copy_n(more.begin(), batch.reflections, values.begin() + static_cast<std::ptrdiff_t>(reflections_));
  };
  append(g_squared_, batch.g_squared);
  append(intensity_, intensity);
  append(hkl_, batch.hkl);
  append(multiplicity_, batch.multiplicity);
  reflections_ = total;
}

/// Into as many buckets as there are reflections, and then by insertion, which finds them all but in order.
void LineMerger::sort() {
  const std::size_t n = reflections_, buckets = std::bit_ceil(n);
  at_least(bucket_, n);
  for (auto* keys : {&keys_, &sorted_}) at_least(*keys, n);
  kernels::assign_buckets(smallest_, largest_, static_cast<int>(buckets), g_squared_.data(), n, keys_.data(), bucket_.data());
  bucket_end_.assign(buckets, 0);
  for (std::size_t i = 0; i < n; ++i) ++bucket_end_[bucket_[i]];
  std::uint32_t begin = 0;
  for (std::uint32_t& end : bucket_end_) begin += std::exchange(end, begin);
  for (std::size_t i = 0; i < n; ++i) sorted_[bucket_end_[bucket_[i]]++] = keys_[i];
  for (std::size_t i = 1; i < n; ++i) {
    const std::uint64_t key = sorted_[i];
    std::size_t place = i;
    for (; place > 0 && sorted_[place - 1] > key; --place) sorted_[place] = sorted_[place - 1];
    sorted_[place] = key;
  }
  constexpr std::uint64_t index = (std::uint64_t{1} << kernels::kIndexBits) - 1;
  for (auto* values : {&sorted_g_squared_, &two_theta_, &angle_key_}) at_least(*values, n);
  at_least(order_, n);
  for (std::size_t i = 0; i < n; ++i) {
    order_[i] = static_cast<std::uint32_t>(sorted_[i] & index);
    sorted_g_squared_[i] = g_squared_[order_[i]];
  }
}

/// Without a branch on "the same line?", which no processor guesses right. Returns the strongest intensity.
double LineMerger::group() {
  at_least(groups_, reflections_);
  double key = -1, strongest = 0, intensity = 0;
  std::uint64_t count = 0, first = 0, reflections = 0;
  std::int64_t hkl = 0;
  for (std::size_t i = 0; i < reflections_; ++i) {
    const std::uint32_t reflection = order_[i];
    const std::uint64_t fresh = angle_key_[i] != key ? 1 : 0;
    const std::uint64_t keep = fresh - 1;  // all bits when the line goes on
    key = angle_key_[i];
    count += fresh;
    first = (first & keep) | (i & ~keep);
    reflections = (reflections & keep) + multiplicity_[reflection];
    intensity = std::bit_cast<double>(std::bit_cast<std::uint64_t>(intensity) & keep) + intensity_[reflection];
    hkl = std::max(hkl & static_cast<std::int64_t>(keep), hkl_[reflection]);
    strongest = std::max(strongest, intensity);
    groups_[count - 1] = {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(reflections), intensity, hkl};
  }
  group_count_ = count;
  return strongest;
}

void LineMerger::write(double wavelength, std::vector<Line>& lines) {
  lines.clear();
  if (reflections_ == 0) return;
  sort();
  kernels::angles_and_keys(wavelength, kMergeTolerance, sorted_g_squared_.data(), reflections_, two_theta_.data(), angle_key_.data());
  const double weakest = group() * (kWeakestIntensity / 100);
  for (std::size_t i = 0; i < group_count_; ++i) {
    const Group& group = groups_[i];
    if (!(group.intensity > weakest)) continue;
    std::int64_t packed = group.hkl;
    const int l = take_index(packed), k = take_index(packed), h = take_index(packed);
    lines.push_back({two_theta_[group.first], group.intensity, 1 / std::sqrt(sorted_g_squared_[group.first]), h, k, l, 2 * static_cast<int>(group.reflections)});
  }
}

}  // namespace xxact::xrd
