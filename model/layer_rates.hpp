// How fast each part of a model learns when it starts from another: layers near the input slower, or not at all. No Torch.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "model/config.hpp"

namespace xxact::model {

/// A factor of the learning rate, by the name of a parameter: 0 means that it stays as it is.
using RateOf = std::function<double(const std::string& name)>;

/// decay^d, where d counts layers between a parameter and what is predicted: 0 for heads and projections, 1 for the last fusion layer, more for each layer
/// before it, encoders behind the fusion, and one more for what makes tokens (layer-wise decay: Clark et al., arXiv 2003.10555). 0 for parts in `frozen`.
RateOf layer_rates(const ModelConfig& config, double decay, const std::vector<Part>& frozen);

}  // namespace xxact::model
