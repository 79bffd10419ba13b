// Formulas to amounts, their canonical reduced form, and the split that follows from it.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "io/formula.hpp"
#include "io/split.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

std::map<std::string, double> amounts(std::string_view text) {
  std::map<std::string, double> result;
  for (const auto& element : parse_formula(text)) result[std::string(element_symbol(element.atomic_number))] = element.amount;
  return result;
}

std::string reason(std::string_view text) {
  try {
    parse_formula(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

using Map = std::map<std::string, double>;

TEST(Formula, ReadsWhatPeopleWrite) {
  EXPECT_EQ(amounts("Fe2O3"), (Map{{"Fe", 2}, {"O", 3}}));
  EXPECT_EQ(amounts("Tm1 Mg1 Hg2"), (Map{{"Tm", 1}, {"Mg", 1}, {"Hg", 2}}));
  EXPECT_EQ(amounts("Ca(OH)2"), (Map{{"Ca", 1}, {"O", 2}, {"H", 2}}));
  EXPECT_EQ(amounts("K4[Fe(CN)6]"), (Map{{"K", 4}, {"Fe", 1}, {"C", 6}, {"N", 6}}));
  EXPECT_EQ(amounts("{Li0.5Na.5}2O"), (Map{{"Li", 1}, {"Na", 1}, {"O", 1}}));
  EXPECT_EQ(amounts("CuSO4*5H2O"), (Map{{"Cu", 1}, {"S", 1}, {"O", 9}, {"H", 10}}));
  EXPECT_EQ(amounts("CuSO4\xC2\xB7"
                    "5H2O"),
            amounts("CuSO4*5H2O"));
  EXPECT_EQ(amounts("D2O"), (Map{{"H", 2}, {"O", 1}}));
  EXPECT_EQ(amounts("NaNa"), (Map{{"Na", 2}}));
  EXPECT_EQ(amounts("CO"), (Map{{"C", 1}, {"O", 1}}));
  EXPECT_EQ(amounts("Co"), (Map{{"Co", 1}}));
}

TEST(Formula, IsSortedByAtomicNumber) {
  const auto formula = parse_formula("OCaTi");
  ASSERT_EQ(formula.size(), 3U);
  EXPECT_EQ(formula[0].atomic_number, 8);
  EXPECT_EQ(formula[1].atomic_number, 20);
  EXPECT_EQ(formula[2].atomic_number, 22);
}

TEST(Formula, SaysWhatIsWrongAndWhere) {
  EXPECT_NE(reason("").find("empty"), std::string::npos);
  EXPECT_NE(reason("Xx2O").find("no element is named \"Xx\" at character 1"), std::string::npos);
  EXPECT_NE(reason("Fe2(O3").find("not closed"), std::string::npos);
  EXPECT_NE(reason("Fe2O3)").find("element was expected"), std::string::npos);
  EXPECT_NE(reason("()").find("element was expected"), std::string::npos);
  EXPECT_NE(reason("Fe0O").find("above 0"), std::string::npos);
  EXPECT_NE(reason("Fe1e3O").find("scientific"), std::string::npos);
  EXPECT_NE(reason("Fe2+").find("charges"), std::string::npos);
  EXPECT_NE(reason("fe2o3").find("element was expected"), std::string::npos);
  EXPECT_NE(reason("2").find("element was expected"), std::string::npos);
  EXPECT_NE(reason("H2O\xC2").find("at character"), std::string::npos);
  EXPECT_NE(reason(std::string(2000, 'H')).find("longer"), std::string::npos);
  EXPECT_NE(reason(std::string(500, '(') + "H" + std::string(500, ')')).find("nested"), std::string::npos);
}

TEST(ReducedFormula, DividesByTheGreatestCommonDivisor) {
  EXPECT_EQ(reduced_formula(parse_formula("Ca2Ti2O6")), "8:3 20:1 22:1");
  EXPECT_EQ(reduced_formula(parse_formula("Si8")), "14:1");
  EXPECT_EQ(reduced_formula(parse_formula("Zn12N8")), "7:2 30:3");
}

TEST(ReducedFormula, OfPartAmountsIsTheSameForEveryMultiple) {
  EXPECT_EQ(reduced_formula(parse_formula("Cu0.5Au0.5")), reduced_formula(parse_formula("Cu2Au2")));
  EXPECT_EQ(reduced_formula(parse_formula("Li0.333O")), reduced_formula(parse_formula("Li0.999O3")));
  EXPECT_EQ(reduced_formula(parse_formula("Li0.333O")), "3:333 8:1000");
  EXPECT_EQ(reduced_formula(parse_formula("Li0.00001O")), "3:1 8:10000");
}

// Expected values by Python: int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10.
TEST(SplitOf, IsSha256OfTheReducedFormula) {
  EXPECT_EQ(split_of("8:3 20:1 22:1"), Split::train);
  EXPECT_EQ(split_of("14:1"), Split::train);
  EXPECT_EQ(split_of("5:1"), Split::validation);
  EXPECT_EQ(split_of("11:1 17:1"), Split::train);
  EXPECT_EQ(split_of("7:2 30:3"), Split::test);
  EXPECT_EQ(split_of("11:1 17:1", 1), Split::train);
  EXPECT_EQ(split_of("11:1 17:1", 7), Split::test);
}

}  // namespace
}  // namespace xxact::io
