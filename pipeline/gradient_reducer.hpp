// Sums gradient buckets over ranks while backward still runs: a bucket is sent as soon as all its gradients are there,
// in one order on all ranks. Gradients are summed, not averaged: losses are already divided by global counts.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "model/flat_parameters.hpp"
#include "pipeline/comm/gradient_channel.hpp"

namespace xxact::pipeline {

class GradientReducer {
 public:
  /// References must outlive it. Checks that all ranks have the same bucket plan. Collective on comm.
  GradientReducer(model::FlatParameters& flat, comm::GradientChannel& channel, const comm::Communicator& comm);

  /// Before backward of the last micro-batch of a step; earlier ones only accumulate.
  void arm();
  /// After it: sends what is left (unused parameters, ranks without samples) and waits. Collective on comm.
  void finish();
  /// Seconds spent in finish() so far.
  double waited_s() const { return waited_s_; }

 private:
  void on_gradient(std::size_t bucket);
  void send_ready();

  model::FlatParameters& flat_;
  comm::GradientChannel& channel_;
  bool alone_;
  bool armed_ = false;
  std::vector<std::size_t> missing_;  // gradients that a bucket still waits for
  std::size_t next_ = 0;              // first bucket that was not sent
  double waited_s_ = 0;
  std::vector<std::shared_ptr<torch::autograd::Node>> accumulators_;  // kept alive: they hold the hooks
};

}  // namespace xxact::pipeline
