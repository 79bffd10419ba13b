// Chosen rows of datasets, packed one behind the other into memory that they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "io/dataset_plan.hpp"

namespace xxact::io {

/// What the chosen rows of `from`, ascending, take.
DatasetExtents extents_of(const Dataset& from, std::span<const std::int64_t> rows);

/// Copies the chosen rows of `from`, ascending, to `at` of the arrays in `storage`, which `plan` (of plan_of_extents, for at least so
/// much) describes; both have the same kinds of arrays. Entry `at.rows` of the offsets must be or become at.atoms and at.entries:
/// it is what the rows before write last. `at` then moves behind the copied rows.
void pack_rows(const Dataset& from, std::span<const std::int64_t> rows, const DatasetPlan& plan, std::byte* storage, DatasetExtents& at);

/// Writes the first offsets, which no row writes.
void begin_packed(const DatasetPlan& plan, std::byte* storage);

}  // namespace xxact::io
