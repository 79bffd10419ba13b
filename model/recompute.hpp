// Layers that keep their inputs instead of their activations and run again in backward: less memory for a third more
// computation (Chen et al., arXiv 1604.06174).
#pragma once

#include <torch/torch.h>

#include <functional>

namespace xxact::model {

/// A function of tensors alone: run twice, it must do the same. What it owns lives until backward is done, what it refers to must.
using LayerFunction = std::function<torch::Tensor(at::TensorList)>;

/// layer(inputs). Where gradients are enabled and an input needs one, backward runs the layer a second time, with the autocast state of
/// the first, and adds the gradients of the parameters that the layer uses to those that are there; hooks of their accumulation are called
/// as always. Inputs must be defined.
torch::Tensor recomputed(LayerFunction layer, at::TensorList inputs);

}  // namespace xxact::model
