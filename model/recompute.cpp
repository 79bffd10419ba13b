#include "model/recompute.hpp"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace xxact::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// How this thread casts.
struct Autocast {
  static constexpr std::array kDevices = {at::kCPU, at::kCUDA};
  std::array<bool, kDevices.size()> enabled{};
  std::array<at::ScalarType, kDevices.size()> type{};
  bool cache = true;

  static Autocast current() {
    Autocast state;
    for (std::size_t i = 0; i < kDevices.size(); ++i) {
      state.enabled[i] = at::autocast::is_autocast_enabled(kDevices[i]);
      state.type[i] = at::autocast::get_autocast_dtype(kDevices[i]);
    }
    state.cache = at::autocast::is_autocast_cache_enabled();
    return state;
  }

  void apply() const {
    for (std::size_t i = 0; i < kDevices.size(); ++i) {
      at::autocast::set_autocast_enabled(kDevices[i], enabled[i]);
      at::autocast::set_autocast_dtype(kDevices[i], type[i]);
    }
    at::autocast::set_autocast_cache_enabled(cache);
  }
};

/// This state, without the cache of cast weights: those of the first run have no history, and backward would find them there.
class AutocastGuard {
 public:
  explicit AutocastGuard(Autocast state) : before_(Autocast::current()) {
    state.cache = false;
    state.apply();
  }
  ~AutocastGuard() { before_.apply(); }
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  Autocast before_;
};

struct Again : torch::CustomClassHolder {
  Again(LayerFunction function, const Autocast& state) : layer(std::move(function)), autocast(state) {}

  torch::Tensor run(at::TensorList inputs) const {
    const AutocastGuard guard(autocast);
    return layer(inputs);
  }

  LayerFunction layer;
  Autocast autocast;
};

/// Inputs as leaves of a graph of their own.
variable_list leaves_of(const variable_list& inputs) {
  variable_list leaves;
  for (const auto& input : inputs) leaves.push_back(input.detach().set_requires_grad(input.requires_grad()));
  return leaves;
}

struct Recomputed : torch::autograd::Function<Recomputed> {
  static torch::Tensor forward(AutogradContext* context, const c10::intrusive_ptr<Again>& again, at::TensorList inputs) {
    context->save_for_backward(inputs.vec());
    context->saved_data["layer"] = c10::IValue::make_capsule(again);
    return again->run(inputs);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto again = c10::static_intrusive_pointer_cast<Again>(context->saved_data["layer"].toCapsule());
    const auto leaves = leaves_of(context->get_saved_variables());
    torch::Tensor output;
    {
      const torch::AutoGradMode grad(true);
      output = again->run(leaves);
    }
    torch::autograd::backward({output}, {gradients[0]});
    variable_list result = {torch::Tensor()};  // of the layer
    for (const auto& leaf : leaves) result.push_back(leaf.grad());
    return result;
  }
};

}  // namespace

torch::Tensor recomputed(LayerFunction layer, at::TensorList inputs) {
  // A function of inputs without gradients would have none itself, and its parameters would be left out.
  if (!torch::GradMode::is_enabled() || std::ranges::none_of(inputs, [](const torch::Tensor& x) { return x.requires_grad(); })) return layer(inputs);
  return Recomputed::apply(c10::make_intrusive<Again>(std::move(layer), Autocast::current()), inputs);
}

}  // namespace xxact::model
