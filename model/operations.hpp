// Floating-point operations of a model, counted from its configuration: what throughput is compared with a machine's peak by.
// Matrix products and attention alone, two operations a multiply-add; a training step takes three times the forward pass.
// "Model FLOPs" as in Chowdhery et al., PaLM, arXiv 2204.02311, appendix B: padding and recomputation do not count,
// nor does the small layer that rebuilds hidden tokens.
#pragma once

#include "model/config.hpp"

namespace xxact::model {

/// Of one sample's forward pass; `elements` is the mean number of elements of a composition.
double forward_operations(const ModelConfig& config, double elements);
inline double training_operations(const ModelConfig& config, double elements) { return 3 * forward_operations(config, elements); }

}  // namespace xxact::model
