// Where the model computes: CPU, or this rank's GPU through the device library, which is loaded only when it is used.
#pragma once

#include <c10/core/Event.h>
#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/precision.hpp"
#include "pipeline/comm/channel.hpp"
#include "pipeline/device/device_library.hpp"
#include "pipeline/loader_plan.hpp"
#include "pipeline/run_config.hpp"

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

/// Automatic is bf16 on GPUs, fp32 on CPUs. Processors that cannot multiply bfloat16 take fp32, with a warning.
model::Precision precision_on(const torch::Device& device, PrecisionChoice choice);

class Device {
 public:
  /// Chooses and readies the device: `automatic` takes a GPU when the device library and a GPU are there. Sets ATen's thread
  /// count and denormal flushing, and on a GPU this thread's stream. ConfigError when cuda is asked for and cannot be had. Collective on comm.
  Device(DeviceChoice choice, const comm::Communicator& comm, int local_rank, const ThreadRequest& threads);
  /// A CPU that records its work by `library`, as a GPU does: what tests the way of doing so without one.
  Device(DeviceLibrary& library, const ThreadRequest& threads);

  const torch::Device& torch() const { return device_; }
  bool is_cuda() const { return device_.is_cuda(); }
  const ThreadPlan& threads() const { return threads_; }
  /// "cpu", "cuda:0 (NVIDIA H100 80GB HBM3)"
  std::string name() const;
  /// Dense peak of a known GPU from its data sheet, operations a second; 0: not known.
  double peak_operations(model::Precision precision) const;
  /// Most bytes of the GPU's memory that tensors of this process have held at once; 0 on CPUs.
  std::int64_t peak_memory() const;
  /// Steps that the host may enqueue before it looks at the results of the first: 0 where work is done when a call returns.
  int steps_ahead() const { return records() ? 1 : 0; }

  /// How buffers of this device travel between ranks. Collective on comm.
  std::unique_ptr<comm::Channel> make_channel(const comm::Communicator& comm) const;
  /// Whether it can record work.
  bool records() const { return library_ != nullptr; }
  /// See DeviceLibrary::record; only where records().
  std::unique_ptr<Recording> record(const std::function<void()>& work) const { return library_->record(work); }
  /// See DeviceLibrary::forbid_waiting; nothing on CPUs.
  void forbid_waiting(bool forbidden) const {
    if (library_ != nullptr) library_->forbid_waiting(forbidden);
  }
  /// The stream that this thread computes on.
  c10::Stream compute_stream() const;

  /// A named range in profiles of a GPU; nothing elsewhere.
  class Range {
   public:
    Range(const Device& device, const char* name) : library_(device.library_) {
      if (library_ != nullptr) library_->begin_range(name);
    }
    ~Range() {
      if (library_ != nullptr) library_->end_range();
    }
    Range(const Range&) = delete;
    Range& operator=(const Range&) = delete;

   private:
    DeviceLibrary* library_;
  };

 private:
  torch::Device device_;
  ThreadPlan threads_;
  DeviceLibrary* library_ = nullptr;  // null on CPUs; it stays loaded until the process ends: LibTorch keeps pointers into it
};

/// Until the device has come to `event`, with the communicator's deadline. `channel` is asked for failures meanwhile.
void wait_for(const c10::Event& event, const comm::Communicator& comm, comm::Channel& channel, const char* what);

}  // namespace xxact::pipeline
