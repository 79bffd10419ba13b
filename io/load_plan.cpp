#include "io/load_plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "src/base/error.hpp"

namespace xxact::io {

std::string_view name_of(LoadMode mode) { return mode == LoadMode::whole ? "whole" : "streamed"; }

namespace {

namespace fs = std::filesystem;

/// The least limit of this group and those above it, up to the root of the hierarchy; where a group has none its file holds "max", a number beyond
/// all memory, or is not there.
std::uint64_t least_limit(const fs::path& root, const fs::path& group, const char* file) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max(), limit = 0;
  for (fs::path below = group;; below = below.parent_path()) {
    if (std::ifstream in(root / below.relative_path() / file); in >> limit) least = std::min(least, limit);
    if (!below.has_relative_path()) return least;
  }
}

/// Of this process, as /proc/self/cgroup names them: "0::/path" (version 2) and "4:memory:/path" (version 1).
std::uint64_t memory_of_control_groups() {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto controllers = line.find(':'), path = line.find(':', controllers + 1);
    if (path == std::string::npos) continue;
    const auto names = line.substr(controllers + 1, path - controllers - 1);
    if (names.empty()) least = std::min(least, least_limit("/sys/fs/cgroup", line.substr(path + 1), "memory.max"));
    if (names == "memory") least = std::min(least, least_limit("/sys/fs/cgroup/memory", line.substr(path + 1), "memory.limit_in_bytes"));
  }
  return least;
}

}  // namespace

std::uint64_t memory_of_this_machine() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || bytes <= 0) throw ConfigError("the system does not say how much memory it has");
  const auto physical = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(bytes);
  return std::min(physical, memory_of_control_groups());
}

LoadPlan plan_load(std::uint64_t dataset_bytes, double row_bytes, std::uint64_t node_memory, double share) {
  LoadPlan plan;
  plan.usable_bytes = static_cast<std::uint64_t>(static_cast<double>(node_memory) * share);
  plan.mode = dataset_bytes <= plan.usable_bytes ? LoadMode::whole : LoadMode::streamed;
  const double bytes = plan.mode == LoadMode::whole ? static_cast<double>(dataset_bytes) : static_cast<double>(plan.usable_bytes) / kWindows;
  if (row_bytes > 0) plan.window_rows = std::max<std::int64_t>(1, static_cast<std::int64_t>(bytes / row_bytes));
  return plan;
}

}  // namespace xxact::io
