#include "model/operations.hpp"

#include "model/convolution.hpp"
#include "model/heads.hpp"

namespace xxact::model {
namespace {

constexpr double kElementColumns = 200;  // of mat2vec

double linear(double tokens, double in, double out) { return 2 * tokens * in * out; }

class Counter {
 public:
  Counter(const ModelConfig& config, double elements) : c_(config), width_(static_cast<double>(config.width)), elements_(elements), patches_(static_cast<double>(config.tokens())) {}

  double total() const {
    if (c_.mode == Mode::composition) return composition() + composition_head();
    const bool masked = c_.learns(Objective::masked);
    double sum = pattern(!masked && !c_.uses_fusion());
    if (outputs() > 0) sum += residual_head(width_, outputs());
    if (c_.mode == Mode::bimodal) sum += composition();
    if (c_.uses_fusion()) sum += fusion(!masked);
    if (c_.learns(Objective::contrastive)) sum += 2 * linear(1, width_, static_cast<double>(c_.projection));
    if (c_.composition_skip) sum += composition_head();
    return sum;
  }

 private:
  double outputs() const {
    double sum = 0;
    for (const Task task : c_.tasks) sum += c_.outputs(task);
    return sum;
  }
  /// Keys and values of all tokens, for `answered` of which there are queries.
  double self_attention(double tokens, double answered) const {
    return linear(tokens, width_, 2 * width_) + linear(answered, width_, width_) + attention(answered, tokens) + linear(answered, width_, width_);
  }
  double attention(double queries, double keys) const { return 4 * queries * keys * width_; }
  double feed_forward(double tokens) const { return 2 * linear(tokens, width_, static_cast<double>(c_.feed_forward) * width_); }

  double encoder(double layers, double tokens, bool first_only) const {
    const double whole = first_only ? layers - 1 : layers;
    const double last = first_only ? self_attention(tokens, 1) + feed_forward(1) : 0;
    return whole * (self_attention(tokens, tokens) + feed_forward(tokens)) + last;
  }
  double composition() const {
    return linear(elements_, kElementColumns, width_) + encoder(static_cast<double>(c_.composition_layers), elements_, false);
  }
  double pattern(bool first_only) const {
    if (c_.xrd_encoder == XrdEncoderKind::convolution) return convolutions();
    const double bent = c_.sine_squared ? linear(patches_, static_cast<double>(c_.patch), width_) + linear(patches_, width_, width_) : 0;
    return linear(patches_, static_cast<double>(c_.patch), width_) + bent + encoder(static_cast<double>(c_.xrd_layers), patches_ + 1, first_only);
  }
  double convolutions() const {
    double sum = 0, steps = static_cast<double>(c_.points), channels = c_.sine_squared ? 2 : 1;
    for (const auto& stage : convolution_stages(c_)) {
      steps /= static_cast<double>(stage.stride);
      const auto own = static_cast<double>(stage.channels), hidden = static_cast<double>(kConvolutionExpansion) * own;
      sum += linear(steps, channels * static_cast<double>(stage.stride), own);
      sum += static_cast<double>(c_.xrd_layers) * (linear(steps, static_cast<double>(2 * kConvolutionReach + 1) * own, hidden) + linear(steps, hidden, own));
      channels = own;
    }
    return sum;
  }
  double decoder_layer(double tokens, double answered) const {
    return self_attention(tokens, answered) + linear(answered, width_, width_) + attention(answered, elements_) + linear(answered, width_, width_) + feed_forward(answered);
  }
  double fusion(bool first_only) const {
    const auto layers = static_cast<double>(c_.fusion_layers);
    const double tokens = patches_ + 1;
    return linear(elements_, width_, 2 * layers * width_) + (layers - 1) * decoder_layer(tokens, tokens) + decoder_layer(tokens, first_only ? 1 : tokens);
  }
  double residual_head(double in, double outputs) const {
    double sum = 0;
    for (const auto width : c_.head_widths) {
      const auto out = static_cast<double>(width);
      sum += linear(1, in, out) * (in == out ? 1 : 2);
      in = out;
    }
    return sum + linear(1, in, outputs);
  }
  double composition_head() const { return elements_ * residual_head(width_, has_published_head(c_) ? 3 : 2 * outputs()); }

  const ModelConfig& c_;
  double width_, elements_, patches_;
};

}  // namespace

double forward_operations(const ModelConfig& config, double elements) { return Counter(config, elements).total(); }

}  // namespace xxact::model
