#include "pipeline/xrd/form_factors.hpp"

#include <cmath>

#include <gemmi/fprime.hpp>
#include <gemmi/it92.hpp>
#include <gemmi/neutron92.hpp>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::xrd {
namespace {

// 8 pi^2 times the Bohr radius, as pymatgen rounds it.
constexpr double kMottBethe = 41.78214;

ElementScattering it92_element(int atomic_number) {
  const auto& coefficients = gemmi::IT92<double>::get(static_cast<gemmi::El>(atomic_number));
  ElementScattering element;
  for (int i = 0; i < 4; ++i) {
    element.a[static_cast<std::size_t>(i)] = coefficients.a(i);
    element.b[static_cast<std::size_t>(i)] = coefficients.b(i);
  }
  element.constant = coefficients.c();
  element.scale = 1;
  return element;
}

ElementScattering pymatgen_element(int atomic_number) {
  const DoyleTurner& electron = kPymatgenDoyleTurner[static_cast<std::size_t>(atomic_number - 1)];
  ElementScattering element;
  element.a = electron.a;
  element.b = electron.b;
  element.constant = atomic_number;
  element.slope = -kMottBethe;
  return element;
}

/// A constant; zero where no length is known.
ElementScattering neutron_element(int atomic_number) {
  ElementScattering element;
  element.constant = gemmi::Neutron92<double>::get(static_cast<gemmi::El>(atomic_number)).c();
  return element;
}

ElementScattering element_of(FormFactors table, int atomic_number) {
  switch (table) {
    case FormFactors::pymatgen: return pymatgen_element(atomic_number);
    case FormFactors::neutron: return neutron_element(atomic_number);
    case FormFactors::it92: break;
  }
  return it92_element(atomic_number);
}

constexpr std::string_view name_of(FormFactors table) {
  return table == FormFactors::it92 ? "it92" : table == FormFactors::pymatgen ? "pymatgen" : "neutron";
}

}  // namespace

double ElementScattering::f0(double s_squared) const {
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) sum += a[i] * std::exp(-b[i] * s_squared);
  return constant + (scale + slope * s_squared) * sum;
}

ScatteringTable::ScatteringTable(FormFactors table, bool dispersion, double wavelength_angstrom, const Displacement& displacement) : table_(table) {
  for (int z = 1; z <= kFormFactorElements; ++z) {
    ElementScattering& element = elements_[static_cast<std::size_t>(z - 1)];
    element = element_of(table, z);
    if (dispersion && table != FormFactors::neutron)
      element.f_prime = gemmi::cromer_liberman(z, photon_energy_ev(wavelength_angstrom), &element.f_double_prime);
    const auto own = displacement.b_iso_of_element.find(z);
    element.b_iso = own != displacement.b_iso_of_element.end() ? own->second : displacement.b_iso;
  }
}

bool ScatteringTable::has(int atomic_number) const {
  if (atomic_number < 1 || atomic_number > kFormFactorElements) return false;
  return table_ != FormFactors::neutron || elements_[static_cast<std::size_t>(atomic_number - 1)].constant != 0;
}

const ElementScattering& ScatteringTable::of(int atomic_number) const {
  if (atomic_number < 1 || atomic_number > kFormFactorElements)
    throw InputError("element {} (Z = {}) has no form factor in the table {}, which ends with Cf",
                     element_symbol(atomic_number), atomic_number, name_of(table_));
  if (!has(atomic_number)) throw InputError("element {} (Z = {}) has no scattering length in the table neutron", element_symbol(atomic_number), atomic_number);
  return elements_[static_cast<std::size_t>(atomic_number - 1)];
}

}  // namespace xxact::xrd
