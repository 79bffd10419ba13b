// Which reflections are equivalent: |F(h W)| = |F(h)| for every rotation W of the structure's space group (h a row of
// indices, x' = W x + w the operation), and |F(-h)| counts with |F(h)|. Where the group is known, one reflection of each
// orbit is computed and counted as often as the orbit is large.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "pipeline/xrd/asymmetric_unit.hpp"

namespace xxact::xrd {

/// Copies share what was worked out once.
class LaueGroup {
 public:
  /// Identity and inversion alone, which every powder pattern has.
  static const LaueGroup& none();
  /// The rotations of all operations of a space group, in any order, repeated or not; the identity need not be there. That
  /// they are symmetries of the atoms is the caller's word. Throws InputError when they are not a group of rotations.
  explicit LaueGroup(std::span<const Rotation> rotations);

  /// Operations, W and -W counted once.
  std::size_t order() const { return units_->front().order(); }
  /// One reflection of each orbit, for a lattice whose index w is that axis.
  const AsymmetricUnit& unit(const ReciprocalMetric& metric) const { return (*units_)[static_cast<std::size_t>(metric.axis[2])]; }

 private:
  std::shared_ptr<const std::vector<AsymmetricUnit>> units_;  // for w = h, k, l
};

}  // namespace xxact::xrd
