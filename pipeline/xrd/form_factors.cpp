#include "pipeline/xrd/form_factors.hpp"

#include <cmath>

#include <gemmi/fprime.hpp>
#include <gemmi/it92.hpp>

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

}  // namespace

double ElementScattering::f0(double s_squared) const {
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) sum += a[i] * std::exp(-b[i] * s_squared);
  return constant + (scale + slope * s_squared) * sum;
}

ScatteringTable::ScatteringTable(FormFactors table, bool dispersion, double wavelength_angstrom)
    : name_(table == FormFactors::it92 ? "it92" : "pymatgen") {
  for (int z = 1; z <= kFormFactorElements; ++z) {
    ElementScattering& element = elements_[static_cast<std::size_t>(z - 1)];
    element = table == FormFactors::it92 ? it92_element(z) : pymatgen_element(z);
    if (dispersion)
      element.f_prime = gemmi::cromer_liberman(z, photon_energy_ev(wavelength_angstrom), &element.f_double_prime);
  }
}

const ElementScattering& ScatteringTable::of(int atomic_number) const {
  if (atomic_number < 1 || atomic_number > kFormFactorElements)
    throw InputError("element {} (Z = {}) has no form factor in the table {}, which ends with Cf",
                     element_symbol(atomic_number), atomic_number, name_);
  return elements_[static_cast<std::size_t>(atomic_number - 1)];
}

}  // namespace xxact::xrd
