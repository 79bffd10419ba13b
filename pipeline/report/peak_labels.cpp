#include "pipeline/report/peak_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xxact::report {
namespace {

std::size_t letters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string miller_indices(const std::array<int, 3>& hkl) {
  const bool apart = std::ranges::any_of(hkl, [](int index) { return std::abs(index) > 9; });
  std::string text;
  for (const int index : hkl) text += fmt::format("{}{}{}", apart && !text.empty() ? " " : "", index < 0 ? "−" : "", std::abs(index));
  return text;
}

double PeakLabels::highest_between(double left, double right) const {
  double highest = -std::numeric_limits<double>::infinity();
  const auto first = std::ranges::lower_bound(skyline_.x, left) - skyline_.x.begin();
  for (auto i = static_cast<std::size_t>(first); i < skyline_.x.size() && skyline_.x[i] <= right; ++i)
    if (skyline_.y[i] > highest) highest = skyline_.y[i];
  return highest;
}

bool PeakLabels::is_free(const Box& box) const {
  return std::ranges::none_of(boxes_, [&box](const Box& other) {
    return box.left < other.right && other.left < box.right && box.bottom < other.top && other.bottom < box.top;
  });
}

void PeakLabels::add(std::span<const LabelledPeak> peaks, int most, int colour) {
  std::vector<std::size_t> order(peaks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&peaks](std::size_t a, std::size_t b) { return peaks[a].y > peaks[b].y; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(std::max(most, 0))));
  for (const std::size_t i : order) {
    const LabelledPeak& peak = peaks[i];
    const double half = area_.letter_width * (static_cast<double>(letters(peak.text)) + 1) / 2;
    const double x = std::clamp(peak.x, area_.low + half, std::max(area_.low + half, area_.high - half));
    double bottom = std::max(peak.y, highest_between(x - half, x + half));
    for (const LabelledPeak& other : peaks)
      if (std::abs(other.x - x) < half) bottom = std::max(bottom, other.y);
    const Box box{x - half, x + half, bottom, bottom + area_.height};
    if (bottom - std::max(peak.y, peak.curve) > area_.farthest || !is_free(box)) continue;
    boxes_.push_back(box);
    labels_.push_back({peak.text, x, bottom, colour});
  }
}

}  // namespace xxact::report
