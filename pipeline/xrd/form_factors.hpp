// Atomic form factors for X-rays, f(s) = f0(s) + f' + i f'', s = sin(theta) / lambda in 1/angstrom, in electrons.
// f0 of the International Tables (Vol. C, 6.1.1: four Gaussians and a constant) or of pymatgen's Doyle-Turner table by the
// Mott-Bethe relation; f', f'' of Cromer and Liberman (Acta Cryst. A37 (1981) 267, doi:10.1107/S0567739481000600).
#pragma once

#include <array>

#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

inline constexpr int kFormFactorElements = 98;  // both tables: hydrogen to californium
inline constexpr double kLargestS = 2.0;        // both fits hold up to here, 1/angstrom

struct DoyleTurner {
  std::array<double, 4> a, b;
};
extern const std::array<DoyleTurner, kFormFactorElements> kPymatgenDoyleTurner;

/// One form for all tables: f0(s) = constant + (scale + slope s^2) sum_i a_i exp(-b_i s^2), and the scattering of an atom in
/// motion is (f0(s) + f' + i f'') exp(-b_iso s^2).
struct ElementScattering {
  std::array<double, 4> a{}, b{};
  double constant = 0, scale = 0, slope = 0;
  double f_prime = 0, f_double_prime = 0;
  double b_iso = 0;

  double f0(double s_squared) const;
};

class ScatteringTable {
 public:
  /// f' and f'' are those at this wavelength, or zero without dispersion and for neutrons.
  ScatteringTable(FormFactors table, bool dispersion, double wavelength_angstrom, const Displacement& displacement = {});
  bool has(int atomic_number) const;
  /// Throws InputError for an element without form factor.
  const ElementScattering& of(int atomic_number) const;

 private:
  FormFactors table_;
  std::array<ElementScattering, kFormFactorElements> elements_;
};

}  // namespace xxact::xrd
