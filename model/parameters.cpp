#include "model/parameters.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "model/host_linear.hpp"

namespace xxact::model {

Initializer::Initializer(std::uint64_t seed) : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

torch::Tensor Initializer::uniform(at::IntArrayRef shape, double bound) {
  return torch::empty(shape, torch::kFloat32).uniform_(-bound, bound, generator_);
}

torch::Tensor Initializer::normal(at::IntArrayRef shape, double standard_deviation) {
  return torch::empty(shape, torch::kFloat32).normal_(0.0, standard_deviation, generator_);
}

torch::Tensor Linear::operator()(const torch::Tensor& x) const { return affine(x, weight, bias); }

torch::Tensor Norm::operator()(const torch::Tensor& x) const { return at::layer_norm(x, {x.size(-1)}, weight, bias, 1e-5); }

Linear register_linear(torch::nn::Module& module, const std::string& name, std::int64_t in, std::int64_t out, Initializer& init, bool bias) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  Linear linear;
  linear.weight = module.register_parameter(name + "_weight", init.uniform({out, in}, bound));
  if (bias) linear.bias = module.register_parameter(name + "_bias", init.uniform({out}, bound));
  return linear;
}

Linear register_output_projection(torch::nn::Module& module, const std::string& name, std::int64_t width, Initializer& init) {
  return {module.register_parameter(name + "_weight", init.uniform({width, width}, 1.0 / std::sqrt(static_cast<double>(width)))),
          module.register_parameter(name + "_bias", torch::zeros({width}))};
}

Linear register_stacked_projection(torch::nn::Module& module, const std::string& name, std::int64_t width, std::int64_t blocks,
                                   Initializer& init) {
  const double bound = std::sqrt(6.0 / (4.0 * static_cast<double>(width)));
  return {module.register_parameter(name + "_weight", init.uniform({blocks * width, width}, bound)),
          module.register_parameter(name + "_bias", torch::zeros({blocks * width}))};
}

Norm register_norm(torch::nn::Module& module, const std::string& name, std::int64_t width) {
  return {module.register_parameter(name + "_weight", torch::ones({width})),
          module.register_parameter(name + "_bias", torch::zeros({width}))};
}

}  // namespace xxact::model
