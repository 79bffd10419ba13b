// The host's own linear and attention kernels against PyTorch's, forward and backward.
#include <gtest/gtest.h>

#include <array>

#include "model/host_attention.hpp"
#include "model/host_gelu.hpp"
#include "model/host_linear.hpp"
#include "model/precision.hpp"
#include "tests/model/reference_case.hpp"

namespace xxact::model {
namespace {

/// PyTorch in double precision: query [B, Q, H, W], key_value [B, K, 2, H, W].
torch::Tensor oracle(const torch::Tensor& query, const torch::Tensor& key_value, const torch::Tensor& mask) {
  const auto q = query.to(torch::kFloat64).transpose(1, 2), kv = key_value.to(torch::kFloat64);
  auto score = q.matmul(kv.select(2, 0).permute({0, 2, 3, 1})) / std::sqrt(static_cast<double>(query.size(3)));
  if (mask.defined()) score = score.masked_fill(mask.logical_not(), -INFINITY);
  return score.softmax(-1).matmul(kv.select(2, 1).transpose(1, 2)).transpose(1, 2).flatten(2);
}

struct Sizes {
  std::int64_t batch, queries, keys, heads, width;
};

class HostAttentionTest : public testing::TestWithParam<Sizes> {};

TEST_P(HostAttentionTest, AgreesWithTheDefinitionForwardAndBackward) {
  const auto [batch, queries, keys, heads, width] = GetParam();
  torch::manual_seed(2);
  for (const bool masked : {false, true}) {
    // A slice of a larger tensor: tokens and samples with strides of their own.
    const auto query = (3 * torch::randn({batch, queries, heads, width})).requires_grad_();
    const auto wide = torch::randn({batch, keys, 3, 2, heads, width}).requires_grad_();
    const auto probe = torch::randn({batch, queries, heads * width});
    torch::Tensor mask;
    if (masked) {
      mask = torch::rand({batch, 1, 1, keys}) < 0.5;
      mask.select(3, 0).fill_(true);
    }
    const auto expected = oracle(query, wide.select(2, 1), mask);
    const auto expected_gradient = torch::autograd::grad({(expected * probe).sum()}, {query, wide});
    ASSERT_TRUE(fits_host_attention(wide.select(2, 1)));
    const auto output = host_attention(query, wide.select(2, 1), mask);
    const auto gradient = torch::autograd::grad({(output * probe).sum()}, {query, wide});
    EXPECT_LT(relative_difference(output, expected), 2e-6) << masked;
    EXPECT_LT(relative_difference(gradient[0], expected_gradient[0]), 5e-6) << masked;
    EXPECT_LT(relative_difference(gradient[1], expected_gradient[1]), 5e-6) << masked;
    torch::NoGradGuard no_grad;
    EXPECT_TRUE(torch::equal(host_attention(query, wide.select(2, 1), mask), output)) << "without gradients";
  }
}

TEST_P(HostAttentionTest, PackedFormGivesOneGradientForQueryKeyAndValue) {
  const auto [batch, queries, keys, heads, width] = GetParam();
  torch::manual_seed(2);
  const auto packed = torch::randn({batch, keys, 3, heads, width}).requires_grad_();
  const auto probe = torch::randn({batch, keys, heads * width});
  const auto expected = oracle(packed.select(2, 0), packed.narrow(2, 1, 2), {});
  const auto output = host_self_attention(packed, {});
  EXPECT_LT(relative_difference(output, expected), 2e-6);
  const auto gradient = torch::autograd::grad({(output * probe).sum()}, {packed})[0];
  EXPECT_LT(relative_difference(gradient, torch::autograd::grad({(expected * probe).sum()}, {packed})[0]), 5e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, HostAttentionTest,
                         testing::Values(Sizes{1, 1, 1, 1, 16}, Sizes{3, 17, 17, 4, 16}, Sizes{5, 1, 17, 4, 16}, Sizes{5, 17, 6, 2, 32},
                                         Sizes{2, 33, 16, 1, 128}, Sizes{2, 7, 48, 3, 48}, Sizes{1, 65, 65, 2, 64}, Sizes{1, 3, 96, 2, 16}));

TEST(HostAttention, ExtremeScoresStayFinite) {
  auto query = torch::full({1, 2, 1, 16}, 1e4F);
  query[0][1].neg_();
  auto key_value = torch::randn({1, 20, 2, 1, 16});
  key_value.select(2, 0).mul_(1e4F);
  const auto output = host_attention(query, key_value, {});
  EXPECT_TRUE(output.isfinite().all().item<bool>());
  EXPECT_LT(relative_difference(output, oracle(query, key_value, {})), 1e-5);
}

TEST(HostAttention, LeavesWhatDoesNotFitToPyTorch) {
  EXPECT_FALSE(fits_host_attention(torch::zeros({1, 97, 2, 1, 16})));
  EXPECT_FALSE(fits_host_attention(torch::zeros({1, 9, 2, 1, 24})));
  EXPECT_FALSE(fits_host_attention(torch::zeros({1, 9, 2, 1, 256})));
  EXPECT_FALSE(fits_host_attention(torch::zeros({1, 9, 2, 1, 16}, torch::kFloat64)));
}

TEST(HostLinear, AgreesWithPyTorchForwardAndBackward) {
  torch::manual_seed(5);
  for (const auto& [in, out] : {std::pair{64, 192}, std::pair{256, 64}, std::pair{64, 64}})
    for (const bool with_bias : {true, false}) {
      const auto x = torch::randn({40, 17, in}).requires_grad_(), weight = torch::randn({out, in}).requires_grad_();
      const auto bias = with_bias ? torch::randn({out}).requires_grad_() : torch::Tensor();
      const auto probe = torch::randn({40, 17, out});
      auto expected = x.to(torch::kFloat64).matmul(weight.to(torch::kFloat64).t());
      if (with_bias) expected = expected + bias;
      const auto output = affine(x, weight, bias);
      EXPECT_LT(relative_difference(output, expected), 1e-6);
      std::vector<torch::Tensor> inputs = {x, weight};
      if (with_bias) inputs.push_back(bias);
      const auto ours = torch::autograd::grad({(output * probe).sum()}, inputs), theirs = torch::autograd::grad({(expected * probe).sum()}, inputs);
      for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_LT(relative_difference(ours[i], theirs[i]), 2e-6) << i;
      torch::InferenceMode inference;
      EXPECT_TRUE(torch::equal(affine(x, weight, bias), output));
    }
}

TEST(HostLinear, WeightViewsKeepTheirPlaceInTheGradient) {
  const auto weight = torch::randn({192, 64}).requires_grad_();
  const auto x = torch::randn({20, 17, 64});
  const auto parts = weight.split_with_sizes({64, 128});
  (affine(x, parts[0], {}).sum() + 2 * affine(x, parts[1], {}).sum()).backward();
  const auto column = x.sum(c10::IntArrayRef{0, 1});
  EXPECT_LT(relative_difference(weight.grad().narrow(0, 0, 64), column.expand({64, 64})), 1e-5);
  EXPECT_LT(relative_difference(weight.grad().narrow(0, 64, 128), 2 * column.expand({128, 64})), 1e-5);
}

TEST(HostLinear, RoundsLargeProductsAloneWhileBf16IsAskedFor) {
  if (!host_multiplies_bf16()) GTEST_SKIP() << "this processor has no bfloat16";
  torch::manual_seed(6);
  const auto weight = torch::randn({192, 256}).requires_grad_(), bias = torch::randn({192}).requires_grad_();
  for (const std::int64_t rows : {4, 200}) {
    const auto x = torch::randn({rows, 256}).requires_grad_();
    const auto passed = [&](Precision precision) {
      for (const auto& leaf : {x, weight, bias}) leaf.mutable_grad() = torch::Tensor();
      torch::Tensor y;
      {
        const PrecisionScope scope(torch::kCPU, precision);
        y = affine(x, weight, bias);
        const torch::NoGradGuard inference;
        EXPECT_TRUE(torch::equal(affine(x, weight, bias), y));
      }
      y.square().sum().backward();
      return std::array{y.detach(), x.grad().clone(), weight.grad().clone(), bias.grad().clone()};
    };
    const auto exact = passed(Precision::fp32), rounded = passed(Precision::bf16);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      EXPECT_EQ(rounded[i].scalar_type(), torch::kFloat32);
      EXPECT_LT(relative_difference(rounded[i], exact[i]), 0.02) << "bfloat16 keeps 8 bits";
      EXPECT_EQ(torch::equal(rounded[i], exact[i]), rows == 4) << rows << " rows, " << i;
    }
  }
}

TEST(HostGelu, AgreesWithTheDefinitionAndItsSlope) {
  for (const std::int64_t count : {1, 15, 16, 33, 100'003}) {
    const auto x = (torch::linspace(-1, 1, count) * 14).requires_grad_();  // through zero and both saturated ends
    const auto reference = x.detach().to(torch::kFloat64).requires_grad_();
    const auto value = model::gelu(x), expected = at::gelu(reference);
    EXPECT_LT((value - expected).abs().max().item<double>(), 2e-6) << count;
    value.sum().backward();
    expected.sum().backward();
    EXPECT_LT((x.grad() - reference.grad()).abs().max().item<double>(), 1e-6) << count;
  }
  const auto limits = model::gelu(torch::tensor({-1e30F, -200.0F, 0.0F, 200.0F, 1e30F}));
  EXPECT_TRUE(torch::equal(limits, torch::tensor({0.0F, 0.0F, 0.0F, 200.0F, 1e30F}))) << limits;
}

}  // namespace
}  // namespace xxact::model
