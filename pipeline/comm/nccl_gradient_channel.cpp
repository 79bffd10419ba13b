// The device library: gradient sums in device memory over NCCL, on a stream of its own beside the compute stream.
// Loading this library also loads libtorch_cuda, which registers the CUDA backend with LibTorch.
// Not here: a watchdog that aborts NCCL; the host side's deadline (Communicator::wait) finds a lost rank first.
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <nccl.h>

#include "pipeline/comm/gradient_channel.hpp"
#include "src/base/error.hpp"

namespace xxact::comm {
namespace {

void check_nccl(ncclResult_t result, ncclComm_t comm, const char* what) {
  if (result != ncclSuccess) throw CommError("{} failed: {}: {}", what, ncclGetErrorString(result), ncclGetLastError(comm));
}

class NcclGradientChannel final : public GradientChannel {
 public:
  NcclGradientChannel(const Communicator& comm, int device) : device_(device), ranks_(comm.size()), stream_(at::cuda::getStreamFromPool(true, static_cast<c10::DeviceIndex>(device))) {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
    ncclUniqueId id{};
    if (comm.root()) check_nccl(ncclGetUniqueId(&id), nullptr, "making the NCCL id");
    comm.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0, "broadcasting the NCCL id");
    check_nccl(ncclCommInitRank(&nccl_, comm.size(), id, comm.rank()), nullptr, "starting NCCL");
  }
  // Abort instead of destroy: destroy is collective and would wait for ranks that an exception took away.
  ~NcclGradientChannel() override { ncclCommAbort(nccl_); }
  NcclGradientChannel(const NcclGradientChannel&) = delete;
  NcclGradientChannel& operator=(const NcclGradientChannel&) = delete;

  int ranks() const override { return ranks_; }

  void start_sum(float* values, std::int64_t count) override {
    ready_.record(at::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device_)));
    ready_.block(stream_);
    check_nccl(ncclAllReduce(values, values, static_cast<std::size_t>(count), ncclFloat, ncclSum, nccl_, stream_.stream()), nccl_, "gradient sum");
  }

  void wait_all() override {
    done_.record(stream_);
    done_.block(at::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device_)));
  }

 private:
  int device_, ranks_;
  c10::cuda::CUDAStream stream_;
  at::cuda::CUDAEvent ready_, done_;
  ncclComm_t nccl_ = nullptr;
};

}  // namespace
}  // namespace xxact::comm

/// Entry point found by name at run time (pipeline/device.cpp). The caller owns the channel. Collective on comm.
extern "C" xxact::comm::GradientChannel* xxact_make_nccl_gradient_channel(const xxact::comm::Communicator& comm, int device) {
  return new xxact::comm::NcclGradientChannel(comm, device);
}
