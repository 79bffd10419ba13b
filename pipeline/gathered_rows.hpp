// Rows of all ranks on every rank, for objectives that compare each sample with those of the whole global batch; gradients find their way back.
#pragma once

#include <torch/torch.h>

#include "pipeline/comm/channel.hpp"

namespace xxact::pipeline {

/// `own` [n, d] float32, with the same n and d on every rank; returns [ranks * n, d], rank r's rows from r * n on. In backward each rank gets
/// the sum over ranks of the gradients of its rows, so the losses of all ranks add up to one. Collective on the channel's ranks, and so is backward.
torch::Tensor gather_rows(const torch::Tensor& own, comm::Channel& channel);

}  // namespace xxact::pipeline
