// Any bytes as a measured pattern, and what is read on its way to the model's grid: an error with a reason, or a pattern
// that keeps its promises. The first byte chooses the file's name, the rest is the file.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "io/measured_pattern.hpp"
#include "pipeline/xrd/measured.hpp"
#include "src/base/error.hpp"

using namespace xxact;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const io::MeasuredPattern& pattern) {
  const std::size_t points = pattern.two_theta_deg.size();
  require(points >= io::kFewestPoints && pattern.intensity.size() == points && (pattern.sigma.empty() || pattern.sigma.size() == points));
  for (std::size_t i = 0; i < points; ++i) {
    require(pattern.two_theta_deg[i] >= 0 && pattern.two_theta_deg[i] <= 180 && std::isfinite(pattern.intensity[i]));
    require(i == 0 || pattern.two_theta_deg[i] > pattern.two_theta_deg[i - 1]);
  }
  require(*std::ranges::max_element(pattern.intensity) > 0);
  require(!pattern.wavelength_angstrom || (*pattern.wavelength_angstrom >= 0.05 && *pattern.wavelength_angstrom <= 10));
}

void check(const xrd::MeasuredOnGrid& result, int points) {
  require(static_cast<int>(result.pattern.size()) == points && static_cast<int>(result.measured.size()) == points);
  for (const float y : result.pattern) require(y >= 0 && y <= 1);
  require(*std::ranges::max_element(result.pattern) == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array<const char*, 4> names = {"a.xy", "a.xye", "a.csv", "a.brml"};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const io::MeasuredPattern pattern = io::parse_measured_pattern(bytes, names[data[0] % names.size()]);
    check(pattern);
    xrd::PatternOptions model;
    xrd::MeasurementOptions options;
    options.wavelength_angstrom = pattern.wavelength_angstrom.value_or(1.54184);
    if (data[0] & 4) options.remove_alpha2 = xrd::Alpha2Removal{};
    check(xrd::on_model_grid(pattern.two_theta_deg, pattern.intensity, model, options), model.grid.points);
  } catch (const InputError&) {  // the reason that a user is told
  }
  return 0;
}
