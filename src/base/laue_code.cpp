#include "src/base/laue_code.hpp"

#include <algorithm>

namespace xxact {
namespace {

constexpr Rotation kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};

Rotation product(const Rotation& a, const Rotation& b) {
  Rotation c{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
  return c;
}

std::int64_t determinant(const Rotation& w) {
  const auto e = [&](std::size_t i) { return std::int64_t{w[i]}; };
  return e(0) * (e(4) * e(8) - e(5) * e(7)) - e(1) * (e(3) * e(8) - e(5) * e(6)) + e(2) * (e(3) * e(7) - e(4) * e(6));
}

bool in_reach(const Rotation& w) {
  return std::ranges::all_of(w, [](int entry) { return entry >= -kLargestEntry && entry <= kLargestEntry; });
}

bool fits_code(const Rotation& w) {
  return std::ranges::all_of(w, [](int entry) { return entry >= -1 && entry <= 1; });
}

std::uint32_t code_of(const Rotation& a, const Rotation& b) {
  std::uint32_t code = 0, digit = 1;
  for (const Rotation* w : {&a, &b})
    for (const int entry : *w) code += static_cast<std::uint32_t>(entry + 1) * digit, digit *= 3;
  return code;
}

}  // namespace

std::vector<Rotation> laue_group_of(std::span<const Rotation> rotations) {
  std::vector<Rotation> generators, group = {kIdentity};
  for (Rotation w : rotations) {
    if (!in_reach(w)) return {};
    const std::int64_t sign = determinant(w);
    if (sign != 1 && sign != -1) return {};
    for (int& entry : w) entry *= static_cast<int>(sign);
    generators.push_back(w);
  }
  for (std::size_t i = 0; i < group.size(); ++i)
    for (const Rotation& generator : generators) {
      const Rotation next = product(group[i], generator);
      if (std::ranges::find(group, next) != group.end()) continue;
      if (group.size() == kMostRotations || !in_reach(next)) return {};
      group.push_back(next);
    }
  std::sort(group.begin() + 1, group.end());
  return group;
}

std::uint32_t encode_laue_group(std::span<const Rotation> rotations) {
  const std::vector<Rotation> group = laue_group_of(rotations);
  for (const Rotation& a : group)
    for (const Rotation& b : group)
      if (fits_code(a) && fits_code(b) && laue_group_of(std::array{a, b}).size() == group.size()) return code_of(a, b);
  return kNoLaueCode;
}

std::array<Rotation, 2> decode_laue_group(std::uint32_t code) {
  std::array<Rotation, 2> generators{};
  for (Rotation& w : generators)
    for (int& entry : w) entry = static_cast<int>(code % 3) - 1, code /= 3;
  return generators;
}

}  // namespace xxact
