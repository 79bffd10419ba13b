#include "src/base/counter_random.hpp"

#include <cmath>
#include <numbers>

namespace xxact {

float CounterRandom::normal() {
  const double radius = std::sqrt(-2.0 * std::log((next_u32() + 0.5) * 0x1p-32));
  return static_cast<float>(radius * std::cos(2.0 * std::numbers::pi * (next_u32() + 0.5) * 0x1p-32));
}

}  // namespace xxact
