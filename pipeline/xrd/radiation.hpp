// X-ray wavelengths by name. Values in angstrom: characteristic lines as in the International Tables Vol. C, with Ka the
// 2:1 mean of Ka1 and Ka2; pymatgen (MIT licence, pymatgen/analysis/diffraction/xrd.py) has the same list.
#pragma once

#include <string>
#include <string_view>

namespace xxact::xrd {

/// One wavelength, or a doublet: then the second line has `second_intensity` times the intensity of the first.
struct Radiation {
  double wavelength_angstrom = 1.54184;  // Cu K-alpha
  double second_wavelength_angstrom = 0, second_intensity = 0;
};

inline constexpr double kDoubletIntensity = 0.5;  // of K-alpha2, K-alpha1 being 1: the statistical weight of its initial states

inline constexpr double kShortestWavelength = 0.05, kLongestWavelength = 10.0;  // angstrom

/// "CuKa", "CuKa1", "CuKa2", "CuKb1" and the doublet "CuKa12" (alike for Mo, Cr, Fe, Co, Ag; upper and lower case alike) or
/// a number in angstrom.
/// Throws ConfigError for any other text and for wavelengths outside 0.05 to 10 angstrom.
Radiation parse_radiation(std::string_view text);

/// All known names, separated by commas, for messages and --help.
std::string radiation_names();

/// E = h c / lambda, electronvolt (CODATA 2018: h c = 12398.41984 eV angstrom).
double photon_energy_ev(double wavelength_angstrom);

}  // namespace xxact::xrd
