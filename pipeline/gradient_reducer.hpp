// Sums gradient buckets over ranks while backward still runs: a bucket is sent as soon as all its gradients are there,
// in one order on all ranks. Gradients are summed, not averaged: losses are already divided by global counts.
// Where ranks share the optimiser's state, each gets the sum of its own share of every bucket, and hands out what it made of it.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "model/flat_slices.hpp"
#include "pipeline/comm/channel.hpp"

namespace xxact::pipeline {

/// Who keeps the optimiser's state: every rank all of it, or each a share.
enum class OptimizerState { replicated, sharded };

class GradientReducer {
 public:
  /// References must outlive it. Checks that all ranks have the same bucket plan. Collective on comm.
  GradientReducer(model::FlatParameters& flat, comm::Channel& channel, const comm::Communicator& comm, OptimizerState state);

  /// Before backward of the last micro-batch of a step; earlier ones only accumulate. `loss`, [] float32, is summed over ranks first.
  void arm(const torch::Tensor& loss);
  /// After it: sends what is left (unused parameters, ranks without samples) and waits. Collective on comm.
  void finish();
  /// Seconds that the host spent in finish() so far.
  double waited_s() const { return waited_s_; }

  bool sharded() const { return state_ == OptimizerState::sharded; }
  /// What this rank updates.
  std::vector<model::FlatSlice> slices() const;
  /// Sums a scalar, [] float32, over ranks. Collective on comm.
  void sum(const torch::Tensor& scalar);
  /// With sharded state: every rank's slices of a flat buffer [N] to all ranks; otherwise nothing. Collective on comm.
  void gather(const torch::Tensor& flat_buffer);

 private:
  void on_gradient(std::size_t bucket);
  void send_ready();
  void send(std::size_t bucket);

  model::FlatParameters& flat_;
  comm::Channel& channel_;
  OptimizerState state_;
  bool alone_;
  bool armed_ = false;
  std::vector<model::BucketShares> shares_;  // one a bucket
  std::vector<std::size_t> missing_;  // gradients that a bucket still waits for
  std::size_t next_ = 0;              // first bucket that was not sent
  double waited_s_ = 0;
  std::vector<std::shared_ptr<torch::autograd::Node>> accumulators_;  // kept alive: they hold the hooks
};

}  // namespace xxact::pipeline
