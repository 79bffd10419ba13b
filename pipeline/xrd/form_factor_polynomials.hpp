// Form factors as polynomials, for the inner loop: of each element and ion f0(s) + f', and f'', each
// times the atom's Debye-Waller factor, as Chebyshev expansions in
// y = 1 / (1 + s^2 / q). Sums of Gaussians in s become so smooth in y that 10 to 20 terms do where the exponentials take
// some seventy operations; q grows with the range, which keeps the number of terms low for short wavelengths too.
#pragma once

#include <vector>

#include "pipeline/xrd/form_factors.hpp"
#include "pipeline/xrd/kernels.hpp"

namespace xxact::xrd {

class FormFactorPolynomials {
 public:
  /// What the neglected terms of f0 + f' amount to at most, as a share of the atomic number. Rounding comes on top,
  /// 1e-14 and 2e-6.
  static constexpr double kDoubleError = 1e-12, kSingleError = 1e-7;

  /// For 0 <= g^2 <= g_squared_max (1/angstrom^2, s = |g| / 2). Throws ConfigError when the range is too wide for the errors.
  FormFactorPolynomials(const ScatteringTable& table, double g_squared_max);

  /// Throws InputError for an element without form factor.
  template <class Real>
  const kernels::ElementPolynomial<Real>& of(int atomic_number) const;

  /// The species as the table numbers them.
  template <class Real>
  const kernels::ElementPolynomial<Real>& at(std::size_t index) const;

  const ScatteringTable& table() const { return *table_; }
  const kernels::PolynomialArgument& argument() const { return argument_; }

 private:
  void fit(std::size_t index);

  const ScatteringTable* table_;
  double q_, s_max_;
  kernels::PolynomialArgument argument_;
  std::vector<kernels::ElementPolynomial<float>> single_;   // [species]
  std::vector<kernels::ElementPolynomial<double>> exact_;
};

}  // namespace xxact::xrd
