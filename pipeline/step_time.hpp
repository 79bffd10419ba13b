// How long a training step takes on any number of ranks: a model, for planning (docs/scaling.md). Computation is measured or given;
// sums of gradients follow the alpha-beta model of a hierarchical all-reduce: reduce-scatter within the node, ring or tree between nodes,
// all-gather within the node (Thakur, Rabenseifner and Gropp, doi 10.1177/1094342005051521; trees: Sanders, Speck and Traeff,
// doi 10.1016/j.parco.2009.09.001). Not here: contention, stragglers, waiting for data.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace xxact::pipeline {

/// What a rank computes and talks with. Bandwidths in bytes a second and one direction, before `reached`. Latencies are those that
/// NCCL 2.28 plans with (src/graph/tuning.cc, simple protocol).
struct Machine {
  double operations_per_s = 0;          // that a rank sustains in forward and backward; 0: not known
  double memory_bytes_per_s = 3.35e12;  // of a rank (H100 SXM: HBM3)
  int ranks_per_node = 8;
  double node_bytes_per_s = 450e9;      // of a rank to its node's others (NVLink 4)
  double network_bytes_per_s = 200e9;   // of a node to the others (four ports of 400 Gb/s)
  double reached = 0.8;                 // share of these bandwidths
  double memory_bytes = 0;              // of a rank; 0: as this device has
  double launch_s = 8.4e-6, node_hop_s = 3.4e-6, network_hop_s = 14e-6;
};

/// "tflops=400,memory-gib=80,memory-gbs=3350,ranks-per-node=8,node-gbs=450,network-gbs=200,reached=0.8": any of them in any order, the others stay as
/// in Machine. ConfigError naming what is wrong.
Machine parse_machine(std::string_view text);

/// Of `bytes` on `ranks` ranks, all nodes full; 0 on one rank.
double all_reduce_seconds(const Machine& machine, int ranks, double bytes);

/// A sum of gradients that is started when this share of backward is over.
struct GradientMessage {
  double ready = 1;
  double bytes = 0;
};

/// Of one step of a rank.
struct StepTime {
  double compute_s = 0;        // forward, backward and update
  double communication_s = 0;  // all sums
  double exposed_s = 0;        // of these, behind the end of backward
  double total_s() const { return compute_s + exposed_s; }
};

/// Half of that: reduce-scatter, or all-gather, of `bytes` in all.
double scatter_seconds(const Machine& machine, int ranks, double bytes);

/// `messages` in the order in which they are sent, one at a time. `backward_s` is that of the last micro-batch, beside which they travel. With a `sharded`
/// optimiser the sums are reduce-scattered, and behind the update follow the sum of the squared norm and the all-gathers of the weights, which nothing hides.
StepTime model_step(const Machine& machine, int ranks, double compute_s, double backward_s, std::span<const GradientMessage> messages, bool sharded);

/// Of the optimiser: bytes that an update of `parameters` float32 weights reads and writes. AdamW reads weights, gradients and two moments and
/// writes all of them, the gradients clipped; the norm reads gradients, zeroing writes them; the average is read and written, beside the weights.
double update_seconds(const Machine& machine, double parameters, bool averaged);

}  // namespace xxact::pipeline
