#include "io/composition_formula.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "src/base/elements.hpp"

#include <fmt/format.h>

namespace xxact::io {
namespace {

constexpr int kMaxAtoms = 1000;

// Pauling electronegativities in hundredths, by atomic number; 0 where none is given.
constexpr std::array<short, kMaxAtomicNumber + 1> kElectronegativity = {
    0,   220, 0,   98,  157, 204, 255, 304, 344, 398, 0,    //  1 H  .. 10 Ne
    93,  131, 161, 190, 219, 258, 316, 0,   82,  100, 136,  // 11 Na .. 21 Sc
    154, 163, 166, 155, 183, 188, 191, 190, 165, 181, 201,  // 22 Ti .. 32 Ge
    218, 255, 296, 300, 82,  95,  122, 133, 160, 216, 190,  // 33 As .. 43 Tc
    220, 228, 220, 193, 169, 178, 196, 205, 210, 266, 260,  // 44 Ru .. 54 Xe
    79,  89,  110, 112, 113, 114, 113, 117, 120, 120, 110,  // 55 Cs .. 65 Tb
    122, 123, 124, 125, 110, 127, 130, 150, 236, 190, 220,  // 66 Dy .. 76 Os
    220, 228, 254, 200, 162, 233, 202, 200, 220, 220, 79,   // 77 Ir .. 87 Fr
    90,  110, 130, 150, 138, 136, 128, 113, 128, 130, 130,  // 88 Ra .. 98 Cf
    130, 130, 130, 130, 130, 0,   0,   0,   0,   0,   0,    // 99 Es .. 109 Mt
    0,   0,   0,   0,   0,   0,   0,   0,   0};             // 110 Ds .. 118 Og

/// Whole-number counts that reproduce the fractions as exactly as float32 can say.
std::optional<std::vector<int>> whole_counts(std::span<const float> fraction) {
  std::vector<int> count(fraction.size());
  for (int atoms = 1; atoms <= kMaxAtoms; ++atoms) {
    bool fits = true;
    for (std::size_t i = 0; i < fraction.size() && fits; ++i) {
      count[i] = static_cast<int>(std::lround(static_cast<double>(fraction[i]) * atoms));
      fits = count[i] > 0 && std::abs(static_cast<double>(count[i]) / atoms - fraction[i]) < 1.5e-7;
    }
    if (fits) return count;
  }
  return std::nullopt;
}

int rank_of(std::uint8_t atomic_number) {
  const short value = atomic_number <= kMaxAtomicNumber ? kElectronegativity[atomic_number] : 0;
  return value > 0 ? value : 1000;
}

}  // namespace

std::string composition_formula(std::span<const std::uint8_t> atomic_number, std::span<const float> fraction) {
  std::vector<std::size_t> order(atomic_number.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rank_of(atomic_number[a]) < rank_of(atomic_number[b]);
  });
  const auto counts = whole_counts(fraction);
  const float rarest = fraction.empty() ? 1.0F : *std::min_element(fraction.begin(), fraction.end());
  std::string text;
  for (const std::size_t i : order) {
    const auto amount = counts ? std::to_string((*counts)[i]) : fmt::format("{:.4g}", fraction[i] / rarest);
    text += element_symbol(atomic_number[i]);
    if (amount != "1") text += amount;
  }
  return text;
}

}  // namespace xxact::io
