#include "pipeline/xrd/axial_divergence.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace xxact::xrd {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr int kMostNodes = 16;

struct Quadrature {
  std::array<double, kMostNodes> node, weight;  // on [-1, 1]
};

/// Gauss and Legendre's rules of 1 to kMostNodes nodes: Newton's method on the Legendre polynomial, in double precision.
const std::array<Quadrature, kMostNodes + 1>& quadratures() {
  static const auto all = [] {
    std::array<Quadrature, kMostNodes + 1> rules{};
    for (int n = 1; n <= kMostNodes; ++n) {
      for (int i = 0; i < n; ++i) {
        double x = std::cos(std::numbers::pi * (i + 0.75) / (n + 0.5)), slope = 1;
        for (int step = 0; step < 20; ++step) {
          double p = 1, previous = 0;
          for (int k = 1; k <= n; ++k) {
            const double next = ((2 * k - 1) * x * p - (k - 1) * previous) / k;
            previous = p, p = next;
          }
          slope = n * (x * p - previous) / (x * x - 1);
          x -= p / slope;
        }
        rules[static_cast<std::size_t>(n)].node[static_cast<std::size_t>(i)] = x;
        rules[static_cast<std::size_t>(n)].weight[static_cast<std::size_t>(i)] = 2 / ((1 - x * x) * slope * slope);
      }
    }
    return rules;
  }();
  return all;
}

/// The distribution of Finger, Cox and Jephcoat at one angle, in the variable u = h / L.
struct AxialDivergence {
  double two_theta, sum, smaller;  // radians; (S + H) / L, min(S, H) / L
  double cosine = std::cos(two_theta), sine = std::sin(two_theta);

  struct Point {
    double shift, sine;  // 2 phi - 2 theta in radians, sin(2 phi)
  };
  Point at(double u) const {
    const double cos_two_phi = std::clamp(cosine * std::sqrt(1 + u * u), -1.0, 1.0), sin_two_phi = std::sqrt(1 - cos_two_phi * cos_two_phi);
    const double x = sin_two_phi * cosine - cos_two_phi * sine, y = x * x;  // the shift's sine
    const double shift = std::abs(x) < 0.1 ? x * (1 + y * (1.0 / 6 + y * (3.0 / 40 + y * 15 / 336))) : std::acos(cos_two_phi) - two_theta;
    return {shift, sin_two_phi};
  }
  double density(double u, double sin_two_phi) const {
    const double window = smaller > 0 ? std::min(2 * smaller, sum - u) : 1;  // with a point-like sample or slit only its limit is left
    return window / ((1 + u * u) * sin_two_phi);
  }
  /// Composite rule on [low, high] with about `nodes` nodes.
  void append(double low, double high, int nodes, std::vector<AxialPart>& parts) const {
    const int panels = (nodes + kMostNodes - 1) / kMostNodes, each = (nodes + panels - 1) / panels;
    const Quadrature& rule = quadratures()[static_cast<std::size_t>(each)];
    const double half = (high - low) / (2 * panels);
    for (int panel = 0; panel < panels; ++panel) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(each); ++i) {
        const double u = low + half * (2 * panel + 1 + rule.node[i]);
        const Point point = at(u);
      parts.push_back({point.shift / kDegree, half * rule.weight[i] * density(u, point.sine)});
      }
    }
  }
};

}  // namespace

void axial_parts(double sample_ratio, double detector_ratio, double two_theta_deg, double fwhm_deg, std::vector<AxialPart>& parts) {
  parts.clear();
  const double s = sample_ratio, h = detector_ratio;
  const AxialDivergence divergence{two_theta_deg * kDegree, s + h, std::min(s, h)};
  // Beyond |tan(2 theta)| the diffraction cone does not reach the slit: only near 0 and 180 degrees.
  const double end = std::min(s + h, 0.999 * std::abs(std::tan(divergence.two_theta)));
  const double turn = std::min(divergence.smaller > 0 ? std::abs(s - h) : s + h, end);  // where the density's window begins to close
  const double extent = std::abs(divergence.at(end).shift) / kDegree;
  if (!(end > 0 && extent > 1e-3 * fwhm_deg)) {
    parts.push_back({0, 1});
    return;
  }
  const auto nodes = [&](double low, double high) {
    const double widths = std::abs(divergence.at(high).shift - divergence.at(low).shift) / kDegree / fwhm_deg;
    return static_cast<int>(std::min(3 + std::ceil(4 * widths), kMostAxialParts / 2.0 - kMostNodes));
  };
  if (turn > 0) divergence.append(0, turn, nodes(0, turn), parts);
  if (end > turn) divergence.append(turn, end, nodes(turn, end), parts);
  double sum = 0, mean = 0;
  for (const AxialPart& part : parts) sum += part.share, mean += part.share * part.shift_deg;
  for (AxialPart& part : parts) part.share /= sum;
  if (extent < 0.02 * fwhm_deg) parts.assign(1, {mean / sum, 1});  // what is left is a shift
}

}  // namespace xxact::xrd
