#include "pipeline/xrd/laue_group.hpp"

#include <utility>

#include "src/base/error.hpp"

namespace xxact::xrd {

LaueGroup::LaueGroup(std::span<const Rotation> rotations) {
  const std::vector<Rotation> group = laue_group_of(rotations);
  if (group.empty()) throw InputError("the symmetry operations are not of a crystal");
  std::vector<AsymmetricUnit> units;
  for (int w = 0; w < 3; ++w) units.emplace_back(group, axes_with_last(w));
  units_ = std::make_shared<const std::vector<AsymmetricUnit>>(std::move(units));
}

const LaueGroup& LaueGroup::none() {
  static const LaueGroup group(std::span<const Rotation>{});
  return group;
}

const LaueGroup& LaueGroups::of(std::uint32_t laue_code) {
  if (laue_code == kNoLaueCode) return LaueGroup::none();
  if (const auto known = known_.find(laue_code); known != known_.end()) return known->second;
  return known_.emplace(laue_code, LaueGroup(decode_laue_group(laue_code))).first->second;
}

}  // namespace xxact::xrd
