// The tiny models that PyTorch itself computed (make_fixture.py): configuration, weights, inputs, outputs, gradients.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "model/xxact_model.hpp"

namespace xxact::model {

struct ReferenceCase {
  std::string name;
  ModelConfig config;
  std::map<std::string, torch::Tensor> tensors;

  const torch::Tensor& operator[](const std::string& key) const { return tensors.at(key); }
  ModelInput input() const;
  /// The model with the reference's weights; every weight of both sides must have its partner.
  XxactModel build() const;
};

const std::vector<ReferenceCase>& reference_cases();
const ReferenceCase& reference_case(const std::string& name);

/// All heads side by side in the order of the configuration's tasks, as the reference writes them: [B, n].
torch::Tensor joint_output(const ModelConfig& config, const ModelOutput& output);

/// max |a - b| / max(1, max |b|).
double relative_difference(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace xxact::model
