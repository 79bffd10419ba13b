// What the fit of a measured pattern varies: names, bounds and steps of the non-linear parameters, and what they mean for peaks and
// lines. The linear ones (factors of the phases, background) are in linear_part.hpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/xrd/artefacts.hpp"
#include "pipeline/xrd/bounded_least_squares.hpp"
#include "pipeline/xrd/peak_shape.hpp"
#include "pipeline/xrd/powder_lines.hpp"

namespace xxact::xrd {

/// zero: of the instrument, degrees. displacement: of the sample, mm. strain: of the first structure's lattice, isotropic. b_iso: added to
/// every atom. width: W alone, caglioti: U, V and W. x, y: Lorentzian widths. axial: half heights of sample and slit by the radius.
/// texture: March-Dollase r of the first structure.
enum class FitParameter { zero, displacement, strain, b_iso, width, caglioti, x, y, axial, texture };

/// "zero,caglioti,x,y" and the like; names as above, b-iso with a hyphen. Throws ConfigError for an unknown or repeated name, or width
/// together with caglioti; an empty text is no parameter.
std::vector<FitParameter> parse_fit_parameters(std::string_view text);

/// The state of a fit: what stands for a pattern less its linear unknowns.
struct FitState {
  PeakShape shape;
  LineChanges first;   // of the first structure
  double b_iso = 0;    // of every structure, angstrom^2
  Artefacts shifts;    // zero_shift_deg, displacement_mm and goniometer_radius_mm of it
};

/// One fitted quantity as a combination of the parameters: value, and what one unit of each parameter adds to it.
struct FitQuantity {
  std::string name, unit;
  double value;
  std::vector<double> gradient;  // [parameters]
};

/// Parameters as a vector for minimise(). U, V and W are held by h0, c and h1: FWHM_G^2 = h0^2 (1 - t)^2 + 2 c h0 h1 t (1 - t) + h1^2 t^2
/// with t = tan(theta) / tan(theta_max), Bernstein's form, which is positive over the whole range for h0, h1 > 0 and c > -1, whatever
/// the fit's steps do. W alone is held by its root.
class FitParameters {
 public:
  /// `start` holds the start and what stays. `lowest_b_iso`: how much may be taken off the displacement, zero or negative. Sizes
  /// and strains of crystallites in `start` become Y and X where those are fitted; Y starts at a fifth of the width where it is
  /// nothing, axial divergence at 0.01. Throws ConfigError for a shape that is not tch.
  FitParameters(std::vector<FitParameter> fitted, const FitState& start, const Grid& grid, double lowest_b_iso);

  const std::vector<double>& start() const { return start_; }
  const std::vector<Bounds>& bounds() const { return bounds_; }
  /// The bounds with every parameter but shifts, strain and widths fixed at its start.
  std::vector<Bounds> bounds_of_first_stage() const;
  /// Of numerical derivatives.
  const std::vector<double>& steps() const { return steps_; }

  FitState state(std::span<const double> x) const;
  std::vector<FitQuantity> quantities(std::span<const double> x) const;
  /// Another start for shift and width: zero error or displacement, and the same Gaussian width at every angle; the steps follow the width.
  void start_at(double zero_deg, double fwhm_deg);
  bool fits_shift() const;

 private:
  struct Slot {
    FitParameter parameter;
    int part;  // of caglioti: 0 to 2
  };
  void add(FitParameter parameter, int part, double start, Bounds bounds, double step);

  FitState fixed_;
  double tan_max_, least_fwhm_deg_ = 0;
  std::vector<Slot> slots_;
  std::vector<double> start_, steps_;
  std::vector<Bounds> bounds_;
};

}  // namespace xxact::xrd
