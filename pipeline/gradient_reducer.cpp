#include "pipeline/gradient_reducer.hpp"

#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <chrono>

namespace xxact::pipeline {

GradientReducer::GradientReducer(model::FlatParameters& flat, comm::GradientChannel& channel, const comm::Communicator& comm)
    : flat_(flat), channel_(channel), alone_(channel.ranks() == 1) {
  comm.require_equal(flat.plan_hash(), "the bucket plan of the gradients");
  if (alone_) return;
  missing_.resize(flat.buckets().size());
  for (std::size_t b = 0; b < flat.buckets().size(); ++b)
    for (const auto p : flat.buckets()[b].parameters) {
      auto accumulator = torch::autograd::impl::grad_accumulator(flat.parameters()[p].tensor);
      accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
          [this, b](const torch::autograd::variable_list& outputs, const torch::autograd::variable_list&) {
            on_gradient(b);
            return outputs;
          }));
      accumulators_.push_back(std::move(accumulator));
    }
}

void GradientReducer::arm() {
  if (alone_) return;
  armed_ = true;
  next_ = 0;
  for (std::size_t b = 0; b < missing_.size(); ++b) missing_[b] = flat_.buckets()[b].parameters.size();
}

void GradientReducer::on_gradient(std::size_t bucket) {
  if (!armed_) return;
  --missing_[bucket];
  send_ready();
  channel_.progress();
}

void GradientReducer::send_ready() {
  for (; next_ < missing_.size() && missing_[next_] == 0; ++next_) {
    const auto& gradient = flat_.buckets()[next_].gradient;
    channel_.start_sum(gradient.data_ptr<float>(), gradient.numel());
  }
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

}  // namespace xxact::pipeline
