#include "model/host_gelu.hpp"

#include <ATen/Parallel.h>

#include "model/gelu_kernel.hpp"

namespace xxact::model {
namespace {

torch::Tensor run(const torch::Tensor& x, float* slope) {
  constexpr std::int64_t kGrain = 16384;
  auto value = torch::empty_like(x);
  const auto* from = x.const_data_ptr<float>();
  auto* to = value.data_ptr<float>();
  at::parallel_for(0, x.numel(), kGrain, [&](std::int64_t first, std::int64_t last) {
    gelu_forward(from + first, to + first, slope == nullptr ? nullptr : slope + first, last - first);
  });
  return value;
}

/// Keeps the slope in place of the input: backward is one product.
struct HostGelu : torch::autograd::Function<HostGelu> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x) {
    const auto slope = torch::empty_like(x);
    context->save_for_backward({slope});
    return run(x, slope.data_ptr<float>());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    return {gradients[0] * context->get_saved_variables()[0]};
  }
};

}  // namespace

torch::Tensor gelu(const torch::Tensor& x) {
  if (!x.is_cpu() || x.scalar_type() != torch::kFloat32 || !x.is_contiguous()) return at::gelu(x);
  return torch::GradMode::is_enabled() ? HostGelu::apply(x) : run(x, nullptr);
}

}  // namespace xxact::model
