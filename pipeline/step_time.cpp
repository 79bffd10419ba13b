#include "pipeline/step_time.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

/// Ring: every byte twice over every link, one hop a rank and direction. 2 (n - 1) alpha + 2 (n - 1) / n bytes / beta.
double ring_seconds(int members, double bytes, double bytes_per_s, double hop_s) {
  return 2.0 * (members - 1) * (hop_s + bytes / members / bytes_per_s);
}

/// Two trees, each of half of the bytes, pipelined: up and down.
double tree_seconds(int members, double bytes, double bytes_per_s, double hop_s) {
  return 2.0 * std::ceil(std::log2(members)) * hop_s + 2.0 * bytes / bytes_per_s;
}

}  // namespace

Machine parse_machine(std::string_view text) {
  Machine machine;
  struct Key { double* value; double unit, low, high; };
  double ranks = machine.ranks_per_node;
  const std::map<std::string, Key, std::less<>> keys = {
      {"tflops", {&machine.operations_per_s, 1e12, 1e-6, 1e6}}, {"memory-gbs", {&machine.memory_bytes_per_s, 1e9, 1e-3, 1e6}}, {"ranks-per-node", {&ranks, 1, 1, 4096}},
      {"node-gbs", {&machine.node_bytes_per_s, 1e9, 1e-3, 1e6}}, {"network-gbs", {&machine.network_bytes_per_s, 1e9, 1e-3, 1e6}}, {"reached", {&machine.reached, 1, 0.01, 1}},
      {"memory-gib", {&machine.memory_bytes, 0x1p30, 1e-3, 1e6}}};
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const auto equals = part.find('=');
    const auto key = keys.find(part.substr(0, equals));
    double number = 0;
    const auto digits = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (key == keys.end() || error != std::errc() || end != digits.data() + digits.size() || !(number >= key->second.low && number <= key->second.high))
      throw ConfigError("--machine: '{}' is none of tflops=, memory-gib=, memory-gbs=, ranks-per-node=, node-gbs=, network-gbs=, reached= with a number in range, such as tflops=400,ranks-per-node=4", part);
    *key->second.value = number * key->second.unit;
  }
  machine.ranks_per_node = static_cast<int>(ranks);
  return machine;
}

double all_reduce_seconds(const Machine& machine, int ranks, double bytes) {
  if (ranks <= 1) return 0;
  const int local = std::min(ranks, machine.ranks_per_node);
  const int nodes = (ranks + machine.ranks_per_node - 1) / machine.ranks_per_node;
  double seconds = machine.launch_s;
  // Reduce-scatter and all-gather within a node are the two halves of a ring.
  if (local > 1) seconds += ring_seconds(local, bytes, machine.reached * machine.node_bytes_per_s, machine.node_hop_s);
  if (nodes > 1) {
    // Each rank has its share of the bytes, and its share of the node's network.
    const double network = machine.reached * machine.network_bytes_per_s;
    seconds += std::min(ring_seconds(nodes, bytes, network, machine.network_hop_s), tree_seconds(nodes, bytes, network, machine.network_hop_s));
  }
  return seconds;
}

double scatter_seconds(const Machine& machine, int ranks, double bytes) {
  return ranks <= 1 ? 0 : machine.launch_s + (all_reduce_seconds(machine, ranks, bytes) - machine.launch_s) / 2;
}

StepTime model_step(const Machine& machine, int ranks, double compute_s, double backward_s, std::span<const GradientMessage> messages, bool sharded) {
  StepTime time;
  time.compute_s = compute_s;
  if (ranks <= 1) return time;
  double free_at = 0;  // since the beginning of backward
  double behind = sharded ? all_reduce_seconds(machine, ranks, sizeof(float)) : 0;
  for (const auto& message : messages) {
    const double half = scatter_seconds(machine, ranks, message.bytes), takes = sharded ? half : all_reduce_seconds(machine, ranks, message.bytes);
    free_at = std::max(free_at, message.ready * backward_s) + takes;
    time.communication_s += takes;
    if (sharded) behind += half;
  }
  time.exposed_s = std::max(0.0, free_at - backward_s) + behind;
  time.communication_s += behind;
  return time;
}

double update_seconds(const Machine& machine, double parameters, bool averaged) {
  const double floats = 8 + 1 + 1 + (averaged ? 3 : 0);
  return 4 * floats * parameters / (machine.reached * machine.memory_bytes_per_s);
}

}  // namespace xxact::pipeline
