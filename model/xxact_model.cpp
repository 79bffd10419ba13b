#include "model/xxact_model.hpp"

#include <fmt/format.h>

#include "model/composition_encoder.hpp"
#include "model/dropout.hpp"
#include "model/fusion_decoder.hpp"
#include "model/heads.hpp"
#include "model/precision.hpp"
#include "model/xrd_encoder.hpp"
#include "src/base/error.hpp"

namespace xxact::model {

/// The modules that the mode uses; others do not exist, so no parameter is without a gradient.
struct XxactModelImpl::Parts {
  std::shared_ptr<CompositionEncoder> composition;
  std::shared_ptr<CompositionHead> composition_head;
  std::shared_ptr<XrdEncoder> xrd;
  std::shared_ptr<FusionDecoder> fusion;
  std::shared_ptr<ResidualHead> head;
  Linear reconstruction;                        // D to patch
  Linear composition_projection, pattern_projection;  // D to projection
  torch::Tensor log_scale;                      // []: of the inverse temperature

  void add_views(const torch::Tensor& pattern_tokens, const CompositionTokens& composition_tokens, ModelOutput& output) const;
};

namespace {

// ln(1 / 0.07), as CLIP begins (Radford et al., arXiv 2103.00020).
constexpr double kFirstLogScale = 2.6593;

std::int64_t total_outputs(const ModelConfig& config) {
  std::int64_t sum = 0;
  for (const Task task : config.tasks) sum += config.outputs(task);
  return sum;
}

/// The joint output [B, n] cut by task.
void split_by_task(const ModelConfig& config, const torch::Tensor& joint, ModelOutput& output) {
  std::vector<std::int64_t> sizes;
  for (const Task task : config.tasks) sizes.push_back(config.outputs(task));
  const auto parts = joint.split_with_sizes(sizes, 1);
  for (std::size_t i = 0; i < parts.size(); ++i) output.head[static_cast<std::size_t>(config.tasks[i])] = parts[i];
}

/// Rows of length 1.
torch::Tensor unit_length(const torch::Tensor& rows) {
  constexpr double kShortest = 1e-12;
  return rows / at::linalg_vector_norm(rows, 2, {1}, true).clamp_min(kShortest);
}

/// What bfloat16 leaves of a prediction, two to three digits, is too little for the small rest of the work.
torch::Tensor exactly(const torch::Tensor& x) { return x.scalar_type() == torch::kBFloat16 ? x.to(torch::kFloat32) : x; }

Dropout dropout_of(const torch::nn::Module& module, const ModelConfig& config, const ModelInput& input) {
  if (!module.is_training() || config.dropout <= 0.0 || !input.sample_key.defined()) return {};
  return {input.sample_key, config.dropout};
}

}  // namespace

void XxactModelImpl::Parts::add_views(const torch::Tensor& pattern_tokens, const CompositionTokens& composition_tokens, ModelOutput& output) const {
  output.composition_view = unit_length(composition_projection(exactly(mean_over_elements(composition_tokens.tokens, composition_tokens.present))));
  output.pattern_view = unit_length(pattern_projection(exactly(pattern_tokens.select(1, 0))));
}

XxactModelImpl::XxactModelImpl(const ModelConfig& config, const torch::Tensor& mat2vec, std::uint64_t seed)
    : config_(config), parts_(std::make_unique<Parts>()) {
  validate(config_);
  if (mat2vec.dim() != 2 || mat2vec.size(0) != 119) throw ConfigError("element vectors must be [119, columns], row 0 for padding");
  Initializer init(seed);
  Build build{config_, init};
  const auto outputs = total_outputs(config_);
  if (config_.uses_composition()) parts_->composition = register_module("composition", std::make_shared<CompositionEncoder>(build, mat2vec));
  if (config_.uses_xrd()) parts_->xrd = register_module("xrd", make_xrd_encoder(build));
  if (config_.uses_fusion()) parts_->fusion = register_module("fusion", std::make_shared<FusionDecoder>(build));
  if ((config_.mode == Mode::composition && outputs > 0) || config_.composition_skip)
    parts_->composition_head = register_module("composition_head", std::make_shared<CompositionHead>(config_, outputs, init));
  if (config_.uses_xrd() && outputs > 0)
    parts_->head = register_module("head", std::make_shared<ResidualHead>(config_.width, config_.head_widths, outputs, init));
  // Last, so that a model with objectives starts from the weights that it has without them.
  if (config_.learns(Objective::masked)) parts_->reconstruction = register_linear(*this, "reconstruction", config_.width, config_.patch, init);
  if (config_.learns(Objective::contrastive)) {
    parts_->composition_projection = register_linear(*this, "composition_projection", config_.width, config_.projection, init, false);
    parts_->pattern_projection = register_linear(*this, "pattern_projection", config_.width, config_.projection, init, false);
    parts_->log_scale = register_parameter("log_scale", torch::full({}, kFirstLogScale));
  }
}

XxactModelImpl::~XxactModelImpl() = default;

void XxactModelImpl::set_recompute(bool on) {
  for (const auto& module : modules(false))
    if (auto* layer = dynamic_cast<TransformerLayer*>(module.get())) layer->set_recompute(on);
}

ModelOutput XxactModelImpl::forward_composition(const ModelInput& input) {
  if (!parts_->composition_head) throw ConfigError("this model has no composition head: it needs mode = composition or composition-skip = on");
  const auto tokens = parts_->composition->forward(input.element, input.fraction, dropout_of(*this, config_, input));
  ModelOutput output;
  output.embedding = mean_over_elements(tokens.tokens, tokens.present);
  const PrecisionScope exact(output.embedding.device(), Precision::fp32);
  split_by_task(config_, parts_->composition_head->forward(tokens), output);
  return output;
}

ModelOutput XxactModelImpl::forward(const ModelInput& input) {
  if (config_.mode == Mode::composition) return forward_composition(input);
  ModelOutput output;
  const auto dropout = dropout_of(*this, config_, input);
  const bool bimodal = config_.mode == Mode::bimodal, rebuilds = config_.learns(Objective::masked) && input.hidden.defined();
  // Where nothing but [CLS] is read of the last layer, it computes nothing else.
  const auto pattern = parts_->xrd->forward(input.pattern, input.hidden, dropout, !rebuilds && !config_.uses_fusion());
  CompositionTokens composition;
  if (bimodal) composition = parts_->composition->forward(input.element, input.fraction, dropout);
  const auto tokens = config_.uses_fusion() ? parts_->fusion->forward(pattern, composition, dropout, !rebuilds) : pattern;
  const PrecisionScope exact(tokens.device(), Precision::fp32);
  if (rebuilds) output.reconstruction = parts_->reconstruction(exactly(tokens.gather(1, (input.hidden + 1).unsqueeze(2).expand({-1, -1, tokens.size(2)}))));
  if (config_.learns(Objective::contrastive)) parts_->add_views(pattern, composition, output);
  if (!parts_->head) return output;
  output.embedding = exactly(tokens.select(1, 0));
  auto joint = parts_->head->forward(output.embedding);
  if (parts_->composition_head) joint = joint + parts_->composition_head->forward(composition);
  split_by_task(config_, joint, output);
  return output;
}

ModelOutput XxactModelImpl::forward_views(const ModelInput& input) {
  ModelOutput output;
  const auto dropout = dropout_of(*this, config_, input);
  const auto pattern = parts_->xrd->forward(input.pattern, input.hidden, dropout, true);
  const auto composition = parts_->composition->forward(input.element, input.fraction, dropout);
  const PrecisionScope exact(pattern.device(), Precision::fp32);
  parts_->add_views(pattern, composition, output);
  return output;
}

Embeddings XxactModelImpl::embed(const ModelInput& input) {
  Embeddings embeddings;
  const auto dropout = dropout_of(*this, config_, input);
  CompositionTokens composition;
  if (parts_->composition) {
    composition = parts_->composition->forward(input.element, input.fraction, dropout);
    embeddings.composition = exactly(mean_over_elements(composition.tokens, composition.present));
  }
  if (!parts_->xrd) return embeddings;
  const auto pattern = parts_->xrd->forward(input.pattern, input.hidden, dropout, !parts_->fusion);
  embeddings.xrd = exactly(pattern.select(1, 0));
  if (parts_->fusion) embeddings.fused = exactly(parts_->fusion->forward(pattern, composition, dropout, true).select(1, 0));
  return embeddings;
}

torch::Tensor XxactModelImpl::log_scale() const { return parts_->log_scale; }

std::string attention_kernels(const ModelConfig& config, const torch::Device& device, Precision precision) {
  constexpr std::int64_t kSamples = 8, kElements = 8;
  const auto options = torch::dtype(precision == Precision::bf16 && !device.is_cpu() ? torch::kBFloat16 : torch::kFloat32).device(device);
  const auto width = config.width / config.heads;
  const auto kernel = [&](std::int64_t queries, std::int64_t keys, bool padded) {
    // In training: some kernels have no backward.
    const auto query = torch::zeros({kSamples, queries, config.heads, width}, options).requires_grad_();
    const auto key_value = torch::zeros({kSamples, keys, 2, config.heads, width}, options).requires_grad_();
    return attention_kernel(query, key_value, padded ? torch::ones({kSamples, 1, 1, keys}, options.dtype(torch::kBool)) : torch::Tensor());
  };
  const auto tokens = config.tokens() + 1;
  std::string text;
  const auto say = [&](std::string_view what, std::string_view name) { text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, name); };
  if (config.uses_xrd() && config.xrd_encoder == XrdEncoderKind::transformer) say("patterns", kernel(tokens, tokens, false));
  if (config.uses_composition()) say("elements", kernel(kElements, kElements, true));
  if (config.mode == Mode::bimodal) say("across", kernel(tokens, kElements, true));
  return text;
}

}  // namespace xxact::model
