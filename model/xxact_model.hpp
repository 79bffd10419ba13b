// The XxaCT model (arXiv 2507.01054): composition encoder (CrabNet), XRD token transformer, cross-attention fusion, heads.
// Torch only. Shapes: B samples, E element slots, P points, T tokens, D width.
#pragma once

#include <torch/torch.h>

#include <array>
#include <memory>
#include <string>

#include "model/config.hpp"
#include "model/precision.hpp"

namespace xxact::model {

/// One micro-batch as the model wants it. Tensors that the mode does not use may be undefined.
struct ModelInput {
  torch::Tensor element;     // [B, E] int64, atomic number, descending fraction; 0: padding, or with a fraction of 1 a composition that is not known
  torch::Tensor fraction;    // [B, E] float32, sums to 1; 0 = padding; slot 0 is never padding
  torch::Tensor pattern;     // [B, P] float32
  torch::Tensor sample_key;  // [B] int64: keys dropout; undefined or eval mode: no dropout
  torch::Tensor hidden = {}; // [B, n] int64: tokens of the pattern that the model does not see, none twice; undefined: it sees all
};

/// What the heads say, by task (index = static_cast<int>(Task)); undefined for tasks that the model lacks.
struct ModelOutput {
  PerTask<torch::Tensor> head;        // regressions [B, 2]: standardised mean, log-scale; mixtures [B, 3]: and the logit of a metal; classes [B, n]: logits
  torch::Tensor embedding;            // [B, D]: fused [CLS] (bimodal), XRD [CLS] (xrd), mean element token (composition); undefined without tasks
  torch::Tensor reconstruction;       // [B, n, patch]: the hidden tokens' points; undefined without hidden tokens, or if the model does not learn them
  // [B, projection] of unit length, for models that learn to compare; else undefined.
  torch::Tensor composition_view, pattern_view;
};

/// What the parts make of a sample, [B, D]; undefined for parts that the model lacks.
struct Embeddings {
  torch::Tensor composition;  // mean element token
  torch::Tensor xrd;          // [CLS] of the pattern
  torch::Tensor fused;        // [CLS] behind the fusion
};

class XxactModelImpl : public torch::nn::Module {
 public:
  /// Weights drawn from `seed`, the same on every rank and device. `mat2vec` is [119, 200], row 0 zeros.
  XxactModelImpl(const ModelConfig& config, const torch::Tensor& mat2vec, std::uint64_t seed);
  ~XxactModelImpl() override;

  ModelOutput forward(const ModelInput& input);
  Embeddings embed(const ModelInput& input);
  /// composition_view and pattern_view alone, which need the encoders and nothing else.
  ModelOutput forward_views(const ModelInput& input);
  /// The composition-only prediction alone (mode composition, or composition_skip): for training that part first.
  ModelOutput forward_composition(const ModelInput& input);
  const ModelConfig& config() const { return config_; }
  /// Logarithm of the inverse temperature, [], of models that learn to compare; else undefined.
  torch::Tensor log_scale() const;
  /// Whether the transformer layers keep their activations for backward (default) or compute them again: less memory, more time, the same
  /// results. Without gradients nothing is kept in either case.
  void set_recompute(bool on);

 private:
  struct Parts;
  ModelConfig config_;
  std::unique_ptr<Parts> parts_;
};
TORCH_MODULE(XxactModel);

/// Which attention kernels this model takes on a device, in words: "patterns flash, elements memory-efficient, across memory-efficient".
std::string attention_kernels(const ModelConfig& config, const torch::Device& device, Precision precision);

/// The element vectors that the program carries (mat2vec, Tshitoyan et al. 2019, doi:10.1038/s41586-019-1335-8): [119, 200], row 0 zeros.
torch::Tensor mat2vec_table();

}  // namespace xxact::model
