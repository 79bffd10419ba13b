#include "io/load_plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "src/base/error.hpp"

namespace xxact::io {

std::string_view name_of(LoadMode mode) { return mode == LoadMode::whole ? "whole" : "streamed"; }

std::uint64_t memory_of_this_machine() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || bytes <= 0) throw ConfigError("the system does not say how much memory it has");
  const auto physical = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(bytes);
  // Versions 2 and 1 of control groups; where there is no limit the file holds "max", a number beyond all memory, or is not there.
  std::uint64_t least = physical, granted = 0;
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"})
    if (std::ifstream limit(file); limit >> granted) least = std::min(least, granted);
  return least;
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
