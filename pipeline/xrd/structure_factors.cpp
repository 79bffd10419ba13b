#include "pipeline/xrd/structure_factors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "pipeline/xrd/atom_name.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

/// Grows only: a vector that shrank and grew again would be filled each time.
template <class T>
void at_least(std::vector<T>& values, std::size_t size) {
  if (values.size() < size) values.resize(size);
}

}  // namespace

template <class Real>
void StructureFactorCalculator<Real>::begin(const StructureView& structure, const FormFactorPolynomials& table, const ReciprocalMetric& metric,
                                      const ReflectionEnumerator& enumerator) {
  arrange(structure, table, metric);
  u_max_ = enumerator.u_max();
  tables_.v_max = enumerator.v_max();
  tables_.w_max = enumerator.w_max();
  polynomial_argument_ = table.argument();
  tabulate_phases(structure, metric);
}

template <class Real>
void StructureFactorCalculator<Real>::arrange(const StructureView& structure, const FormFactorPolynomials& table, const ReciprocalMetric& metric) {
  if (structure.atoms() == 0) throw InputError("the structure has no atoms");
  for (std::size_t i = 0; i < structure.frac_coords.size(); ++i)
    if (!std::isfinite(structure.frac_coords[i])) throw InputError("atom {} has a coordinate that is not finite", i / 3);
  for (std::size_t i = 0; i < structure.occupancy.size(); ++i)
    if (!(std::isfinite(structure.occupancy[i]) && structure.occupancy[i] >= 0))
      throw InputError("atom {} has the occupancy {}", i, structure.occupancy[i]);
  if (table.table().has_ions())
    sort_by_species(structure, table);
  else
    sort_by_element(structure, table);
  damped_ = damping_.begin(structure, metric, order_);
  if (damped_ && table.table().has_displacement()) throw ConfigError("the structure has displacements of its own: give no others for its elements");
}

template <class Real>
void StructureFactorCalculator<Real>::sort_by_element(const StructureView& structure, const FormFactorPolynomials& table) {
  // What the last structure left, which may have been one that was refused.
  for (const std::uint8_t z : elements_) next_of_[z] = 0;
  elements_.clear();
  for (const std::uint8_t z : structure.atomic_number)
    if (next_of_[z]++ == 0) elements_.push_back(z);
  std::ranges::sort(elements_);
  scattering_.clear();
  element_end_.clear();
  std::uint32_t total = 0;
  for (const std::uint8_t z : elements_) {
    scattering_.push_back(&table.of<Real>(z));
    total += std::exchange(next_of_[z], total);
    element_end_.push_back(total);
  }
  at_least(order_, structure.atoms());
  for (std::size_t a = 0; a < structure.atoms(); ++a) order_[next_of_[structure.atomic_number[a]]++] = static_cast<std::uint32_t>(a);
}

template <class Real>
void StructureFactorCalculator<Real>::sort_by_species(const StructureView& structure, const FormFactorPolynomials& table) {
  at_least(species_, structure.atoms());
  species_begin_.assign(table.table().size() + 1, 0);
  for (std::size_t a = 0; a < structure.atoms(); ++a) {
    const float charge = structure.charge.empty() ? std::numeric_limits<float>::quiet_NaN() : structure.charge[a];
    try {
      species_[a] = static_cast<std::uint32_t>(table.table().index_of(structure.atomic_number[a], charge));
    } catch (const InputError& error) {
      throw InputError("{}: {}", atom_name(structure, a), error.what());
    }
    ++species_begin_[species_[a] + 1];
  }
  scattering_.clear();
  element_end_.clear();
  std::uint32_t total = 0;
  for (std::size_t s = 0; s < table.table().size(); ++s) {
    const std::uint32_t count = species_begin_[s + 1];
    species_begin_[s] = total;
    total += count;
    if (count == 0) continue;
    scattering_.push_back(&table.at<Real>(s));
    element_end_.push_back(total);
  }
  at_least(order_, structure.atoms());
  for (std::size_t a = 0; a < structure.atoms(); ++a) order_[species_begin_[species_[a]]++] = static_cast<std::uint32_t>(a);
}

template <class Real>
void StructureFactorCalculator<Real>::tabulate_phases(const StructureView& structure, const ReciprocalMetric& metric) {
  const std::size_t atoms = structure.atoms(), stride = (atoms + kernels::kBlock - 1) / kernels::kBlock * kernels::kBlock;
  const auto u_max = static_cast<std::size_t>(u_max_), v_max = static_cast<std::size_t>(tables_.v_max), w_max = static_cast<std::size_t>(tables_.w_max);
  // A block that starts at the last index may read one block further.
  const std::size_t w_stride = 2 * w_max + 1 + kernels::kBlock;
  for (auto* table : {&u_re_, &u_im_}) at_least(*table, (u_max + 1) * stride);
  for (auto* table : {&v_re_, &v_im_}) at_least(*table, (2 * v_max + 1) * stride);
  for (auto* table : {&w_re_, &w_im_}) at_least(*table, w_stride * atoms);
  for (auto* table : {&power_re_, &power_im_}) at_least(*table, (w_max + 1) * stride);
  for (auto* scratch : {&row_re_, &row_im_}) at_least(*scratch, stride);
  for (auto* values : {&coordinate_, &step_re_, &step_im_}) at_least(*values, 3 * stride);
  for (auto* values : {&occupancy_, &one_}) at_least(*values, stride);
  for (std::size_t a = 0; a < stride; ++a) {
    const float* x = structure.frac_coords.data() + 3 * std::size_t{order_[std::min(a, atoms - 1)]};
    for (std::size_t i = 0; i < 3; ++i) coordinate_[i * stride + a] = x[metric.axis[i]];
    occupancy_[a] = a < atoms ? structure.occupancy_of(order_[a]) : 0.0;
    one_[a] = 1;
  }
  kernels::unit_phases(coordinate_.data(), 3 * stride, step_re_.data(), step_im_.data());
  const auto powers = [&](std::size_t axis, const std::vector<double>& first, std::size_t largest, Real* re, Real* im) {
    kernels::powers(step_re_.data() + axis * stride, step_im_.data() + axis * stride, first.data(), stride, largest + 1, re, im);
  };
  powers(0, occupancy_, u_max, u_re_.data(), u_im_.data());
  powers(1, one_, v_max, v_re_.data() + v_max * stride, v_im_.data() + v_max * stride);
  for (std::size_t v = 1; v <= v_max; ++v)
    for (std::size_t a = 0; a < stride; ++a) {
      v_re_[(v_max - v) * stride + a] = v_re_[(v_max + v) * stride + a];
      v_im_[(v_max - v) * stride + a] = -v_im_[(v_max + v) * stride + a];
    }
  powers(2, one_, w_max, power_re_.data(), power_im_.data());
  for (std::size_t a = 0; a < atoms; ++a) {
    Real* const re = w_re_.data() + a * w_stride;
    Real* const im = w_im_.data() + a * w_stride;
    for (std::size_t w = 0; w <= w_max; ++w) {
      const Real real = power_re_[w * stride + a], imaginary = power_im_[w * stride + a];
      re[w_max + w] = re[w_max - w] = real;
      im[w_max - w] = -imaginary;
      im[w_max + w] = imaginary;
    }
    std::fill_n(re + 2 * w_max + 1, kernels::kBlock, Real(0));
    std::fill_n(im + 2 * w_max + 1, kernels::kBlock, Real(0));
  }
  tables_.atoms = atoms;
  tables_.atom_stride = stride;
  tables_.elements = element_end_.size();
  tables_.element_end = element_end_.data();
  tables_.u_re = u_re_.data(), tables_.u_im = u_im_.data();
  tables_.v_re = v_re_.data(), tables_.v_im = v_im_.data();
  tables_.w_re = w_re_.data(), tables_.w_im = w_im_.data();
  tables_.w_stride = w_stride;
  tables_.row_re = row_re_.data(), tables_.row_im = row_im_.data();
}

template <class Real>
void StructureFactorCalculator<Real>::make_room(std::size_t reflections) {
  stride_ = reflections + kernels::kElementBlock<Real>;
  for (auto* sums : {&sum_re_, &sum_im_}) at_least(*sums, stride_ * element_end_.size());
  for (auto* values : {&argument_, &f_squared_}) at_least(*values, stride_);
}

template <class Real>
std::span<Real> StructureFactorCalculator<Real>::of(const ReflectionBatch& batch) {
  const std::size_t n = batch.reflections;
  make_room(n);
  if (damped_)
    kernels::sum_damped_phases(tables_, damping_.tables(), batch.rows, sum_re_.data(), sum_im_.data(), stride_);
  else
    kernels::sum_phases(tables_, batch.rows, sum_re_.data(), sum_im_.data(), stride_);
  kernels::polynomial_argument(polynomial_argument_, batch.g_squared.data(), n, argument_.data());
  kernels::sum_elements(scattering_, argument_.data(), sum_re_.data(), sum_im_.data(), stride_, n, f_squared_.data());
  return {f_squared_.data(), n};
}

template class StructureFactorCalculator<float>;
template class StructureFactorCalculator<double>;

}  // namespace xxact::xrd
