// Contrastive loss and gradients in closed form against autograd of the formula written out, whole and in parts.
#include "model/contrastive.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace xxact::model {
namespace {

struct Case {
  torch::Tensor composition, pattern, formula, log_scale;
};

Case make_case(std::int64_t pairs, torch::Dtype type) {
  torch::manual_seed(5);
  const auto unit = [&] {
    const auto rows = torch::randn({pairs, 12}, torch::kFloat64);
    return (rows / rows.norm(2, 1, true)).to(type).requires_grad_();
  };
  return {unit(), unit(), torch::arange(pairs, torch::kInt64).remainder(pairs - 2), torch::full({}, 2.0, type).requires_grad_()};
}

/// Both directions of the whole batch.
torch::Tensor written_out(const Case& c) {
  const auto pairs = c.formula.size(0);
  const auto other = c.formula.unsqueeze(1).eq(c.formula).logical_and(torch::eye(pairs, torch::kBool).logical_not());
  const auto logits = (c.log_scale.exp() * c.composition.matmul(c.pattern.t())).masked_fill(other, -std::numeric_limits<double>::infinity());
  const auto truth = torch::arange(pairs, torch::kInt64);
  return 0.5 * (torch::cross_entropy_loss(logits, truth) + torch::cross_entropy_loss(logits.t(), truth));
}

double distance(const torch::Tensor& a, const torch::Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

void expect_written_out(torch::Dtype type, double tolerance, std::int64_t rows_at_once) {
  constexpr std::int64_t kPairs = 17;
  const auto c = make_case(kPairs, type);
  const auto loss = written_out(c);
  loss.backward();
  const torch::NoGradGuard guard;
  const auto weight = torch::full({}, 1.0 / kPairs, type);
  ContrastiveGradients sum;
  for (const auto& [first, count] : {std::pair{0, 6}, {6, 6}, {12, 5}}) {
    const auto part = contrastive_gradients({c.composition, c.pattern, c.formula}, first, count, c.log_scale, weight, rows_at_once);
    sum = first == 0 ? part : ContrastiveGradients{sum.loss + part.loss, sum.composition + part.composition, sum.pattern + part.pattern, sum.log_scale + part.log_scale};
  }
  EXPECT_LT(distance(sum.loss, loss), tolerance);
  EXPECT_LT(distance(sum.composition, c.composition.grad()), tolerance);
  EXPECT_LT(distance(sum.pattern, c.pattern.grad()), tolerance);
  EXPECT_LT(distance(sum.log_scale, c.log_scale.grad()), tolerance);
}

TEST(Contrastive, PartsAddUpToTheFormulaInDoublePrecision) {
  for (const std::int64_t rows_at_once : {1, 4, 100}) expect_written_out(torch::kFloat64, 1e-12, rows_at_once);
}

TEST(Contrastive, PartsAddUpToTheFormulaInSinglePrecision) { expect_written_out(torch::kFloat32, 1e-5, 4); }

TEST(Contrastive, OtherPatternsOfTheFormulaAreNotHeldAgainstIt) {
  auto c = make_case(6, torch::kFloat64);
  const torch::NoGradGuard guard;
  c.formula.zero_();
  const auto all_alike = contrastive_gradients({c.composition, c.pattern, c.formula}, 0, 6, c.log_scale, torch::full({}, 1.0 / 6, torch::kFloat64), 6);
  EXPECT_EQ(all_alike.loss.item<double>(), 0) << "nothing is left to compare with";
  EXPECT_EQ(all_alike.composition.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace xxact::model
