// What a GPU can do that LibTorch's device-independent interface does not cover, so that the program itself links no CUDA. The
// device library (libxxact_device.so) implements it, and is loaded where a GPU is used: pipeline/device.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "pipeline/comm/channel.hpp"

namespace xxact::pipeline {

/// Kernels that were recorded once and are launched together, without their cost of launching each.
class Recording {
 public:
  virtual ~Recording() = default;
  /// On the current stream of the thread.
  virtual void replay() = 0;
};

class DeviceLibrary {
 public:
  virtual ~DeviceLibrary() = default;
  /// "NVIDIA H100 80GB HBM3"
  virtual std::string device_name(int device) const = 0;
  /// Versions of CUDA and NCCL, as compiled against and as loaded.
  virtual std::string versions() const = 0;
  /// Device memory over NCCL. `comm` must outlive it. Collective on comm.
  virtual std::unique_ptr<comm::Channel> make_channel(const comm::Communicator& comm, int device) = 0;
  /// Records what `work` enqueues on the current stream, which must not be the default one; nothing is executed by that. `work` must
  /// not wait for the device. Throws c10::Error when something in it cannot be recorded. Memory that it allocates is kept for
  /// the recording, and shared with other recordings, so nothing that it leaves behind may be used after another one was replayed.
  virtual std::unique_ptr<Recording> record(const std::function<void()>& work) = 0;
  /// For tests: from now on, whatever in LibTorch makes the host wait for the device throws c10::Error.
  virtual void forbid_waiting(bool forbidden) = 0;
  /// Named ranges in profiles (NVTX).
  virtual void begin_range(const char* name) = 0;
  virtual void end_range() = 0;
};

}  // namespace xxact::pipeline
