#include "pipeline/gradient_reducer.hpp"

#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <chrono>

namespace xxact::pipeline {

GradientReducer::GradientReducer(model::FlatParameters& flat, comm::Channel& channel, const comm::Communicator& comm, OptimizerState state)
    : flat_(flat), channel_(channel), state_(channel.ranks() == 1 ? OptimizerState::replicated : state), alone_(channel.ranks() == 1),
      shares_(model::shares_of_buckets(flat, channel.ranks())) {
  comm.require_equal(flat.plan_hash(), "the bucket plan of the gradients");
  if (alone_) return;
  missing_.resize(flat.buckets().size());
  for (std::size_t b = 0; b < flat.buckets().size(); ++b)
    for (const auto p : flat.buckets()[b].parameters) {
      if (!flat.parameters()[p].tensor.requires_grad()) continue;
      auto accumulator = torch::autograd::impl::grad_accumulator(flat.parameters()[p].tensor);
      accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
          [this, b](const torch::autograd::variable_list& outputs, const torch::autograd::variable_list&) {
            on_gradient(b);
            return outputs;
          }));
      accumulators_.push_back(std::move(accumulator));
    }
}

void GradientReducer::arm(const torch::Tensor& loss) {
  if (alone_) return;
  armed_ = true;
  next_ = 0;
  for (std::size_t b = 0; b < missing_.size(); ++b)
    missing_[b] = static_cast<std::size_t>(std::ranges::count_if(flat_.buckets()[b].parameters, [&](std::size_t p) { return flat_.parameters()[p].tensor.requires_grad(); }));
  channel_.start_sum(loss.data_ptr<float>(), 1);
}

void GradientReducer::on_gradient(std::size_t bucket) {
  if (!armed_) return;
  --missing_[bucket];
  send_ready();
  channel_.progress();
}

void GradientReducer::send_ready() {
  for (; next_ < missing_.size() && missing_[next_] == 0; ++next_) send(next_);
}

void GradientReducer::send(std::size_t bucket) {
  auto* gradient = flat_.gradient().data_ptr<float>();
  const auto& part = shares_[bucket];
  if (!sharded()) {
    channel_.start_sum(gradient + part.offset, flat_.buckets()[bucket].gradient.numel());
    return;
  }
  if (part.share > 0) channel_.start_sum_of_shares(gradient + part.offset, part.share);
  if (part.rest > 0) channel_.start_sum(gradient + part.rest_offset, part.rest);
}

void GradientReducer::finish() {
  if (alone_) return;
  const auto start = std::chrono::steady_clock::now();
  std::fill(missing_.begin(), missing_.end(), 0);
  send_ready();
  armed_ = false;
  channel_.wait_all();
  waited_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<model::FlatSlice> GradientReducer::slices() const {
  return sharded() ? model::own_slices(flat_, channel_.rank(), channel_.ranks()) : model::whole(flat_);
}

void GradientReducer::sum(const torch::Tensor& scalar) {
  if (alone_) return;
  channel_.start_sum(scalar.data_ptr<float>(), 1);
  channel_.wait_all();
}

void GradientReducer::gather(const torch::Tensor& flat_buffer) {
  if (!sharded()) return;
  auto* values = flat_buffer.data_ptr<float>();
  for (const auto& part : shares_)
    if (part.share > 0) channel_.start_gather_of_shares(values + part.offset, part.share);
  channel_.wait_all();
  channel_.watch("gather of shares");
}

}  // namespace xxact::pipeline
