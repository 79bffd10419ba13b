// |F|^2 of one structure's reflections, batch by batch: per-atom phase tables, phase sums of each element, form factors.
// Float for patterns, double for lines.
// F(g) = sum over atoms of occupancy (f0(s) + f' + i f'') exp(-B s^2) exp(2 pi i g . x), s = |g| / 2; where the structure has
// displacements of its own, exp(-2 pi^2 g^T U g) in place of exp(-B s^2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/xrd/damping.hpp"
#include "pipeline/xrd/form_factor_polynomials.hpp"
#include "pipeline/xrd/kernels.hpp"
#include "pipeline/xrd/reflections.hpp"
#include "src/base/structure.hpp"

namespace xxact::xrd {

template <class Real>
class StructureFactorCalculator {
 public:
  /// The structure whose reflections follow; its largest indices and the order of its axes come from the enumerator and
  /// the metric. With a table that has ions the atoms scatter by their charges; displacements of the structure's own are used.
  /// Throws InputError: no atoms, an atom that is not finite, an element without form factor, a charge that is not in the table,
  /// a displacement that cannot be. ConfigError: displacements both of the structure and of the table.
  void begin(const StructureView& structure, const FormFactorPolynomials& table, const ReciprocalMetric& metric, const ReflectionEnumerator& enumerator);

  /// What begin() does and throws before it computes: for whoever asks only whether it would throw.
  void arrange(const StructureView& structure, const FormFactorPolynomials& table, const ReciprocalMetric& metric);

  /// [batch.reflections]: |F(g)|^2 + |F(-g)|^2. Valid until the next call.
  std::span<Real> of(const ReflectionBatch& batch);

 private:
  void sort_by_element(const StructureView& structure, const FormFactorPolynomials& table);
  void sort_by_species(const StructureView& structure, const FormFactorPolynomials& table);
  void tabulate_phases(const StructureView& structure, const ReciprocalMetric& metric);
  void make_room(std::size_t reflections);

  std::vector<std::uint32_t> order_;                  // atoms by element, or by species where there are ions
  std::vector<std::uint32_t> species_, species_begin_;  // [atoms], [species of the table + 1]; with ions only
  std::vector<std::uint8_t> elements_;                  // in the structure, ascending
  std::array<std::uint32_t, 256> next_of_{};            // by element: the place of its next atom; zero but for elements_
  std::vector<double> coordinate_, step_re_, step_im_;  // [3, atom_stride]: along u, v, w, and exp(2 pi i x) of it
  std::vector<double> occupancy_, one_;                 // [atom_stride]
  std::vector<std::size_t> element_end_;              // [elements]
  std::vector<const kernels::ElementPolynomial<Real>*> scattering_;  // [elements]
  std::vector<Real> power_re_, power_im_;  // [w_max + 1, atom_stride]
  std::vector<Real> u_re_, u_im_, v_re_, v_im_, w_re_, w_im_, row_re_, row_im_;
  std::vector<Real> sum_re_, sum_im_;  // [elements, stride_]
  std::size_t stride_ = 0;
  std::vector<Real> argument_, f_squared_;
  kernels::PolynomialArgument polynomial_argument_{};
  kernels::PhaseTables<Real> tables_;
  Damping<Real> damping_;
  bool damped_ = false;
  int u_max_ = 0;
};

extern template class StructureFactorCalculator<float>;
extern template class StructureFactorCalculator<double>;

}  // namespace xxact::xrd
