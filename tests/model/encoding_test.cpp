// Fraction codes and element vectors against their definitions.
#include <gtest/gtest.h>

#include <cmath>

#include "model/composition_encoder.hpp"
#include "model/xxact_model.hpp"

namespace xxact::model {
namespace {

TEST(FractionCode, TableIsThePublishedFormulaInDoublePrecision) {
  constexpr int kColumns = 32;
  const auto table = fraction_code_table(kColumns);
  ASSERT_EQ(table.sizes(), (std::vector<std::int64_t>{5000, kColumns}));
  const auto cell = table.accessor<float, 2>();
  for (const int r : {0, 1, 2, 17, 999, 2500, 4999})
    for (int c = 0; c < kColumns; ++c) {
      const double angle = r / std::pow(50.0, 2.0 * c / kColumns);
      EXPECT_NEAR(cell[r][c], c % 2 == 0 ? std::sin(angle) : std::cos(angle), 1e-6) << r << " " << c;
    }
}

TEST(FractionCode, IndexRoundsHalvesToEvenAndStaysInside) {
  // 0.0625 * 5000 = 312.5 and 0.1875 * 5000 = 937.5 exactly: to 312 and 938. The table starts at 1 / 5000.
  const auto x = torch::tensor({0.0F, 1e-5F, 1.0F / 5000, 3.0F / 5000, 0.0625F, 0.1875F, 0.5F, 1.0F, 1.2F});
  const auto expected = torch::tensor({0, 0, 0, 2, 311, 937, 2499, 4999, 4999}, torch::kInt64);
  EXPECT_TRUE(torch::equal(fraction_index(x), expected)) << fraction_index(x);
}

TEST(FractionCode, LogarithmicScaleIsClampedAtAbsence) {
  const auto x = torch::tensor({1.0F, 0.5F, 0.25F, 1e-4F, 0.0F});
  const auto y = log_fraction(x);
  const auto value = y.accessor<float, 1>();
  EXPECT_EQ(value[0], 0.0F);
  EXPECT_NEAR(value[1], 0.0025, 1e-9);
  EXPECT_NEAR(value[2], 0.01, 1e-9);
  EXPECT_NEAR(value[3], 0.0025 * std::pow(std::log2(1e-4), 2), 1e-6);
  EXPECT_EQ(value[4], 1.0F);
}

TEST(Mat2vec, TableHoldsThePublishedVectorsByAtomicNumber) {
  const auto table = mat2vec_table();
  ASSERT_EQ(table.sizes(), (std::vector<std::int64_t>{119, 200}));
  EXPECT_EQ(table[0].abs().max().item<float>(), 0.0F);
  EXPECT_TRUE((table.narrow(0, 1, 118).abs().sum(1) > 0).all().item<bool>());
  // Numbers of the rows H, Fe and Og as the file prints them: the rows are sorted by atomic number, not by the file's order.
  EXPECT_FLOAT_EQ(table[1][0].item<float>(), 0.05714642256498337F);
  EXPECT_FLOAT_EQ(table[1][199].item<float>(), 0.07176834344863892F);
  EXPECT_FLOAT_EQ(table[26][0].item<float>(), -0.026419024914503098F);
  EXPECT_FLOAT_EQ(table[118][199].item<float>(), 0.015402578748762608F);
}

}  // namespace
}  // namespace xxact::model
