#include "pipeline/xrd/damping.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "pipeline/xrd/atom_name.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

// Refined tensors are given to four decimals, which may turn a mean square displacement of zero into this, angstrom^2.
constexpr double kNegative = 1e-4;

template <class T>
void at_least(std::vector<T>& values, std::size_t size) {
  if (values.size() < size) values.resize(size);
}

/// Whether no direction has a mean square displacement below -kNegative: no principal minor of U + kNegative is negative.
bool is_possible(std::span<const double, 6> u) {
  if (!std::ranges::all_of(u, [](double x) { return std::isfinite(x); })) return false;
  const double x = u[0] + kNegative, y = u[1] + kNegative, z = u[2] + kNegative, xy = u[3], xz = u[4], yz = u[5];
  const double determinant = x * (y * z - yz * yz) - xy * (xy * z - yz * xz) + xz * (xy * yz - y * xz);
  return x >= 0 && y >= 0 && z >= 0 && x * y >= xy * xy && x * z >= xz * xz && y * z >= yz * yz && determinant >= 0;
}

/// g^T U h.
double form(std::span<const double, 6> u, const std::array<double, 3>& g, const std::array<double, 3>& h) {
  return u[0] * g[0] * h[0] + u[1] * g[1] * h[1] + u[2] * g[2] * h[2] + u[3] * (g[0] * h[1] + g[1] * h[0]) + u[4] * (g[0] * h[2] + g[2] * h[0]) +
         u[5] * (g[1] * h[2] + g[2] * h[1]);
}

}  // namespace

template <class Real>
bool Damping<Real>::begin(const StructureView& structure, const ReciprocalMetric& metric, std::span<const std::uint32_t> order) {
  if (structure.displacement.empty()) return false;
  const std::size_t atoms = structure.atoms();
  if (structure.displacement.size() != 6 * atoms) throw InputError("{} numbers are the displacements of {} atoms, not six each", structure.displacement.size(), atoms);
  for (auto& values : outer_) at_least(values, atoms);
  for (auto* values : {&ww_, &row_constant_, &row_slope_}) at_least(*values, atoms);
  constexpr double factor = -2 * std::numbers::pi * std::numbers::pi;
  const auto& [u, v, w] = metric.vector;
  for (std::size_t a = 0; a < atoms; ++a) {
    const std::span<const double, 6> tensor(structure.displacement.data() + 6 * std::size_t{order[a]}, 6);
    if (!is_possible(tensor))
      throw InputError("{}: the displacements U = {:.4g}, {:.4g}, {:.4g}, {:.4g}, {:.4g}, {:.4g} square angstrom (xx, yy, zz, xy, xz, yz) are not finite or negative in some direction",
                       atom_name(structure, order[a]), tensor[0], tensor[1], tensor[2], tensor[3], tensor[4], tensor[5]);
    outer_[0][a] = factor * form(tensor, u, u);
    outer_[1][a] = factor * form(tensor, v, v);
    outer_[2][a] = 2 * factor * form(tensor, u, v);
    outer_[3][a] = 2 * factor * form(tensor, u, w);
    outer_[4][a] = 2 * factor * form(tensor, v, w);
    ww_[a] = static_cast<Real>(factor * form(tensor, w, w));
  }
  for (std::size_t i = 0; i < outer_.size(); ++i) tables_.outer[i] = outer_[i].data();
  tables_.ww = ww_.data();
  tables_.row_constant = row_constant_.data();
  tables_.row_slope = row_slope_.data();
  return true;
}

template class Damping<float>;
template class Damping<double>;

}  // namespace xxact::xrd
