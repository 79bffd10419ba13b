// Formulas as people write them, from fractions alone.
#include "io/composition_formula.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace xxact::io {
namespace {

std::string formula_of(std::vector<std::uint8_t> number, const std::vector<int>& count) {
  int atoms = 0;
  for (const int c : count) atoms += c;
  std::vector<float> fraction;
  for (const int c : count) fraction.push_back(static_cast<float>(c) / static_cast<float>(atoms));
  return composition_formula(number, fraction);
}

TEST(CompositionFormula, MetalsComeBeforeNonMetals) {
  EXPECT_EQ(formula_of({8, 26}, {3, 2}), "Fe2O3");
  EXPECT_EQ(formula_of({8, 22, 56}, {3, 1, 1}), "BaTiO3");
  EXPECT_EQ(formula_of({11, 17}, {1, 1}), "NaCl");
  EXPECT_EQ(formula_of({3, 8, 15, 26}, {1, 4, 1, 1}), "LiFePO4");
  EXPECT_EQ(formula_of({14}, {1}), "Si");
}

TEST(CompositionFormula, CountsAreReduced) { EXPECT_EQ(formula_of({8, 26}, {12, 8}), "Fe2O3"); }

TEST(CompositionFormula, LargeCellsKeepTheirCounts) {
  EXPECT_EQ(formula_of({3, 16, 32, 15}, {20, 24, 2, 4}), "Li10GeP2S12");
  EXPECT_EQ(formula_of({12, 14, 8, 1}, {48, 34, 147, 62}), "Mg48Si34H62O147");
}

TEST(CompositionFormula, FractionsOfNoSmallCellAreWrittenWithDecimals) {
  EXPECT_EQ(composition_formula(std::vector<std::uint8_t>{8, 26}, std::vector<float>{0.5F, 0.4871234F}), "FeO1.026");
}

TEST(CompositionFormula, ElementsWithoutElectronegativityComeLast) { EXPECT_EQ(formula_of({2, 11}, {1, 2}), "Na2He"); }

}  // namespace
}  // namespace xxact::io
