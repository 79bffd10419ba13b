// Where the model computes: CPU, or this rank's GPU through the device library, which is loaded only when it is used.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/comm/communicator.hpp"
#include "pipeline/comm/gradient_channel.hpp"
#include "pipeline/loader_plan.hpp"

namespace xxact::pipeline {

enum class DeviceChoice { automatic, cpu, cuda };
/// "auto", "cpu" or "cuda"; ConfigError otherwise.
DeviceChoice parse_device(const std::string& name);

/// Threads of one rank. Compute and loader threads together should not exceed the rank's cores by much.
struct ThreadPlan {
  int compute = 1;
  LoaderPlan loader;
};
/// Where loader threads run: automatic binds them on a GPU where the rank has cores of its own.
enum class LoaderAffinity { automatic, none, cores };
/// "auto", "none" or "cores"; ConfigError otherwise.
LoaderAffinity parse_loader_affinity(const std::string& name);
/// What the user asks for; 0 means automatic.
struct ThreadRequest {
  int cores_per_rank = 1, compute = 0, loader = 0;
  std::int64_t loader_depth = 0;
  LoaderAffinity affinity = LoaderAffinity::automatic;
  std::vector<int> cores = {};  // that this process may run on
};
/// On a GPU all cores but one load. On a CPU a rank of one core shares it, else a quarter of the cores load. Four batches
/// ahead a thread. Bound threads take the process's cores from the last one down; the first is left to the compute thread.
ThreadPlan plan_threads(const ThreadRequest& request, bool on_gpu);

class Device {
 public:
  /// Chooses and readies the device: `automatic` takes a GPU when the device library and a GPU are there. Sets ATen's thread
  /// count and denormal flushing. ConfigError when cuda is asked for and cannot be had. Collective on comm.
  Device(DeviceChoice choice, const comm::Communicator& comm, int local_rank, const ThreadRequest& threads);

  const torch::Device& torch() const { return device_; }
  bool is_cuda() const { return device_.is_cuda(); }
  const ThreadPlan& threads() const { return threads_; }
  std::string name() const;
  /// How gradients are summed over ranks on this device. Collective on comm.
  std::unique_ptr<comm::GradientChannel> make_gradient_channel(const comm::Communicator& comm) const;

 private:
  torch::Device device_;
  ThreadPlan threads_;
  void* library_ = nullptr;  // the device library stays loaded until the process ends: LibTorch keeps pointers into it
};

}  // namespace xxact::pipeline
