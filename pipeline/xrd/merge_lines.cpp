#include "pipeline/xrd/merge_lines.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "pipeline/xrd/kernels.hpp"

namespace xxact::xrd {
namespace {

constexpr int kIndexBits = 21;  // a signed index a field, and their order is the order of the packed numbers
static_assert(ReflectionEnumerator::kLargestIndex < 1 << (kIndexBits - 1));

/// The lowest field of a packed hkl, taken off it.
int take_index(std::int64_t& packed) {
  constexpr std::int64_t half = std::int64_t{1} << (kIndexBits - 1), mask = (std::int64_t{1} << kIndexBits) - 1;
  const std::int64_t index = ((packed + half) & mask) - half;
  packed = (packed - index) >> kIndexBits;
  return static_cast<int>(index);
}

template <class T>
void at_least(std::vector<T>& values, std::size_t size) {
  if (values.size() < size) values.resize(std::max(size, 2 * values.size()));
}

}  // namespace

void LineMerger::begin(const ReciprocalMetric& metric) {
  reflections_ = 0;
  for (std::size_t i = 0; i < 3; ++i) unit_[i] = std::int64_t{1} << (kIndexBits * (2 - metric.axis[i]));
}

void LineMerger::add(const ReflectionBatch& batch, std::span<const double> intensity) {
  const std::size_t total = reflections_ + batch.reflections;
  for (auto* values : {&g_squared_, &intensity_}) at_least(*values, total);
  at_least(hkl_, total);
  std::copy_n(batch.g_squared.begin(), batch.reflections, g_squared_.begin() + static_cast<std::ptrdiff_t>(reflections_));
  std::copy_n(intensity.begin(), batch.reflections, intensity_.begin() + static_cast<std::ptrdiff_t>(reflections_));
  std::int64_t* to = hkl_.data() + reflections_;
  for (const ReflectionRow& row : batch.rows) {
    const std::int64_t first = row.u * unit_[0] + row.v * unit_[1] + row.first * unit_[2];
    for (int i = 0; i < row.count; ++i) *to++ = std::abs(first + i * unit_[2]);
  }
  reflections_ = total;
}

/// Into as many buckets as there are reflections, and then by insertion, which finds them all but in order.
void LineMerger::sort() {
  const auto [smallest, largest] = std::minmax_element(g_squared_.begin(), g_squared_.begin() + static_cast<std::ptrdiff_t>(reflections_));
  const std::size_t buckets = std::bit_ceil(reflections_);
  at_least(bucket_, reflections_);
  at_least(sorted_, reflections_);
  kernels::assign_buckets(*smallest, *largest, static_cast<int>(buckets), g_squared_.data(), reflections_, bucket_.data());
  bucket_end_.assign(buckets + 1, 0);
  for (std::size_t i = 0; i < reflections_; ++i) ++bucket_end_[bucket_[i] + 1];
  for (std::size_t b = 0; b < buckets; ++b) bucket_end_[b + 1] += bucket_end_[b];
  for (std::size_t i = 0; i < reflections_; ++i) sorted_[bucket_end_[bucket_[i]]++] = {g_squared_[i], static_cast<std::uint32_t>(i)};
  for (std::size_t i = 1; i < reflections_; ++i) {
    const Entry entry = sorted_[i];
    std::size_t place = i;
    for (; place > 0 && sorted_[place - 1].g_squared > entry.g_squared; --place) sorted_[place] = sorted_[place - 1];
    sorted_[place] = entry;
  }
}

void LineMerger::group() {
  groups_.clear();
  double key = -1;
  for (std::size_t i = 0; i < reflections_; ++i) {
    const std::uint32_t reflection = sorted_[i].reflection;
    if (key_[i] != key) {
      key = key_[i];
      groups_.push_back({static_cast<std::uint32_t>(i), 0, 0.0, 0});
    }
    Group& group = groups_.back();
    ++group.reflections;
    group.intensity += intensity_[reflection];
    group.hkl = std::max(group.hkl, hkl_[reflection]);
  }
}

void LineMerger::write(double wavelength, std::vector<Line>& lines) {
  lines.clear();
  if (reflections_ == 0) return;
  sort();
  for (auto* values : {&sorted_g_squared_, &two_theta_, &key_}) at_least(*values, reflections_);
  for (std::size_t i = 0; i < reflections_; ++i) sorted_g_squared_[i] = sorted_[i].g_squared;
  kernels::angles_and_keys(wavelength, kMergeTolerance, sorted_g_squared_.data(), reflections_, two_theta_.data(), key_.data());
  group();
  double strongest = 0;
  for (const Group& group : groups_) strongest = std::max(strongest, group.intensity);
  for (const Group& group : groups_) {
    if (!(group.intensity / strongest * 100 > kWeakestIntensity)) continue;
    std::int64_t packed = group.hkl;
    const int l = take_index(packed), k = take_index(packed), h = take_index(packed);
    lines.push_back({two_theta_[group.first], group.intensity, 1 / std::sqrt(sorted_g_squared_[group.first]), h, k, l, 2 * static_cast<int>(group.reflections)});
  }
}

}  // namespace xxact::xrd
