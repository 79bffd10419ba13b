// Atomic form factors for X-rays, f(s) = f0(s) + f' + i f'', s = sin(theta) / lambda in 1/angstrom, in electrons.
// f0 of the International Tables (Vol. C, 6.1.1: four Gaussians and a constant), of Waasmaier and Kirfel (five and a constant,
// ions too; Acta Cryst. A51 (1995) 416, doi:10.1107/S0108767394013292) or of pymatgen's Doyle-Turner table by the
// Mott-Bethe relation; f', f'' of Cromer and Liberman (Acta Cryst. A37 (1981) 267, doi:10.1107/S0567739481000600).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

inline constexpr int kFormFactorElements = 98;  // all tables: hydrogen to californium
/// Up to which s, 1/angstrom, form factors are computed: to the end of the fit for it92 and pymatgen; not to that of
/// waasmaier_kirfel, 6, where the polynomials would become too long; without end for neutrons.
double largest_s(FormFactors table);

struct DoyleTurner {
  std::array<double, 4> a, b;
};
extern const std::array<DoyleTurner, kFormFactorElements> kPymatgenDoyleTurner;

struct WaasmaierKirfel {
  int atomic_number, charge;
  std::array<double, 5> a, b;
  double c;
};
inline constexpr std::size_t kWaasmaierKirfelSpecies = 209;
/// By atomic number; of each element the neutral atom first, then its ions by charge.
extern const std::array<WaasmaierKirfel, kWaasmaierKirfelSpecies> kWaasmaierKirfel;

/// One form for all tables: f0(s) = constant + (scale + slope s^2) sum_i a_i exp(-b_i s^2), and the scattering of an atom in
/// motion is (f0(s) + f' + i f'') exp(-b_iso s^2).
struct ElementScattering {
  std::array<double, 5> a{}, b{};
  double constant = 0, scale = 0, slope = 0;
  double f_prime = 0, f_double_prime = 0;
  double b_iso = 0;

  double f0(double s_squared) const;
};

/// What scatters alike: the atoms of an element, or its ions of one charge.
struct ScatteringSpecies {
  int atomic_number = 0, charge = 0;  // charge in units of the proton's

  bool operator==(const ScatteringSpecies&) const = default;
};

/// "Fe", "Fe3+", "O2-", "Na1+".
std::string species_name(const ScatteringSpecies& species);

class ScatteringTable {
 public:
  /// f' and f'' are those at this wavelength, or zero without dispersion and for neutrons; those of an ion are its element's.
  /// With `ions` the table has the ions too, which waasmaier_kirfel alone knows: ConfigError with any other.
  ScatteringTable(FormFactors table, bool dispersion, double wavelength_angstrom, const Displacement& displacement = {}, bool ions = false);
  bool has(int atomic_number) const;
  /// Throws InputError for an element without form factor.
  const ElementScattering& of(int atomic_number) const;

  /// Every species there is: the elements by atomic number, those without form factor included, then the ions.
  std::size_t size() const { return species_.size(); }
  const ScatteringSpecies& species(std::size_t index) const { return species_[index]; }
  const ElementScattering& scattering(std::size_t index) const { return scattering_[index]; }
  bool has_displacement() const;
  bool has_ions() const { return species_.size() > kFormFactorElements; }
  /// The index of an atom with this charge. Throws InputError for an element without form factor and, with the element's ions
  /// that there are, for any other charge, among them one that is not whole and NaN, which stands for none given.
  std::size_t index_of(int atomic_number, float charge) const;

 private:
  std::string known_charges(int atomic_number) const;

  FormFactors table_;
  std::vector<ScatteringSpecies> species_;
  std::vector<ElementScattering> scattering_;  // [species]
};

}  // namespace xxact::xrd
