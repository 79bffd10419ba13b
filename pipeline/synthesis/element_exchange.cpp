#include "pipeline/synthesis/element_exchange.hpp"

#include <bit>
#include <cmath>

#include "pipeline/synthesis/oxidation_states.hpp"
#include "pipeline/xrd/form_factors.hpp"

#include <gemmi/elem.hpp>

namespace xxact::synthesis {
namespace {

constexpr double kRadiusWidth = 0.25;  // angstrom

bool is_noble_gas(int z) { return z == 2 || z == 10 || z == 18 || z == 36 || z == 54 || z == 86; }

double weight(int from, int to) {
  if (from == to) return 1;
  const unsigned a = common_oxidation_states(from), b = common_oxidation_states(to);
  if ((a & b) == 0) return 0;
  const double apart = (covalent_radius(to) - covalent_radius(from)) / kRadiusWidth;
  return static_cast<double>(std::popcount(a & b)) / std::popcount(a | b) * std::exp(-apart * apart / 2);
}

}  // namespace

ElementSet exchangeable_elements() {
  ElementSet elements;
  for (int z = 1; z <= xrd::kFormFactorElements; ++z) elements[static_cast<std::size_t>(z)] = !is_noble_gas(z) && common_oxidation_states(z) != 0;
  return elements;
}

double covalent_radius(int atomic_number) { return static_cast<double>(gemmi::Element(atomic_number).covalent_r()); }

ElementExchange::ElementExchange(const ElementSet& allowed) {
  const ElementSet elements = allowed & exchangeable_elements();
  for (int from = 1; from <= kMaxAtomicNumber; ++from) {
    std::vector<Choice>& choices = choices_[static_cast<std::size_t>(from)];
    double total = 0;
    for (int to = 1; to <= kMaxAtomicNumber; ++to) {
      const double share = to == from || elements[static_cast<std::size_t>(to)] ? weight(from, to) : 0;
      if (share <= 0) continue;
      total += share;
      choices.push_back({static_cast<float>(total), static_cast<std::uint8_t>(to)});
    }
  }
}

std::uint8_t ElementExchange::choose(std::uint8_t atomic_number, float uniform) const {
  const std::vector<Choice>& choices = choices_[atomic_number];
  const float at = uniform * choices.back().up_to;
  for (const Choice& choice : choices)
    if (at < choice.up_to) return choice.atomic_number;
  return choices.back().atomic_number;
}

}  // namespace xxact::synthesis
