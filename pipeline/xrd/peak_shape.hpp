// Measured peak shapes on a 2-theta grid: Gaussian, pseudo-Voigt, and the Voigt of Thompson, Cox and Hastings (J. Appl. Cryst. 20
// (1987) 79, doi:10.1107/S0021889887087090) with instrument, crystallite size and microstrain; axial divergence as in
// axial_divergence.hpp. docs/physics.md has the formulas.
//
// A peak here has unit AREA times the line's area, and a bin holds its exact integral over the bin, so that areas are kept however
// narrow the peak is. That differs from profile.hpp, whose Gaussian has unit HEIGHT times the intensity at every angle and is sampled
// at the bins' centres: the two agree, up to a factor, only where the width is the same at every angle and several bins.
#pragma once

#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/xrd/axial_divergence.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

struct PeakShape {
  /// gaussian, pseudo_voigt: the same width at every angle. tch: pseudo-Voigt with widths by angle.
  enum class Kind { gaussian, pseudo_voigt, tch };
  Kind kind = Kind::tch;

  // gaussian and pseudo_voigt; must be left alone with tch.
  double fwhm_deg = 0.15;  // full width at half maximum in 2-theta
  double eta = 0.5;        // pseudo_voigt: share of the area that is Lorentzian, 0 to 1

  // tch; must be left alone with the other two. Gaussian FWHM^2 = U tan^2(theta) + V tan(theta) + W, degrees^2 (Caglioti).
  double caglioti_u_deg2 = 0, caglioti_v_deg2 = 0, caglioti_w_deg2 = 0.01;
  // Lorentzian FWHM = X tan(theta) + Y / cos(theta) + K lambda / (L cos(theta)) + 4 e tan(theta), the last two in radians.
  double lorentz_x_deg = 0, lorentz_y_deg = 0;                                 // of the instrument
  double crystallite_size_nm = std::numeric_limits<double>::infinity();       // L, infinite: no broadening
  double scherrer_k = 0.9;                                                     // K
  double microstrain = 0;                                                      // e, dimensionless: 0.001 is 0.1 %
  double wavelength_angstrom = 1.54184;                                        // lambda, for the size alone

  // Axial divergence, for every kind; 0 and 0 is none. Half heights of sample and detector slit by the goniometer's radius.
  double axial_sample_ratio = 0, axial_detector_ratio = 0;

  // The share of a peak's area that may lie where its tails are cut, 1e-6 to 0.1. What is cut is put back by scaling.
  double neglected_area = 1e-3;
};

/// "gaussian", "pseudo-voigt" or "tch"; throws ConfigError for any other text.
PeakShape::Kind parse_peak_shape(std::string_view text);

struct PeakWidth {
  double fwhm_deg;  // of the whole peak, without axial divergence
  double eta;       // Lorentzian share of the area
};

/// Thompson, Cox and Hastings: total width G^5 + 2.69269 G^4 L + 2.42843 G^3 L^2 + 4.47163 G^2 L^3 + 0.07842 G L^4 + L^5 to the power
/// 1/5 and eta = 1.36603 q - 0.47719 q^2 + 0.11116 q^3, q = L / total, of the pseudo-Voigt that stands for the convolution of a
/// Gaussian and a Lorentzian. Against the exact Voigt profile: width within 0.45 %, height within 0.25 %, any point within 1.25 % of the height.
PeakWidth mix_widths(double gaussian_fwhm, double lorentzian_fwhm);

/// Width of a whole peak at an angle, the formulas above for `tch`. A negative Gaussian
/// FWHM^2 counts as zero: PeakProfile refuses it inside the grid, lines beyond the grid's ends may reach it.
PeakWidth width_of(const PeakShape& shape, double two_theta_deg);

/// One a thread: it keeps its buffers; after the first pattern of the largest asymmetry nothing is allocated any more.
class PeakProfile {
 public:
  /// Throws ConfigError, naming option and value: an empty or reversed grid, a width that is not positive, an eta beyond 0 to 1, a
  /// negative Gaussian FWHM^2 inside the grid, options of another kind of shape, any number that is not finite.
  PeakProfile(const Grid& grid, const PeakShape& shape);

  /// Another shape for the next lines, with the same errors; nothing is allocated, lines already added stay.
  void set_shape(const PeakShape& shape);

  void clear();

  /// Adds one peak a line: 2-theta in degrees, and the area, any unit. Lines beyond the grid add the tails that reach into it.
  /// Peaks narrower than a fiftieth of a bin are widened to it. Throws ConfigError for spans of different lengths, InputError for an
  /// angle outside 0 to 180 degrees or not a number.
  void add(std::span<const double> two_theta_deg, std::span<const double> area);
  void add(std::span<const double> two_theta_deg, std::span<const float> area);

  /// [points]: the area in each bin; the sum is the area of all lines less the tails beyond the grid. Float32: near a peak
  /// bins are within 2e-6 of its height plus 1e-7 of its area, in the tails within 1.5e-4 of themselves.
  void write(std::span<float> out);

  /// [points]: strongest 1, zero below 1e-8, then the square root if asked; all zero if no line reaches the grid.
  void write_scaled(bool square_root, std::span<float> out);

  const PeakShape& shape() const { return shape_; }

 private:
  template <class Real>
  void add_lines(std::span<const double> two_theta_deg, std::span<const Real> area);
  void add_peak(double two_theta_deg, double area);
  void add_gaussian_part(double position, double sigma, double area);
  void add_lorentzian_part(double position, double half_width, double extent, double eta, double area);
  void finish();

  Grid grid_;
  PeakShape shape_;
  int padded_ = 0;  // points rounded up to whole cells
  std::size_t cells_ = 0;
  std::vector<float> profile_;       // [padded_]
  std::vector<float> coefficients_;  // [4, cells_]
  std::vector<float> scratch_;       // [padded_ + a block]
  std::vector<AxialPart> parts_;
};

}  // namespace xxact::xrd
