#include "pipeline/xrd/form_factors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

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
  std::copy(electron.a.begin(), electron.a.end(), element.a.begin());
  std::copy(electron.b.begin(), electron.b.end(), element.b.begin());
  element.constant = atomic_number;
  element.slope = -kMottBethe;
  return element;
}

ElementScattering waasmaier_kirfel_species(const ScatteringSpecies& species) {
  const auto row = std::ranges::find_if(kWaasmaierKirfel, [&](const WaasmaierKirfel& r) { return ScatteringSpecies{r.atomic_number, r.charge} == species; });
  ElementScattering element;
  element.a = row->a;
  element.b = row->b;
  element.constant = row->c;
  element.scale = 1;
  return element;
}

/// A constant; zero where no length is known.
ElementScattering neutron_element(int atomic_number) {
  ElementScattering element;
  element.constant = gemmi::Neutron92<double>::get(static_cast<gemmi::El>(atomic_number)).c();
  return element;
}

ElementScattering scattering_of(FormFactors table, const ScatteringSpecies& species) {
  switch (table) {
    case FormFactors::pymatgen: return pymatgen_element(species.atomic_number);
    case FormFactors::neutron: return neutron_element(species.atomic_number);
    case FormFactors::waasmaier_kirfel: return waasmaier_kirfel_species(species);
    case FormFactors::it92: break;
  }
  return it92_element(species.atomic_number);
}

}  // namespace

double largest_s(FormFactors table) {
  switch (table) {
    case FormFactors::neutron: return std::numeric_limits<double>::infinity();
    case FormFactors::waasmaier_kirfel: return 3;
    case FormFactors::it92:
    case FormFactors::pymatgen: break;
  }
  return 2;
}

std::string species_name(const ScatteringSpecies& species) {
  const std::string_view symbol = element_symbol(species.atomic_number);
  return species.charge == 0 ? std::string(symbol) : fmt::format("{}{}{}", symbol, std::abs(species.charge), species.charge > 0 ? '+' : '-');
}

double ElementScattering::f0(double s_squared) const {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * std::exp(-b[i] * s_squared);
  return constant + (scale + slope * s_squared) * sum;
}

ScatteringTable::ScatteringTable(FormFactors table, bool dispersion, double wavelength_angstrom, const Displacement& displacement, bool ions) : table_(table) {
  if (ions && table != FormFactors::waasmaier_kirfel)
    throw ConfigError("the table {} has no ions: form factors of ions are those of waasmaier-kirfel", name_of(table));
  for (int z = 1; z <= kFormFactorElements; ++z) species_.push_back({z, 0});
  if (ions)
    for (const WaasmaierKirfel& row : kWaasmaierKirfel)
      if (row.charge != 0) species_.push_back({row.atomic_number, row.charge});
  for (const ScatteringSpecies& species : species_) {
    ElementScattering& scattering = scattering_.emplace_back(scattering_of(table, species));
    const int z = species.atomic_number;
    if (dispersion && table != FormFactors::neutron)
      scattering.f_prime = gemmi::cromer_liberman(z, photon_energy_ev(wavelength_angstrom), &scattering.f_double_prime);
    const auto own = displacement.b_iso_of_element.find(z);
    scattering.b_iso = own != displacement.b_iso_of_element.end() ? own->second : displacement.b_iso;
  }
}

bool ScatteringTable::has(int atomic_number) const {
  if (atomic_number < 1 || atomic_number > kFormFactorElements) return false;
  return table_ != FormFactors::neutron || scattering_[static_cast<std::size_t>(atomic_number - 1)].constant != 0;
}

const ElementScattering& ScatteringTable::of(int atomic_number) const {
  if (atomic_number < 1 || atomic_number > kFormFactorElements)
    throw InputError("element {} (Z = {}) has no form factor in the table {}, which ends with Cf",
                     element_symbol(atomic_number), atomic_number, name_of(table_));
  if (!has(atomic_number)) throw InputError("element {} (Z = {}) has no scattering length in the table neutron", element_symbol(atomic_number), atomic_number);
  return scattering_[static_cast<std::size_t>(atomic_number - 1)];
}

bool ScatteringTable::has_displacement() const {
  return std::ranges::any_of(scattering_, [](const ElementScattering& s) { return s.b_iso != 0; });
}

std::size_t ScatteringTable::index_of(int atomic_number, float charge) const {
  of(atomic_number);  // throws for an element without form factor
  if (charge == 0) return static_cast<std::size_t>(atomic_number - 1);
  for (std::size_t i = kFormFactorElements; i < species_.size(); ++i)
    if (species_[i].atomic_number == atomic_number && static_cast<float>(species_[i].charge) == charge) return i;
  if (std::isnan(charge)) throw InputError("no charge is given; the table {} has {}", name_of(table_), known_charges(atomic_number));
  throw InputError("the charge {:+} is not in the table {}, which has {}", charge, name_of(table_), known_charges(atomic_number));
}

std::string ScatteringTable::known_charges(int atomic_number) const {
  std::string names;
  for (const ScatteringSpecies& species : species_)
    if (species.atomic_number == atomic_number) names += (names.empty() ? "" : ", ") + species_name(species);
  return names;
}

}  // namespace xxact::xrd
