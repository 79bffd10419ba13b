// Contrastive learning over the whole global batch: the views of all ranks meet, and each sample gets the gradient of the global loss.
#pragma once

#include <torch/torch.h>

#include <span>

#include "model/contrastive.hpp"
#include "pipeline/comm/channel.hpp"

namespace xxact::pipeline {

/// This rank's samples, n of them, perhaps none: views [n, d] float32 of unit length, and equal numbers for equal formulas.
struct OwnViews {
  torch::Tensor composition, pattern;
  std::span<const std::int64_t> formula;
};

/// The part of the loss that this rank's samples make, the gradients of the whole loss for its views, [n, d], and this rank's part of the gradient of `log_scale`.
/// `weight` [] as in contrastive_gradients(). Collective on comm, whose ranks `channel` joins too.
model::ContrastiveGradients contrastive_step(const OwnViews& own, const torch::Tensor& log_scale, const torch::Tensor& weight, comm::Channel& channel,
                                             const comm::Communicator& comm);

}  // namespace xxact::pipeline
