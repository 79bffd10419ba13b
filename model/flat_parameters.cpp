#include "model/flat_parameters.hpp"

#include <algorithm>

#include "src/base/error.hpp"

namespace xxact::model {

bool is_decayed(const std::string& name, const torch::Tensor& parameter) { return parameter.dim() == 2 && name.ends_with("_weight"); }

FlatParameters::FlatParameters(torch::nn::Module& module, std::int64_t bucket_bytes, const RateOf& rate_of) {
  if (bucket_bytes < 4) throw ConfigError("gradient buckets of {} bytes: expected at least 4", bucket_bytes);
  place(module, rate_of);
  move_into_buffers();
  plan_buckets(bucket_bytes);
}

void FlatParameters::place(torch::nn::Module& module, const RateOf& rate_of) {
  struct Registered {
    FlatParameter parameter;
    std::size_t registration;
  };
  std::vector<Registered> all;
  for (const auto& item : module.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    if (item.value().scalar_type() != torch::kFloat32) throw ConfigError("parameter {} is not float32", item.key());
    FlatParameter parameter{item.key(), item.value().sizes().vec(), 0, item.value().numel(), is_decayed(item.key(), item.value()), rate_of ? rate_of(item.key()) : 1.0, item.value()};
    all.push_back({std::move(parameter), all.size()});
  }
  if (all.empty()) throw ConfigError("the module has no trainable parameter");
  std::reverse(all.begin(), all.end());
  std::stable_partition(all.begin(), all.end(), [](const Registered& r) { return r.parameter.decay; });
  std::int64_t offset = 0;
  for (auto& [parameter, registration] : all) {
    parameter.offset = offset;
    offset += parameter.size;
    if (parameter.decay) decay_size_ = offset;
    parameters_.push_back(std::move(parameter));
    registration_.push_back(registration);
  }
}

void FlatParameters::move_into_buffers() {
  torch::NoGradGuard no_grad;
  const auto& last = parameters_.back();
  const auto options = torch::TensorOptions().dtype(torch::kFloat32).device(last.tensor.device());
  weights_ = torch::empty({last.offset + last.size}, options);
  gradient_ = torch::zeros_like(weights_);
  for (auto& parameter : parameters_) {
    const auto place = weights_.narrow(0, parameter.offset, parameter.size).view(parameter.shape);
    place.copy_(parameter.tensor);
    parameter.tensor.set_data(place);
    // Backward adds into a gradient that is already there, so the view stays.
    parameter.tensor.mutable_grad() = gradient_.narrow(0, parameter.offset, parameter.size).view(parameter.shape);
    parameter.tensor.requires_grad_(parameter.rate != 0);
  }
}

void FlatParameters::plan_buckets(std::int64_t bucket_bytes) {
  std::vector<std::size_t> open;
  const auto close = [&] {
    if (open.empty()) return;
    const auto first = parameters_[open.front()].offset;
    const auto& last = parameters_[open.back()];
    buckets_.push_back({gradient_.narrow(0, first, last.offset + last.size - first), open});
    open.clear();
  };
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    // Buckets do not cross from the decayed into the other part: the latter's few bytes are spread over the whole backward.
    const bool crosses = !open.empty() && parameters_[open.back()].decay != parameters_[i].decay;
    if (crosses || bytes >= bucket_bytes) {
      close();
      bytes = 0;
    }
    open.push_back(i);
    bytes += 4 * parameters_[i].size;
  }
  close();
  // A bucket is complete when its first-registered parameter is.
  const auto completed_by = [&](const GradientBucket& bucket) {
    std::size_t first = registration_[bucket.parameters.front()];
    for (const auto i : bucket.parameters) first = std::min(first, registration_[i]);
    return first;
  };
  std::stable_sort(buckets_.begin(), buckets_.end(),
                   [&](const GradientBucket& a, const GradientBucket& b) { return completed_by(a) > completed_by(b); });
}

std::uint64_t FlatParameters::plan_hash() const {
  std::uint64_t hash = 0xCBF29CE484222325U;
  const auto add = [&hash](std::uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) hash = (hash ^ (value >> (8 * byte) & 0xFFU)) * 0x100000001B3U;
  };
  for (const auto& parameter : parameters_) {
    for (const char letter : parameter.name) add(static_cast<unsigned char>(letter));
    for (const auto extent : parameter.shape) add(static_cast<std::uint64_t>(extent));
    add(static_cast<std::uint64_t>(parameter.offset));
    add(parameter.decay ? 1 : 0);
  }
  for (const auto& bucket : buckets_) {
    add(static_cast<std::uint64_t>(bucket.gradient.storage_offset()));
    add(static_cast<std::uint64_t>(bucket.gradient.numel()));
  }
  return hash;
}

}  // namespace xxact::model
