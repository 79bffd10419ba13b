#include "model/host_linear.hpp"

#include <ATen/autocast_mode.h>

namespace xxact::model {
namespace {

using OptionalTensor = std::optional<torch::Tensor>;

// Below this many multiply-adds the set-up of a oneDNN call costs more than its speed saves.
constexpr std::int64_t kSmallProduct = 1 << 20;

/// a [n, k] times the transpose of b [m, k], plus bias. `a` is copied if it is not contiguous; `b` may have any strides.
torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b, const OptionalTensor& bias) {
  using Signature = torch::Tensor(const torch::Tensor&, const torch::Tensor&, const OptionalTensor&, std::string_view,
                                  c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
  static const auto operation = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Signature>();
  return operation.call(a, b, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

torch::Tensor as_rows(const torch::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

torch::Tensor forward_product(const torch::Tensor& x, const torch::Tensor& weight, const OptionalTensor& bias) {
  auto shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return product(as_rows(x), weight, bias).view(shape);
}

/// The gradient of the weight, g^T x for g [n, out] and x [n, in]. The narrower of the two is the one that gets copied.
torch::Tensor weight_gradient(const torch::Tensor& g, const torch::Tensor& x) {
  return x.size(1) < g.size(1) ? product(x.t(), g.t(), std::nullopt).t() : product(g.t(), x.t(), std::nullopt);
}

/// While a PrecisionScope of bf16 is open on the CPU: products of bfloat16, with sums in float32 within oneDNN, between tensors of float32.
bool in_bf16() { return at::autocast::is_autocast_enabled(at::kCPU) && at::autocast::get_autocast_dtype(at::kCPU) == torch::kBFloat16; }

torch::Tensor rounded(const torch::Tensor& x, bool bf16) { return bf16 ? x.to(torch::kBFloat16) : x; }
OptionalTensor rounded(const OptionalTensor& x, bool bf16) { return x ? OptionalTensor(rounded(*x, bf16)) : x; }

struct HostLinear : torch::autograd::Function<HostLinear> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight,
                               const OptionalTensor& bias, bool bf16) {
    const auto a = rounded(x, bf16), b = rounded(weight, bf16);
    context->save_for_backward({a, b});
    context->saved_data["bias"] = bias.has_value();
    return forward_product(a, b, rounded(bias, bf16)).to(torch::kFloat32);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto exact = as_rows(gradients[0]), g = exact.to(saved[0].scalar_type());
    torch::Tensor x_gradient, w_gradient, b_gradient;
    if (context->needs_input_grad(0)) x_gradient = product(g, saved[1].t(), std::nullopt).view_as(saved[0]).to(torch::kFloat32);
    if (context->needs_input_grad(1)) w_gradient = weight_gradient(g, as_rows(saved[0])).to(torch::kFloat32);
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) b_gradient = exact.sum(0);
    return {x_gradient, w_gradient, b_gradient, torch::Tensor()};
  }
};

bool on_host(const torch::Tensor& x, const torch::Tensor& weight) {
  return x.is_cpu() && x.scalar_type() == torch::kFloat32 && weight.scalar_type() == torch::kFloat32;
}

bool goes_to_onednn(const torch::Tensor& x, const torch::Tensor& weight) {
  static const bool available = at::globalContext().hasMKLDNN() && at::globalContext().userEnabledMkldnn();
  return available && x.numel() * weight.size(0) >= kSmallProduct;
}

}  // namespace

torch::Tensor affine(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  // An undefined tensor is no argument for a custom function; an empty optional is.
  const auto maybe_bias = bias.defined() ? OptionalTensor(bias) : std::nullopt;
  if (!on_host(x, weight)) return at::linear(x, weight, maybe_bias);
  if (!goes_to_onednn(x, weight)) {
    const c10::impl::ExcludeDispatchKeyGuard exact(c10::DispatchKey::AutocastCPU);
    return at::linear(x, weight, maybe_bias);
  }
  const bool bf16 = in_bf16();
  if (torch::GradMode::is_enabled()) return HostLinear::apply(x, weight, maybe_bias, bf16);
  return forward_product(rounded(x, bf16), rounded(weight, bf16), rounded(maybe_bias, bf16)).to(torch::kFloat32);
}

}  // namespace xxact::model
