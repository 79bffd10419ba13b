#include "pipeline/gathered_rows.hpp"

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

struct GatherRows : torch::autograd::Function<GatherRows> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& own, comm::Channel* channel) {
    context->saved_data["channel"] = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(channel));
    auto shape = own.sizes().vec();
    const auto rows = shape[0];
    shape[0] *= channel->ranks();
    auto all = torch::empty(shape, own.options());
    all.narrow(0, channel->rank() * rows, rows).copy_(own);
    channel->start_gather_of_shares(all.data_ptr<float>(), own.numel());
    channel->wait_all();
    return all;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    auto& channel = *reinterpret_cast<comm::Channel*>(static_cast<std::intptr_t>(context->saved_data["channel"].toInt()));
    // A copy: the sum over ranks is made in place.
    const auto all = gradients[0].clone(at::MemoryFormat::Contiguous);
    const auto rows = all.size(0) / channel.ranks();
    channel.start_sum_of_shares(all.data_ptr<float>(), all.numel() / channel.ranks());
    channel.wait_all();
    return {all.narrow(0, channel.rank() * rows, rows), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor gather_rows(const torch::Tensor& own, comm::Channel& channel) {
  if (own.dim() != 2 || own.scalar_type() != torch::kFloat32) throw ConfigError("rows to gather must be float32 [n, d], not of {} dimensions", own.dim());
  return GatherRows::apply(own, &channel);
}

}  // namespace xxact::pipeline
