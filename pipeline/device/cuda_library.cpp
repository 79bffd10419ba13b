// The device library: CUDA graphs, NVTX ranges, NCCL. Loading it also loads libtorch_cuda, which registers the CUDA backend with LibTorch.
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>
#include <nvtx3/nvToolsExt.h>

#include "pipeline/device/device_library.hpp"
#include "pipeline/device/nccl_channel.hpp"

namespace xxact::pipeline {
namespace {

class GraphRecording final : public Recording {
 public:
  GraphRecording(const std::function<void()>& work, c10::MempoolId_t pool) {
    // Other threads pin memory and look at events meanwhile, which a capture of all threads would forbid.
    graph_.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      // The stream must leave its capture, whatever state that is in; the first error is the one that tells.
      try {
        graph_.capture_end();
      } catch (const std::exception&) {
      }
      throw;
    }
    graph_.capture_end();
  }
  void replay() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

std::string cuda_version(int code) { return fmt::format("{}.{}", code / 1000, code % 1000 / 10); }
std::string nccl_version(int code) { return fmt::format("{}.{}.{}", code / 10000, code % 10000 / 100, code % 100); }

class CudaLibrary final : public DeviceLibrary {
 public:
  std::string device_name(int device) const override { return at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device))->name; }

  std::string versions() const override {
    int runtime = 0, driver = 0, nccl = 0;
    cudaRuntimeGetVersion(&runtime);
    cudaDriverGetVersion(&driver);
    ncclGetVersion(&nccl);
    return fmt::format("CUDA {} (compiled with {}, driver for {}), NCCL {} (compiled with {})", cuda_version(runtime), cuda_version(CUDART_VERSION), cuda_version(driver),
                       nccl_version(nccl), nccl_version(NCCL_VERSION_CODE));
  }

  std::unique_ptr<comm::Channel> make_channel(const comm::Communicator& comm, int device) override { return comm::make_nccl_channel(comm, device); }

  std::unique_ptr<Recording> record(const std::function<void()>& work) override {
    if (pool_ == c10::MempoolId_t{0, 0}) pool_ = at::cuda::graph_pool_handle();
    return std::make_unique<GraphRecording>(work, pool_);
  }

  void forbid_waiting(bool forbidden) override {
    c10::cuda::warning_state().set_sync_debug_mode(forbidden ? c10::cuda::SyncDebugMode::L_ERROR : c10::cuda::SyncDebugMode::L_DISABLED);
  }

  void begin_range(const char* name) override { nvtxRangePushA(name); }
  void end_range() override { nvtxRangePop(); }

 private:
  c10::MempoolId_t pool_ = {0, 0};
};

}  // namespace
}  // namespace xxact::pipeline

/// Entry point found by name at run time (pipeline/device.cpp). It lives until the process ends.
extern "C" xxact::pipeline::DeviceLibrary* xxact_device_library() {
  static auto* const library = new xxact::pipeline::CudaLibrary;  // never destroyed: CUDA may be gone before static objects are
  return library;
}
