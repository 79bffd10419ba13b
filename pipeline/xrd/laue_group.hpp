// Which reflections are equivalent: |F(h W)| = |F(h)| for every rotation W of the structure's space group (h a row of
// indices, x' = W x + w the operation), and |F(-h)| counts with |F(h)|. Where the group is known, one reflection of each
// orbit is computed and counted as often as the orbit is large.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace xxact::xrd {

using Rotation = std::array<int, 9>;  // [3, 3] row-major, in the basis of the cell

class LaueGroup {
 public:
  /// Identity and inversion alone, which every powder pattern has.
  static const LaueGroup& none();
  /// The rotations of all operations of a space group, in any order, repeated or not; the identity need not be there. That
  /// they are symmetries of the atoms is the caller's word. Throws InputError when they are not a group of rotations.
  explicit LaueGroup(std::span<const Rotation> rotations);

  /// Operations, W and -W counted once.
  std::size_t order() const { return rotations_.size(); }
  std::span<const Rotation> rotations() const { return rotations_; }

 private:
  std::vector<Rotation> rotations_;  // the identity first
};

}  // namespace xxact::xrd
