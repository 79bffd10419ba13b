// Which peaks of a diffraction pattern get their Miller indices written over them, and where, so that no text lies on another
// or on a curve. Sizes of texts are estimated from their letters: gnuplot tells none.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "pipeline/report/plot.hpp"

namespace xxact::report {

/// "111", "1−10"; indices of two digits are set apart: "10 0 −2". The minus is U+2212: an overline is lost over a 1.
std::string miller_indices(const std::array<int, 3>& hkl);

struct LabelledPeak {
  double x = 0, y = 0;  // top of its stick, in the units of the axes
  std::string text = {};
  double curve = y;     // its own pattern's profile there, which overlapping lines may raise above the stick
};

/// What the labels stand in: the axes, and the size of a letter in their units.
struct LabelArea {
  double low = 0, high = 1;          // of x: labels stay inside
  double letter_width = 0, height = 0;
  double farthest = 0;               // a label further above its own peak is dropped: it would seem another's
};

/// Columns x (ascending) and y of the highest curve; what labels must stay above.
struct Skyline {
  std::span<const double> x, y;
};

class PeakLabels {
 public:
  PeakLabels(const LabelArea& area, const Skyline& skyline) : area_(area), skyline_(skyline) {}

  /// Places the labels of the `most` highest of `peaks`, the higher one first; one that would lie on an earlier one is dropped.
  void add(std::span<const LabelledPeak> peaks, int most, int colour);
  const std::vector<Label>& labels() const { return labels_; }

 private:
  struct Box {
    double left, right, bottom, top;
  };
  double highest_between(double left, double right) const;
  bool is_free(const Box& box) const;

  LabelArea area_;
  Skyline skyline_;
  std::vector<Box> boxes_;
  std::vector<Label> labels_;
};

}  // namespace xxact::report
