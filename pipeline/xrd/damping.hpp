// The Debye-Waller factors of atoms with displacements of their own, as damped_phases.hpp wants them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/xrd/damped_phases.hpp"
#include "pipeline/xrd/reflections.hpp"
#include "src/base/structure.hpp"

namespace xxact::xrd {

/// One a thread; keeps its buffers.
template <class Real>
class Damping {
 public:
  /// Takes the atoms in this order. False for a structure without displacements of its own.
  /// Throws InputError, with the atom, for a displacement that is not finite or negative in some direction.
  bool begin(const StructureView& structure, const ReciprocalMetric& metric, std::span<const std::uint32_t> order);

  const kernels::DampingTables<Real>& tables() const { return tables_; }

 private:
  std::array<std::vector<double>, 5> outer_;            // [atoms] each
  std::vector<Real> ww_, row_constant_, row_slope_;     // [atoms]
  kernels::DampingTables<Real> tables_;
};

extern template class Damping<float>;
extern template class Damping<double>;

}  // namespace xxact::xrd
