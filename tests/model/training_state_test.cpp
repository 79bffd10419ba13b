// Flat buffers, AdamW, clipping and averaged weights.
#include <gtest/gtest.h>

#include <cmath>

#include "model/flat_parameters.hpp"
#include "model/objectives.hpp"
#include "model/optimizer.hpp"
#include "src/base/error.hpp"
#include "tests/model/reference_case.hpp"

namespace xxact::model {
namespace {

void backward(XxactModel& model, const ReferenceCase& reference) {
  (joint_output(reference.config, model->forward(reference.input())) * reference["probe"]).sum().backward();
}

TEST(FlatParameters, HoldEveryWeightAndGradientAsViewsThatStayAttached) {
  const auto& reference = reference_case("bimodal");
  auto model = reference.build();
  FlatParameters flat(*model);
  const auto inside = [](const torch::Tensor& view, const torch::Tensor& buffer) { return view.is_alias_of(buffer) && view.is_contiguous(); };
  for (int round = 1; round <= 2; ++round) {
    flat.zero_gradient();
    backward(model, reference);
    backward(model, reference);  // accumulates
    std::int64_t total = 0;
    for (const auto& item : model->named_parameters()) {
      ASSERT_TRUE(inside(item.value(), flat.weights())) << item.key();
      ASSERT_TRUE(inside(item.value().grad(), flat.gradient())) << item.key();
      EXPECT_LT(relative_difference(item.value().grad(), 2 * reference["gradient/" + item.key()]), 2e-4) << item.key();
      total += item.value().numel();
    }
    EXPECT_EQ(total, flat.size());
  }
  for (const auto& parameter : flat.parameters())
    EXPECT_TRUE(torch::equal(flat.weights().narrow(0, parameter.offset, parameter.size).view(parameter.shape), reference["weight/" + parameter.name]));
  { torch::NoGradGuard no_grad; flat.weights().zero_(); }
  EXPECT_EQ(joint_output(reference.config, model->forward(reference.input())).abs().max().item<float>(), 0.0F) << "the model reads the buffer";
}

TEST(FlatParameters, DecayTheMatricesOfLinearLayersOnly) {
  auto model = reference_case("bimodal_skip").build();
  FlatParameters flat(*model);
  for (const auto& parameter : flat.parameters()) {
    EXPECT_EQ(parameter.decay, parameter.offset < flat.decay_size()) << parameter.name;
    const bool matrix = parameter.shape.size() == 2;
    EXPECT_EQ(parameter.decay, matrix && parameter.name.ends_with("weight")) << parameter.name;
    for (const auto* exempt : {"_bias", "norm_", ".cls", ".position", ".scale"})
      EXPECT_FALSE(parameter.decay && parameter.name.find(exempt) != std::string::npos) << parameter.name;
  }
}

TEST(FlatParameters, BucketsCoverEachGradientOnceAndFollowTheBackwardPass) {
  auto model = reference_case("bimodal").build();
  FlatParameters flat(*model, 2048), again(*reference_case("bimodal").build(), 2048), other(*reference_case("bimodal").build(), 4096);
  ASSERT_GT(flat.buckets().size(), 4U);
  flat.gradient().zero_();
  std::vector<int> seen(flat.parameters().size());
  for (const auto& bucket : flat.buckets()) {
    bucket.gradient.add_(1.0);
    std::int64_t size = 0;
    for (const auto i : bucket.parameters) {
      ++seen[i];
      size += flat.parameters()[i].size;
    }
    EXPECT_EQ(size, bucket.gradient.numel());
  }
  EXPECT_TRUE(flat.gradient().eq(1.0).all().item<bool>());
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), static_cast<std::ptrdiff_t>(seen.size()));
  EXPECT_TRUE(flat.parameters()[flat.buckets().front().parameters.front()].name.starts_with("head."));
  EXPECT_EQ(flat.plan_hash(), again.plan_hash());
  EXPECT_NE(flat.plan_hash(), other.plan_hash());
}

TEST(AdamW, AgreesWithTheFormulaOverManySteps) {
  auto model = reference_case("xrd").build();
  FlatParameters flat(*model);
  const OptimizerConfig config{UpdateRule::adamw, 0.9, 0.98, 1e-8, 0.1};
  Optimizer optimizer(flat, config);
  auto w = flat.weights().to(torch::kFloat64), m = torch::zeros_like(w), v = torch::zeros_like(w);
  auto decay = torch::zeros_like(w);
  decay.narrow(0, 0, flat.decay_size()).fill_(config.weight_decay);
  torch::manual_seed(8);
  for (int t = 1; t <= 20; ++t) {
    const double rate = 1e-2 / t;
    flat.gradient().copy_(torch::randn_like(flat.gradient()));
    const auto g = flat.gradient().to(torch::kFloat64);
    w = w * (1 - rate * decay);
    m = config.beta1 * m + (1 - config.beta1) * g;
    v = config.beta2 * v + (1 - config.beta2) * g * g;
    w = w - rate * (m / (1 - std::pow(config.beta1, t))) / ((v / (1 - std::pow(config.beta2, t))).sqrt() + config.epsilon);
    optimizer.step(rate);
  }
  EXPECT_LT(relative_difference(flat.weights().to(torch::kFloat64), w), 2e-6);
  EXPECT_EQ(optimizer.updates().item<float>(), 20.0F);
}

TEST(AdamW, AgreesWithPyTorchsOptimizerOnTheModel) {
  const auto& reference = reference_case("composition");
  auto ours = reference.build(), theirs = reference.build();
  FlatParameters flat(*ours);
  Optimizer optimizer(flat, {UpdateRule::adamw, 0.9, 0.98, 1e-8, 0.05});
  std::vector<torch::Tensor> yes, no;
  for (const auto& item : theirs->named_parameters()) (is_decayed(item.key(), item.value()) ? yes : no).push_back(item.value());
  const auto options = [](double decay) {
    return std::make_unique<torch::optim::AdamWOptions>(torch::optim::AdamWOptions(3e-3).betas({0.9, 0.98}).eps(1e-8).weight_decay(decay));
  };
  torch::optim::AdamW peer({torch::optim::OptimizerParamGroup(yes, options(0.05)), torch::optim::OptimizerParamGroup(no, options(0.0))});
  for (int step = 0; step < 10; ++step) {
    flat.zero_gradient();
    backward(ours, reference);
    // The same gradients for both: that of a key's bias is rounding noise around zero, which Adam's division would blow up.
    for (const auto& item : ours->named_parameters()) theirs->named_parameters()[item.key()].mutable_grad() = item.value().grad().clone();
    optimizer.step(3e-3);
    peer.step();
  }
  for (const auto& item : theirs->named_parameters())
    EXPECT_LT(relative_difference(ours->named_parameters()[item.key()], item.value()), 5e-6) << item.key();
}

TEST(Lamb, AgreesWithTheFormulaMatrixByMatrix) {
  auto model = reference_case("bimodal").build();
  FlatParameters flat(*model);
  const OptimizerConfig config{UpdateRule::lamb, 0.9, 0.98, 1e-6, 0.1};
  Optimizer optimizer(flat, config);
  struct Moments { torch::Tensor w, m, v; };
  std::vector<Moments> expected;
  for (const auto& parameter : flat.parameters()) {
    const auto w = parameter.tensor.detach().to(torch::kFloat64);
    expected.push_back({w, torch::zeros_like(w), torch::zeros_like(w)});
  }
  // One matrix of nothing, and one with a norm above the limit.
  std::vector<std::size_t> matrices;
  for (std::size_t i = 0; i < flat.parameters().size(); ++i)
    if (flat.parameters()[i].decay) matrices.push_back(i);
  {
    torch::NoGradGuard no_grad;
    for (const auto& [place, factor] : {std::pair{matrices[0], 0.0}, {matrices[1], 100.0}}) {
      flat.parameters()[place].tensor.mul_(factor);
      expected[place].w.mul_(factor);
    }
  }
  ASSERT_GT(expected[matrices[1]].w.norm().item<double>(), 10.0);
  torch::manual_seed(8);
  for (int t = 1; t <= 10; ++t) {
    const double rate = 1e-2 / t;
    flat.gradient().copy_(torch::randn_like(flat.gradient()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      auto& [w, m, v] = expected[i];
      const auto& parameter = flat.parameters()[i];
      const auto g = flat.gradient().narrow(0, parameter.offset, parameter.size).view(parameter.shape).to(torch::kFloat64);
      m = config.beta1 * m + (1 - config.beta1) * g;
      v = config.beta2 * v + (1 - config.beta2) * g * g;
      auto u = (m / (1 - std::pow(config.beta1, t))) / ((v / (1 - std::pow(config.beta2, t))).sqrt() + config.epsilon);
      double ratio = 1;
      if (parameter.decay) {
        u = u + config.weight_decay * w;
        const double weight = w.norm().item<double>(), update = u.norm().item<double>();
        if (weight > 0 && update > 0) ratio = std::min(weight, 10.0) / update;
      }
      w = w - rate * ratio * u;
    }
    optimizer.step(rate);
  }
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_LT(relative_difference(flat.parameters()[i].tensor.to(torch::kFloat64), expected[i].w), 2e-6) << flat.parameters()[i].name;
}

TEST(Optimizer, ContinuesFromRestoredState) {
  const auto& reference = reference_case("xrd");
  auto first = reference.build(), second = reference.build();
  FlatParameters one(*first), two(*second);
  Optimizer a(one, {}), b(two, {});
  const auto step = [](FlatParameters& flat, Optimizer& optimizer, int t) {
    torch::manual_seed(static_cast<std::uint64_t>(t));
    flat.gradient().copy_(torch::randn_like(flat.gradient()));
    optimizer.step(1e-2);
  };
  for (int t = 0; t < 3; ++t) step(one, a, t);
  {
    torch::NoGradGuard no_grad;
    two.weights().copy_(one.weights());
    b.exp_avg().copy_(a.exp_avg());
    b.exp_avg_sq().copy_(a.exp_avg_sq());
    b.updates().copy_(a.updates());
  }
  step(one, a, 3);
  step(two, b, 3);
  EXPECT_TRUE(torch::equal(one.weights(), two.weights()));
}

TEST(Optimizer, SlicesOfRanksTogetherDoWhatTheWholeDoes) {
  const auto& reference = reference_case("bimodal");
  auto alone = reference.build();
  FlatParameters whole_flat(*alone, 5000);
  Optimizer whole_optimizer(whole_flat, {});
  const auto scalar = [](double value) { return torch::full({}, value, torch::kFloat32); };
  for (const int ranks : {2, 3, 7}) {
    std::vector<torch::Tensor> weights;
    double squared = 0;
    torch::manual_seed(5);
    const auto gradient = torch::randn({whole_flat.size()});
    for (int rank = 0; rank < ranks; ++rank) {
      auto model = reference.build();
      FlatParameters flat(*model, 5000);
      Optimizer optimizer(flat, {}, own_slices(flat, rank, ranks));
      EXPECT_LT(optimizer.exp_avg().numel(), flat.size() / ranks + ranks * std::ssize(flat.buckets()));
      flat.gradient().copy_(gradient);
      squared += optimizer.squared_gradient().item<double>();
      optimizer.step({scalar(1e-2), scalar(2), scalar(0)});
      weights.push_back(flat.weights().clone());
    }
    auto model = reference.build();
    FlatParameters flat(*model, 5000);
    Optimizer optimizer(flat, {});
    flat.gradient().copy_(gradient);
    EXPECT_NEAR(squared, optimizer.squared_gradient().item<double>(), 1e-5 * squared);
    const auto before = flat.weights().clone();
    optimizer.step({scalar(1e-2), scalar(2), scalar(0)});
    auto together = torch::full_like(before, std::numeric_limits<float>::quiet_NaN());
    for (int rank = 0; rank < ranks; ++rank)
      for (const auto& slice : own_slices(flat, rank, ranks)) {
        const auto part = weights[static_cast<std::size_t>(rank)].narrow(0, slice.offset, slice.count);
        EXPECT_TRUE(slice.counted || torch::equal(part, together.narrow(0, slice.offset, slice.count)));
        together.narrow(0, slice.offset, slice.count).copy_(part);
      }
    EXPECT_TRUE(torch::equal(together, flat.weights())) << ranks << " ranks";
  }
}

TEST(Optimizer, SkippedStepsLeaveEverythingAsItIs) {
  for (const auto rule : {UpdateRule::adamw, UpdateRule::lamb}) {
    auto model = reference_case("bimodal").build();
    FlatParameters flat(*model);
    OptimizerConfig config;
    config.rule = rule;
    Optimizer optimizer(flat, config);
    AveragedWeights average(flat, 0.9);
    const auto scalar = [](double value) { return torch::full({}, value, torch::kFloat32); };
    const auto step = [&](float gradient, double skip) {
      flat.gradient().fill_(gradient);
      optimizer.step({scalar(1e-2), clip_divisor(optimizer.squared_gradient().sqrt(), 1.0), scalar(skip)});
      average.update(scalar(skip));
    };
    const auto all = [&] { return torch::cat({flat.weights(), optimizer.exp_avg(), optimizer.exp_avg_sq(), average.average(), optimizer.updates().view(1), average.updates().view(1)}); };
    step(std::numeric_limits<float>::quiet_NaN(), 1);  // before any update
    EXPECT_EQ(optimizer.updates().item<float>(), 0.0F);
    step(0.5F, 0);
    const auto before = all();
    step(std::numeric_limits<float>::quiet_NaN(), 1);
    step(std::numeric_limits<float>::infinity(), 1);
    step(0.5F, 1);
    EXPECT_TRUE(torch::equal(all(), before)) << static_cast<int>(rule);
    step(0.5F, 0);
    EXPECT_FALSE(torch::equal(all(), before));
    EXPECT_TRUE(all().isfinite().all().item<bool>());
  }
}

TEST(Optimizer, LambRefusesToWorkOnParts) {
  auto model = reference_case("xrd").build();
  FlatParameters flat(*model);
  OptimizerConfig config;
  config.rule = UpdateRule::lamb;
  EXPECT_THROW(Optimizer(flat, config, own_slices(flat, 0, 2)), ConfigError);
}

TEST(ClipDivisor, BringsNormsToTheLimitAndLeavesSmallOnesAlone) {
  const auto divisor = [](double norm, double limit) { return clip_divisor(torch::full({}, norm, torch::kFloat32), limit).item<double>(); };
  EXPECT_NEAR(divisor(50, 2), 25, 1e-4);
  EXPECT_EQ(divisor(1.5, 2), 1.0);
  EXPECT_EQ(divisor(50, 0), 1.0);
  EXPECT_TRUE(std::isnan(divisor(std::nan(""), 1)));
  auto model = reference_case("xrd").build();
  FlatParameters flat(*model);
  flat.gradient().fill_(0.5);
  EXPECT_NEAR(Optimizer(flat, {}).squared_gradient().item<double>(), 0.25 * static_cast<double>(flat.size()), 1e-4 * static_cast<double>(flat.size()));
  // A divided gradient is what a clipped one would be: one step of a fresh optimiser moves by the sign alone, so look at the moments.
  Optimizer optimizer(flat, {});
  optimizer.step({torch::full({}, 1e-3, torch::kFloat32), torch::full({}, 5.0, torch::kFloat32), torch::zeros({})});
  EXPECT_NEAR(optimizer.exp_avg()[0].item<double>(), 0.1 * 0.5 / 5, 1e-6);
}

TEST(AveragedWeights, FollowTheWarmedUpDecayAndSwapBack) {
  auto model = reference_case("xrd").build();
  FlatParameters flat(*model);
  AveragedWeights average(flat, 0.5);
  double expected = flat.weights()[0].item<double>();
  for (int t = 1; t <= 12; ++t) {
    { torch::NoGradGuard no_grad; flat.weights().fill_(static_cast<float>(t)); }
    average.update(torch::zeros({}));
    const double decay = std::min(0.5, (1.0 + t) / (10.0 + t));
    expected = decay * expected + (1 - decay) * t;
    EXPECT_NEAR(average.average()[0].item<double>(), expected, 1e-5) << t;
  }
  average.swap();
  EXPECT_EQ(average.updates().item<float>(), 12.0F);
  EXPECT_NEAR(flat.weights()[0].item<double>(), expected, 1e-5);
  average.swap();
  EXPECT_TRUE(flat.weights().eq(12.0).all().item<bool>());
}

}  // namespace
}  // namespace xxact::model
