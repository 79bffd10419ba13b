#include "pipeline/xrd/form_factor_polynomials.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

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

template <class Real>
void keep(const Expansion& c, int degree, kernels::ChebyshevSeries<Real>& series) {
  series.degree = degree;
  std::transform(c.begin(), c.begin() + degree + 1, series.coefficient.begin(), [](double term) { return static_cast<Real>(term); });
}

}  // namespace

FormFactorPolynomials::FormFactorPolynomials(const ScatteringTable& table, double g_squared_max) : table_(&table) {
  // Found by trying: near the best for all elements from copper to 0.2 angstrom, and flat around it. Over ranges that are wide
  // beside the narrowest form factors (H1-, whose b reaches 234 square angstrom) a smaller q keeps the number of terms down.
  s_max_ = std::sqrt(g_squared_max) / 2;
  q_ = (s_max_ > (table.has_ions() ? 1.5 : 2.01) ? 0.2 : 0.32) * s_max_;
  const double y_min = 1 / (1 + s_max_ * s_max_ / q_);
  argument_.per_g_squared = 1 / (4 * q_);
  argument_.scale = 2 / (1 - y_min);
  argument_.shift = -(1 + y_min) / (1 - y_min);
  single_.resize(table.size());
  exact_.resize(table.size());
  for (std::size_t index = 0; index < table.size(); ++index)
    if (table.has(table.species(index).atomic_number)) fit(index);
}

void FormFactorPolynomials::fit(std::size_t index) {
  const ElementScattering& element = table_->scattering(index);
  const ScatteringSpecies& species = table_->species(index);
  Expansion real, imaginary;
  for (std::size_t j = 0; j < kNodes; ++j) {
    const double t = std::cos(std::numbers::pi * (static_cast<double>(j) + 0.5) / kNodes);
    const double y = (t - argument_.shift) / argument_.scale, s_squared = q_ * (1 / y - 1);
    const double damping = std::exp(-element.b_iso * s_squared);
    real[j] = (element.f0(s_squared) + element.f_prime) * damping;
    imaginary[j] = element.f_double_prime * damping;
  }
  const auto expand = [&](const Expansion& value, auto part) {
    const Expansion c = chebyshev(value);
    const int exact = degree_for(c, kDoubleError * species.atomic_number), single = degree_for(c, kSingleError * species.atomic_number);
    if (exact < 0 || exact >= kernels::kMostCoefficients)
      throw ConfigError("the form factor of {} with a displacement B of {} square angstrom is beyond what {} terms can hold up to sin(theta) / lambda = {:.3g}",
                        species_name(species), element.b_iso, kernels::kMostCoefficients, s_max_);
    keep(c, exact, exact_[index].*part.first);
    keep(c, single, single_[index].*part.second);
  };
  expand(real, std::pair(&kernels::ElementPolynomial<double>::real, &kernels::ElementPolynomial<float>::real));
  expand(imaginary, std::pair(&kernels::ElementPolynomial<double>::imaginary, &kernels::ElementPolynomial<float>::imaginary));
}

template <>
const kernels::ElementPolynomial<float>& FormFactorPolynomials::at<float>(std::size_t index) const { return single_[index]; }
template <>
const kernels::ElementPolynomial<double>& FormFactorPolynomials::at<double>(std::size_t index) const { return exact_[index]; }

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
