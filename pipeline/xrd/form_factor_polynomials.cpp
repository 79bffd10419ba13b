#include "pipeline/xrd/form_factor_polynomials.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

constexpr std::size_t kNodes = 64;
using Expansion = std::array<double, kNodes>;

/// Chebyshev coefficients of the interpolant through `value` at the nodes cos(pi (j + 1/2) / kNodes).
Expansion chebyshev(const Expansion& value) {
  static const auto cosine = [] {
    std::array<Expansion, kNodes> table;
    for (std::size_t k = 0; k < kNodes; ++k)
      for (std::size_t j = 0; j < kNodes; ++j)
        table[k][j] = std::cos(std::numbers::pi * static_cast<double>(k) * (static_cast<double>(j) + 0.5) / kNodes);
    return table;
  }();
  Expansion c{};
  for (std::size_t k = 0; k < kNodes; ++k) {
    for (std::size_t j = 0; j < kNodes; ++j) c[k] += value[j] * cosine[k][j];
    c[k] *= (k == 0 ? 1.0 : 2.0) / kNodes;
  }
  return c;
}

/// The smallest degree whose neglected terms together stay below `error`, or -1.
int degree_for(const Expansion& c, double error) {
  double neglected = 0;
  for (std::size_t k = kNodes - 1; k > 0; --k) {
    neglected += std::abs(c[k]);
    if (neglected > error) return k == kNodes - 1 ? -1 : static_cast<int>(k);
  }
  return 0;
}

/// The first degree + 1 terms in powers of t, highest first.
template <class Real>
void to_powers(const Expansion& c, int degree, kernels::ElementPolynomial<Real>& out) {
  // T_0 = 1, T_1 = t, T_k = 2 t T_(k-1) - T_(k-2), as coefficients of powers.
  Expansion sum{}, before{}, now{};
  before[0] = 1;
  now[1] = 1;
  sum[0] = c[0];
  for (std::size_t k = 1; k <= static_cast<std::size_t>(degree); ++k) {
    for (std::size_t i = 0; i <= k; ++i) sum[i] += c[k] * now[i];
    Expansion next{};
    for (std::size_t i = 0; i <= k && i + 1 < kNodes; ++i) next[i + 1] = 2 * now[i];
    for (std::size_t i = 0; i < k; ++i) next[i] -= before[i];
    before = now;
    now = next;
  }
  out.degree = degree;
  for (int i = 0; i <= degree; ++i) out.coefficient[static_cast<std::size_t>(i)] = static_cast<Real>(sum[static_cast<std::size_t>(degree - i)]);
}

}  // namespace

FormFactorPolynomials::FormFactorPolynomials(const ScatteringTable& table, double g_squared_max) : table_(&table) {
  // Found by trying: near the best for all elements from copper to 0.2 angstrom, and flat around it.
  const double s_squared_max = g_squared_max / 4;
  q_ = 0.32 * std::sqrt(s_squared_max);
  y_min_ = 1 / (1 + s_squared_max / q_);
  argument_.per_g_squared = 1 / (4 * q_);
  argument_.scale = 2 / (1 - y_min_);
  argument_.shift = -(1 + y_min_) / (1 - y_min_);
  for (int z = 1; z <= kFormFactorElements; ++z) fit(table.of(z), z);
}

void FormFactorPolynomials::fit(const ElementScattering& element, int atomic_number) {
  Expansion value;
  for (std::size_t j = 0; j < kNodes; ++j) {
    const double t = std::cos(std::numbers::pi * (static_cast<double>(j) + 0.5) / kNodes);
    const double y = (t - argument_.shift) / argument_.scale;
    value[j] = element.f0(q_ * (1 / y - 1)) + element.f_prime;
  }
  const Expansion c = chebyshev(value);
  const auto index = static_cast<std::size_t>(atomic_number - 1);
  const int exact = degree_for(c, kDoubleError * atomic_number), single = degree_for(c, kSingleError * atomic_number);
  if (exact < 0 || exact >= kernels::kMostCoefficients)
    throw ConfigError("sin(theta) / lambda up to {:.3g} / angstrom is too wide a range for the form factor of element {}", std::sqrt(1 / y_min_ - 1) * std::sqrt(q_), atomic_number);
  to_powers(c, exact, exact_[index]);
  to_powers(c, single, single_[index]);
  exact_[index].f_double_prime = element.f_double_prime;
  single_[index].f_double_prime = static_cast<float>(element.f_double_prime);
}

template <>
const kernels::ElementPolynomial<float>& FormFactorPolynomials::of<float>(int atomic_number) const {
  table_->of(atomic_number);  // throws for an element without form factor
  return single_[static_cast<std::size_t>(atomic_number - 1)];
}

template <>
const kernels::ElementPolynomial<double>& FormFactorPolynomials::of<double>(int atomic_number) const {
  table_->of(atomic_number);
  return exact_[static_cast<std::size_t>(atomic_number - 1)];
}

}  // namespace xxact::xrd
