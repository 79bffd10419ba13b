#include "model/xrd_encoder.hpp"

#include <numbers>

#include "model/convolution.hpp"
#include "model/host_gelu.hpp"

namespace xxact::model {
namespace {

constexpr double kTokenDeviation = 0.02;

/// Self-attention between patches.
class TransformerXrdEncoder final : public XrdEncoder {
 public:
  explicit TransformerXrdEncoder(Build& build) : XrdEncoder(build) {
    const auto& c = build.config;
    // A channel that is the same for all patterns is a bias to a matrix: it takes a layer that bends to let it weigh intensities.
    patch_projection_ = register_linear(*this, "patch_projection", c.sine_squared ? 2 * c.patch : c.patch, c.width, build.init);
    if (c.sine_squared) {
      bent_projection_ = register_linear(*this, "bent_projection", c.width, c.width, build.init);
      angles_ = register_buffer("angles", sine_squared().view({1, c.tokens(), c.patch}));
    }
    cls_ = register_parameter("cls", build.init.normal({1, 1, c.width}, kTokenDeviation));
    if (c.learns(Objective::masked)) mask_ = register_parameter("mask", torch::zeros({1, 1, c.width}));
    position_ = register_parameter("position", build.init.normal({1, c.tokens() + 1, c.width}, kTokenDeviation));
    layers_ = register_layers<EncoderLayer>(*this, c.xrd_layers, build);
    if (c.norm == NormPlacement::pre) final_norm_ = register_norm(*this, "final_norm", c.width);
  }

  torch::Tensor forward(const torch::Tensor& pattern, const torch::Tensor& hidden, const Dropout& dropout, bool cls_only) const override {
    const auto batch = pattern.size(0);
    auto patches = patches_of(pattern.view({batch, -1, config_.patch}));
    if (hidden.defined()) patches = at::where(is_hidden(pattern, hidden), mask_.to(patches.scalar_type()), patches);
    auto tokens = at::cat({cls_.expand({batch, -1, -1}), patches}, 1) + position_;
    for (const auto& layer : layers_) tokens = layer->forward(tokens, torch::Tensor(), dropout, cls_only && layer == layers_.back());
    return final_norm_.weight.defined() ? final_norm_(tokens) : tokens;
  }

 private:
  torch::Tensor patches_of(const torch::Tensor& points) const {
    if (!angles_.defined()) return patch_projection_(points);
    return bent_projection_(model::gelu(patch_projection_(at::cat({points, angles_.expand_as(points)}, 2))));
  }

  Linear patch_projection_, bent_projection_;
  torch::Tensor angles_;          // [1, tokens, patch]; undefined without the channel
  torch::Tensor cls_, position_;  // [1, 1, D], [1, 1 + tokens, D]
  torch::Tensor mask_;            // [1, 1, D]; undefined without masked modelling
  std::vector<std::shared_ptr<EncoderLayer>> layers_;
  Norm final_norm_;  // pre-norm only
};

/// Residual convolutions over points, then over ever coarser steps, until a step is a token. [CLS] is the mean token.
class ConvolutionXrdEncoder final : public XrdEncoder {
 public:
  explicit ConvolutionXrdEncoder(Build& build) : XrdEncoder(build) {
    const auto& c = build.config;
    std::int64_t channels = 1;
    if (c.sine_squared) {
      channels = 2;
      angles_ = register_buffer("angles", sine_squared().view({1, c.points, 1}));
    }
    if (c.learns(Objective::masked)) mask_ = register_parameter("mask", torch::zeros({1, 1, c.patch}));
    for (const auto& stage : convolution_stages(c)) {
      const auto name = "reduction" + std::to_string(stages_.size());
      Stage made{stage.stride, register_linear(*this, name, channels * stage.stride, stage.channels, build.init), {}};
      for (std::int64_t i = 0; i < c.xrd_layers; ++i) {
        const auto layer = "layer" + std::to_string(std::ssize(stages_) * c.xrd_layers + i);
        made.blocks.push_back(register_module(layer, std::make_shared<ConvolutionBlock>(build, stage.channels)));
      }
      channels = stage.channels;
      stages_.push_back(std::move(made));
    }
    position_ = register_parameter("position", build.init.normal({1, c.tokens(), c.width}, kTokenDeviation));
    final_norm_ = register_norm(*this, "final_norm", c.width);
  }

  torch::Tensor forward(const torch::Tensor& pattern, const torch::Tensor& hidden, const Dropout& dropout, bool cls_only) const override {
    const auto batch = pattern.size(0);
    auto points = pattern.view({batch, -1, config_.patch});
    if (hidden.defined()) points = at::where(is_hidden(pattern, hidden), mask_.to(points.scalar_type()), points);
    auto x = points.reshape({batch, -1, 1});
    if (angles_.defined()) x = at::cat({x, angles_.expand({batch, -1, -1})}, 2);
    for (const auto& stage : stages_) {
      x = stage.reduction(x.reshape({batch, x.size(1) / stage.stride, -1}));
      // The same reflection means something else elsewhere.
      if (&stage == &stages_.back()) x = x + position_;
      for (const auto& block : stage.blocks) x = block->forward(x, dropout);
    }
    x = final_norm_(x);
    const auto whole = x.mean(1, true);
    return cls_only ? whole : at::cat({whole, x}, 1);
  }

 private:
  struct Stage {
    std::int64_t stride;
    Linear reduction;
    std::vector<std::shared_ptr<ConvolutionBlock>> blocks;
  };

  std::vector<Stage> stages_;
  torch::Tensor angles_;    // [1, points, 1]; undefined without the channel
  torch::Tensor position_;  // [1, tokens, D]
  torch::Tensor mask_;      // [1, 1, patch]; undefined without masked modelling
  Norm final_norm_;
};

}  // namespace

XrdEncoder::XrdEncoder(Build& build) : config_(build.config) {}

torch::Tensor XrdEncoder::is_hidden(const torch::Tensor& pattern, const torch::Tensor& hidden) const {
  return torch::zeros({pattern.size(0), config_.tokens(), 1}, pattern.options().dtype(torch::kBool)).scatter_(1, hidden.unsqueeze(2), true);
}

torch::Tensor XrdEncoder::sine_squared() const {
  const double step = (config_.two_theta_max_deg - config_.two_theta_min_deg) / static_cast<double>(config_.points);
  const auto two_theta = (torch::arange(config_.points, torch::kFloat64) + 0.5) * step + config_.two_theta_min_deg;
  return (two_theta * (std::numbers::pi / 360)).sin().square().to(torch::kFloat32);
}

std::shared_ptr<XrdEncoder> make_xrd_encoder(Build& build) {
  if (build.config.xrd_encoder == XrdEncoderKind::convolution) return std::make_shared<ConvolutionXrdEncoder>(build);
  return std::make_shared<TransformerXrdEncoder>(build);
}

}  // namespace xxact::model
