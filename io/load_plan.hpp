// Whether a dataset fits the memory of a node whole, or is to be read through a window that moves over its rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace xxact::io {

/// Part of a node's memory that structures may take: the rest is for model, batches, and the system's file cache; shared memory (/dev/shm) is half of it
/// unless the system says otherwise.
inline constexpr double kDatasetMemoryShare = 0.45;
/// Windows that lie in memory at once: rows are used from one while the next is read.
inline constexpr int kWindows = 2;

enum class LoadMode { whole, streamed };
std::string_view name_of(LoadMode mode);  // "whole", "streamed"

struct LoadPlan {
  LoadMode mode = LoadMode::whole;
  std::uint64_t usable_bytes = 0;  // of the node's memory
  std::int64_t window_rows = 0;    // all rows if whole
};

/// What this process may use of this machine's memory: all of it, or what its control groups (a batch job's, a container's) grant.
/// ConfigError when the system does not say.
std::uint64_t memory_of_this_machine();

/// What of it is free or can be freed at once (the file cache), within what the control groups leave. ConfigError when the system does not say.
/// `system` is the folder above /proc and /sys.
std::uint64_t memory_available(const std::filesystem::path& system = "/");

/// A pure function. `dataset_bytes` of all rows' arrays, which one node holds once whatever its ranks; `row_bytes` of an
/// average row; `share` in (0, 1]. At least one row is in a window.
LoadPlan plan_load(std::uint64_t dataset_bytes, double row_bytes, std::uint64_t node_memory, double share = kDatasetMemoryShare);

}  // namespace xxact::io
