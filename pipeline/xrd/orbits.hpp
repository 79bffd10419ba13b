// One reflection of each orbit of a Laue group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pipeline/xrd/kernels.hpp"
#include "pipeline/xrd/laue_group.hpp"
#include "pipeline/xrd/reflections.hpp"

namespace xxact::xrd {

/// Thins batches of reflections; one a thread, it keeps its buffers.
class OrbitReducer {
 public:
  /// Throws InputError when an operation does not keep the lattice's lengths and angles (to 1e-3 of them).
  void begin(const LaueGroup& group, const ReciprocalMetric& metric, const ReflectionEnumerator& enumerator);
  /// Keeps one reflection of each orbit and sets batch.multiplicity; nothing but that for a group of order 1.
  void reduce(ReflectionBatch& batch);

 private:
  std::size_t order_ = 1;
  bool narrow_ = true;  // every index fits the narrow packing
  std::vector<kernels::PackedMap<std::int32_t>> narrow_maps_;
  std::vector<kernels::PackedMap<std::int64_t>> wide_maps_;
  std::vector<std::uint16_t> multiplicity_;
  std::vector<ReflectionRow> rows_;
};

}  // namespace xxact::xrd
