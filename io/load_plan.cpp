#include "io/load_plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "src/base/error.hpp"

namespace xxact::io {

std::string_view name_of(LoadMode mode) { return mode == LoadMode::whole ? "whole" : "streamed"; }

namespace {

namespace fs = std::filesystem;

constexpr auto kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// Files in which a version of control groups says what a group may use and uses, and which part of that is file cache.
struct GroupFiles {
  const char *limit, *used, *cache_entry;
};
constexpr GroupFiles kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}, kVersion2 = {"memory.max", "memory.current", "inactive_file"};

/// The number behind `name` in lines "name number ..."; 0 if there is none.
std::uint64_t entry_of(const fs::path& file, std::string_view name) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  for (std::string line, key; std::getline(in, line);)
    if (std::istringstream words(line); words >> key >> value && key == name) return value;
  return 0;
}

/// What is used beside the cache, which gives way.
std::uint64_t used_by(const fs::path& group, const GroupFiles& files) {
  std::uint64_t used = 0;
  std::ifstream(group / files.used) >> used;
  return used - std::min(used, entry_of(group / "memory.stat", files.cache_entry));
}

/// The least that this group and those above it grant, or still have, up to the root of the hierarchy; where a group has no limit its file holds
/// "max", a number beyond all memory, or is not there.
std::uint64_t least_grant(const fs::path& root, const fs::path& group, const GroupFiles& files, bool still) {
  std::uint64_t least = kNoLimit, limit = 0;
  for (fs::path below = group;; below = below.parent_path()) {
    const auto folder = root / below.relative_path();
    if (std::ifstream in(folder / files.limit); in >> limit) least = std::min(least, still ? limit - std::min(limit, used_by(folder, files)) : limit);
    if (!below.has_relative_path()) return least;
  }
}

/// Of this process, as /proc/self/cgroup names them: "0::/path" (version 2) and "4:memory:/path" (version 1).
std::uint64_t memory_of_control_groups(const fs::path& system, bool still) {
  std::uint64_t least = kNoLimit;
  std::ifstream groups(system / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto controllers = line.find(':'), path = line.find(':', controllers + 1);
    if (path == std::string::npos) continue;
    const auto names = line.substr(controllers + 1, path - controllers - 1);
    if (names.empty()) least = std::min(least, least_grant(system / "sys/fs/cgroup", line.substr(path + 1), kVersion2, still));
    if (names == "memory") least = std::min(least, least_grant(system / "sys/fs/cgroup/memory", line.substr(path + 1), kVersion1, still));
  }
  return least;
}

}  // namespace

std::uint64_t memory_of_this_machine() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || bytes <= 0) throw ConfigError("the system does not say how much memory it has");
  const auto physical = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(bytes);
  return std::min(physical, memory_of_control_groups("/", false));
}

std::uint64_t memory_available(const fs::path& system) {
  const auto kibibytes = entry_of(system / "proc/meminfo", "MemAvailable:");
  if (kibibytes == 0) throw ConfigError("{} does not say how much memory is available", (system / "proc/meminfo").string());
  return std::min(kibibytes * 1024, memory_of_control_groups(system, true));
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
