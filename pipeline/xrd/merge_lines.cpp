#include "pipeline/xrd/merge_lines.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace xxact::xrd {

void merge_lines(std::vector<Reflection>& reflections, std::vector<Line>& lines) {
  std::ranges::sort(reflections, [](const Reflection& a, const Reflection& b) {
    return std::tie(a.g, b.h, b.k, b.l) < std::tie(b.g, a.h, a.k, a.l);
  });
  lines.clear();
  double key = -1, strongest = 0;
  for (const Reflection& r : reflections) {
    const double next_key = std::nearbyint(r.two_theta_deg / kMergeTolerance);
    if (next_key == key) {
      Line& line = lines.back();
      line.intensity += r.intensity;
      line.multiplicity += 2;
      if (std::tie(r.h, r.k, r.l) > std::tie(line.h, line.k, line.l)) line.h = r.h, line.k = r.k, line.l = r.l;
    } else {
      lines.push_back({r.two_theta_deg, r.intensity, 1 / r.g, r.h, r.k, r.l, 2});
      key = next_key;
    }
    strongest = std::max(strongest, lines.back().intensity);
  }
  std::erase_if(lines, [&](const Line& line) { return !(line.intensity / strongest * 100 > kWeakestIntensity); });
}

}  // namespace xxact::xrd
