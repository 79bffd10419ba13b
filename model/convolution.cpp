#include "model/convolution.hpp"

#include <algorithm>

#include "model/host_gelu.hpp"
#include "model/recompute.hpp"

namespace xxact::model {
namespace {

/// [B, steps, channels] to [B, steps, (2 reach + 1) channels].
torch::Tensor with_neighbours(const torch::Tensor& x) {
  const auto steps = x.size(1);
  const auto padded = at::pad(x, {0, 0, kConvolutionReach, kConvolutionReach});
  std::vector<torch::Tensor> shifted;
  for (std::int64_t first = 0; first <= 2 * kConvolutionReach; ++first) shifted.push_back(padded.narrow(1, first, steps));
  return at::cat(shifted, 2);
}

}  // namespace

ConvolutionBlock::ConvolutionBlock(Build& build, std::int64_t channels) : site_(build.next_site++) {
  norm_ = register_norm(*this, "norm", channels);
  hidden_ = register_linear(*this, "hidden", (2 * kConvolutionReach + 1) * channels, kConvolutionExpansion * channels, build.init);
  output_ = register_linear(*this, "output", kConvolutionExpansion * channels, channels, build.init);
}

torch::Tensor ConvolutionBlock::forward(const torch::Tensor& x, const Dropout& dropout) const {
  if (!recompute_) return compute(x, dropout);
  return recomputed([this, dropout](at::TensorList in) { return compute(in[0], dropout); }, {x});
}

torch::Tensor ConvolutionBlock::compute(const torch::Tensor& x, const Dropout& dropout) const {
  return x + dropout(output_(model::gelu(hidden_(with_neighbours(norm_(x))))), site_);
}

std::vector<ConvolutionStage> convolution_stages(const ModelConfig& config) {
  constexpr std::int64_t kFewest = 8;
  std::vector<ConvolutionStage> stages;
  for (std::int64_t rest = config.patch; rest > 1;) {
    const std::int64_t stride = rest % 4 == 0 ? 4 : rest % 2 == 0 ? 2 : rest;
    stages.push_back({stride, 0});
    rest /= stride;
  }
  if (stages.empty()) stages.push_back({1, 0});
  std::int64_t channels = config.width;
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
    stage->channels = channels;
    channels = std::min(channels, std::max(kFewest, (channels + 1) / 2));
  }
  return stages;
}

}  // namespace xxact::model
