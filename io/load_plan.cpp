#include "io/load_plan.hpp"

#include <algorithm>

namespace xxact::io {

std::string_view name_of(LoadMode mode) { return mode == LoadMode::whole ? "whole" : "streamed"; }

LoadPlan plan_load(std::uint64_t dataset_bytes, double row_bytes, std::uint64_t node_memory, double share) {
  LoadPlan plan;
  plan.usable_bytes = static_cast<std::uint64_t>(static_cast<double>(node_memory) * share);
  plan.mode = dataset_bytes <= plan.usable_bytes ? LoadMode::whole : LoadMode::streamed;
  const double bytes = plan.mode == LoadMode::whole ? static_cast<double>(dataset_bytes) : static_cast<double>(plan.usable_bytes) / kWindows;
  if (row_bytes > 0) plan.window_rows = std::max<std::int64_t>(1, static_cast<std::int64_t>(bytes / row_bytes));
  return plan;
}

}  // namespace xxact::io
