// Which reflections are equivalent: |F(h W)| = |F(h)| for every rotation W of the structure's space group (h a row of
// indices, x' = W x + w the operation), and |F(-h)| counts with |F(h)|. Where the group is known, one reflection of each
// orbit is computed and counted as often as the orbit is large.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "pipeline/xrd/asymmetric_unit.hpp"

namespace xxact::xrd {

/// Copies share what was worked out once.
class LaueGroup {
 public:
  /// Identity and inversion alone, which every powder pattern has.
  static const LaueGroup& none();
  /// The group that rotations generate, with the inversion. That they are symmetries of the atoms is the caller's word.
  /// Throws InputError when they generate no group of a crystal.
  explicit LaueGroup(std::span<const Rotation> rotations);

  /// One reflection of each orbit, for a lattice whose index w is that axis.
  const AsymmetricUnit& unit(const ReciprocalMetric& metric) const { return (*units_)[static_cast<std::size_t>(metric.axis[2])]; }

 private:
  std::shared_ptr<const std::vector<AsymmetricUnit>> units_;  // for w = h, k, l
};

/// Groups by their codes (src/base/laue_code.hpp), each worked out once. One a thread.
class LaueGroups {
 public:
  /// kNoLaueCode: no symmetry. Throws InputError for a code of no group. Valid as long as this object.
  const LaueGroup& of(std::uint32_t laue_code);

 private:
  std::unordered_map<std::uint32_t, LaueGroup> known_;
};

}  // namespace xxact::xrd
