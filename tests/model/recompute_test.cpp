// Layers that run again in backward: the same losses and gradients, in less memory.
#include "model/recompute.hpp"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include "model/flat_parameters.hpp"
#include "model/memory_meter.hpp"
#include "model/objectives.hpp"
#include "model/xxact_model.hpp"

namespace xxact::model {
namespace {

ModelConfig deep(Mode mode) {
  ModelConfig config;
  config.mode = mode;
  config.tasks = {Task::formation_energy_per_atom, Task::crystal_system};
  config.width = 32;
  config.composition_layers = config.xrd_layers = config.fusion_layers = 4;
  config.head_widths = {32};
  config.dropout = 0.2;
  return config;
}

struct Samples {
  ModelInput input;
  Targets targets;

  /// `full` samples have an element in each slot, so that there is no mask.
  static Samples make(std::int64_t count, bool full) {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
    Samples samples;
    samples.input.element = torch::randint(1, 90, {count, 5}, generator, torch::kInt64);
    if (!full) samples.input.element.narrow(1, 3, 2).zero_();
    samples.input.fraction = torch::where(samples.input.element.ne(0), torch::rand({count, 5}, generator), 0.0F);
    samples.input.fraction.div_(samples.input.fraction.sum(1, true));
    samples.input.pattern = torch::rand({count, 1024}, generator);
    samples.input.sample_key = torch::arange(count, torch::kInt64).mul_(977);
    samples.targets.value[0] = torch::randn({count}, generator);
    samples.targets.value[2] = torch::randint(0, 7, {count}, generator, torch::kInt64);
    return samples;
  }

  Samples part(std::int64_t first, std::int64_t count) const {
    const auto cut = [&](const torch::Tensor& x) { return x.defined() ? x.narrow(0, first, count) : x; };
    return {{cut(input.element), cut(input.fraction), cut(input.pattern), cut(input.sample_key)}, {{cut(targets.value[0]), {}, cut(targets.value[2])}}};
  }
};

struct Result {
  double loss = 0;
  torch::Tensor gradient;
  std::int64_t peak = 0;
};

/// Gradients of the samples in parts of `part`, added up in flat buffers.
Result train(const ModelConfig& config, const Samples& samples, bool recompute, std::int64_t part) {
  XxactModel model(config, mat2vec_table(), 7);
  FlatParameters flat(*model);
  model->train();
  model->set_recompute(recompute);
  Result result;
  const auto count = samples.input.sample_key.size(0);
  const auto valid = count_valid(samples.targets);
  for (std::int64_t first = 0; first < count; first += part) {
    const auto some = samples.part(first, part);
    const MemoryMeter meter(torch::kCPU);
    const auto loss = objective(model->forward(some.input), some.targets, {}, valid).total;
    loss.backward();
    result.loss += loss.item<double>();
    result.peak = std::max(result.peak, meter.peak_bytes());
  }
  result.gradient = flat.gradient().clone();
  return result;
}

TEST(Recompute, GivesTheSameLossAndGradientsToTheLastBit) {
  for (const auto mode : {Mode::composition, Mode::xrd, Mode::bimodal})
    for (const bool full : {false, true})
      for (const std::int64_t part : {12, 6}) {
        const auto samples = Samples::make(12, full);
        const auto kept = train(deep(mode), samples, false, part), again = train(deep(mode), samples, true, part);
        EXPECT_EQ(again.loss, kept.loss) << mode_name(mode);
        EXPECT_GT(kept.gradient.abs().max().item<float>(), 0.0F);
        EXPECT_TRUE(torch::equal(again.gradient, kept.gradient)) << mode_name(mode) << (full ? " full, " : " padded, ") << part << " at once";
      }
}

TEST(Recompute, ConvolutionsToo) {
  auto config = deep(Mode::xrd);
  config.xrd_encoder = XrdEncoderKind::convolution;
  const auto samples = Samples::make(12, true);
  const auto kept = train(config, samples, false, 6), again = train(config, samples, true, 6);
  EXPECT_EQ(again.loss, kept.loss);
  EXPECT_TRUE(torch::equal(again.gradient, kept.gradient));
  EXPECT_LT(static_cast<double>(again.peak), 0.5 * static_cast<double>(kept.peak));
}

TEST(Recompute, TakesLessMemory) {
  const auto samples = Samples::make(24, false);
  for (const auto mode : {Mode::xrd, Mode::bimodal}) {
    const auto kept = train(deep(mode), samples, false, 24), again = train(deep(mode), samples, true, 24);
    EXPECT_LT(static_cast<double>(again.peak), 0.5 * static_cast<double>(kept.peak)) << mode_name(mode);
  }
}

TEST(Recompute, KeepsNothingWithoutGradients) {
  XxactModel model(deep(Mode::bimodal), mat2vec_table(), 7);
  model->eval();
  const torch::NoGradGuard no_grad;
  const auto samples = Samples::make(6, false);
  const auto kept = model->forward(samples.input).embedding;
  model->set_recompute(true);
  const auto again = model->forward(samples.input).embedding;
  EXPECT_TRUE(torch::equal(again, kept));
  EXPECT_FALSE(again.requires_grad());
}

class AutocastScope {
 public:
  AutocastScope() {
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, torch::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~AutocastScope() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCPU, false);
  }
};

TEST(Recompute, CastsAsTheForwardPassDidThoughBackwardRunsOutsideOfIt) {
  torch::manual_seed(3);
  const auto weight = torch::randn({16, 16}).requires_grad_(), x = torch::randn({4, 16}).requires_grad_();
  const LayerFunction layer = [weight](at::TensorList in) { return at::gelu(at::linear(in[0], weight)); };
  const auto gradients = [&](bool cast, bool recompute) {
    torch::Tensor y;
    if (cast) {
      const AutocastScope scope;
      y = recompute ? recomputed(layer, {x}) : layer({x});
    } else {
      y = layer({x});
    }
    weight.mutable_grad() = x.mutable_grad() = torch::Tensor();
    y.to(torch::kFloat32).square().sum().backward();
    return std::array{x.grad(), weight.grad()};
  };
  const auto plain = gradients(false, false), kept = gradients(true, false), again = gradients(true, true);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_FALSE(torch::equal(plain[i], kept[i])) << "the cast shows";
    EXPECT_TRUE(torch::equal(again[i], kept[i]));
    EXPECT_EQ(again[i].scalar_type(), torch::kFloat32);
  }
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU)) << "as it was";
  EXPECT_TRUE(at::autocast::is_autocast_cache_enabled());
}

TEST(Recompute, RunsALayerOnceWhoseInputsNeedNoGradient) {
  const auto weight = torch::ones({3}).requires_grad_();
  int runs = 0;
  recomputed([&](at::TensorList in) { ++runs; return in[0] * weight; }, {torch::arange(3.0)}).sum().backward();
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(torch::equal(weight.grad(), torch::arange(3.0)));
}

TEST(MemoryMeter, CountsTensorsFromItsBeginningToItsPeak) {
  const auto before = torch::zeros({1000});
  const MemoryMeter meter(torch::kCPU);
  EXPECT_EQ(meter.peak_bytes(), 0);
  auto kept = torch::zeros({256});
  {
    const auto more = torch::zeros({4096});
    EXPECT_EQ(meter.bytes(), 4 * (256 + 4096));
    const MemoryMeter inner(torch::kCPU);
    const auto most = torch::zeros({8192});
    EXPECT_EQ(inner.peak_bytes(), 4 * 8192);
  }
  EXPECT_EQ(meter.bytes(), 4 * 256);
  EXPECT_EQ(meter.peak_bytes(), 4 * (256 + 4096)) << "an inner meter counts for itself";
  kept = torch::Tensor();
  EXPECT_EQ(meter.bytes(), 0);
  const MemoryMeter elsewhere(torch::kCUDA);
  const auto host = torch::zeros({16});
  EXPECT_EQ(elsewhere.peak_bytes(), 0);
}

}  // namespace
}  // namespace xxact::model
