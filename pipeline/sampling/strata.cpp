#include "pipeline/sampling/strata.hpp"

#include <cmath>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::sampling {
namespace {

constexpr int kCrystalSystems = 7;

}  // namespace

RowStrata::RowStrata(std::vector<std::span<const float>> labels, std::span<const std::uint8_t> space_group) : labels_(std::move(labels)), space_group_(space_group) {
  if (labels_.size() > kMostLabels) throw ConfigError("strata of {} labels: at most {}", labels_.size(), kMostLabels);
  count_ = count_of(labels_.size(), !space_group_.empty());
}

int RowStrata::count_of(std::size_t labels, bool with_space_group) { return (1 << labels) * (with_space_group ? kCrystalSystems + 1 : 1); }

int RowStrata::operator()(std::int64_t row) const {
  const auto i = static_cast<std::size_t>(row);
  int stratum = space_group_.empty() ? 0 : crystal_system_of(space_group_[i]) + 1;
  for (const auto& label : labels_) stratum = 2 * stratum + (std::isnan(label[i]) ? 0 : 1);
  return stratum;
}

}  // namespace xxact::sampling
