#include "pipeline/device/nccl_channel.hpp"

#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <c10/cuda/CUDAGuard.h>
#include <fmt/format.h>
#include <nccl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "pipeline/device/stall_watch.hpp"
#include "src/base/error.hpp"

namespace xxact::comm {
namespace {

constexpr int kGivenUp = 1;  // exit status

void check_nccl(ncclResult_t result, ncclComm_t comm, const char* what) {
  if (result != ncclSuccess && result != ncclInProgress) throw CommError("{} failed: {}: {}", what, ncclGetErrorString(result), ncclGetLastError(comm));
}

/// The communicator's handle, shared with the watching thread, which may outlive the channel by an abort that hangs. Once it is aborted, which
/// frees it, nobody uses it.
class Handle {
 public:
  void start(const Communicator& comm, const ncclUniqueId& id) {
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;  // so that no call of NCCL waits for a rank that never comes
    check_nccl(ncclCommInitRankConfig(&comm_, comm.size(), id, comm.rank(), &config), nullptr, "starting NCCL");
  }

  /// Lets go of everything under way. Once: from whichever thread comes first.
  void abort() {
    {
      const std::lock_guard lock(mutex_);
      if (comm_ == nullptr || aborted_) return;
      aborted_ = true;
    }
    ncclCommAbort(comm_);
  }

  /// Calls `operation` with the communicator, which must not wait.
  template <class Operation>
  void use(const char* what, Operation operation) {
    const std::lock_guard lock(mutex_);
    if (aborted_) throw CommError("{}: NCCL was aborted", what);
    check_nccl(operation(comm_), comm_, what);
  }

  /// Whether NCCL has taken in what it was told. CommError when it failed.
  bool settled(const char* what) {
    ncclResult_t state = ncclSuccess;
    use(what, [&](ncclComm_t comm) { return ncclCommGetAsyncError(comm, &state); });
    use(what, [&](ncclComm_t) { return state; });
    return state != ncclInProgress;
  }

 private:
  std::mutex mutex_;
  ncclComm_t comm_ = nullptr;
  bool aborted_ = false;
};

class NcclChannel final : public Channel {
 public:
  NcclChannel(const Communicator& comm, int device)
      : comm_(comm), device_(static_cast<c10::DeviceIndex>(device)), stream_(at::cuda::getStreamFromPool(true, device_)),
        watch_({[handle = handle_] { handle->abort(); },
                [rank = comm.rank(), ranks = comm.size()](const std::string& why) {
                  fmt::print(stderr, "xxact: rank {} of {}: on the device {}, and neither the host nor an abort of NCCL ended it\n", rank, ranks, why);
                  std::fflush(stderr);
                  _exit(kGivenUp);  // no destructor could do more than hang as well
                }}) {
    const c10::cuda::CUDAGuard guard(device_);
    ncclUniqueId id{};
    if (comm.root()) check_nccl(ncclGetUniqueId(&id), nullptr, "making the NCCL id");
    comm.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0, "broadcasting the NCCL id");
    handle_->start(comm, id);
    settle("starting NCCL");
  }

  // Abort instead of destroy: destroy is collective and would wait for ranks that an exception took away.
  ~NcclChannel() override { handle_->abort(); }
  NcclChannel(const NcclChannel&) = delete;
  NcclChannel& operator=(const NcclChannel&) = delete;

  int rank() const override { return comm_.rank(); }
  int ranks() const override { return comm_.size(); }

  void start_sum(float* values, std::int64_t count) override {
    start("sum", [&](ncclComm_t nccl) { return ncclAllReduce(values, values, size(count), ncclFloat, ncclSum, nccl, stream_.stream()); });
  }
  void start_sum_of_shares(float* values, std::int64_t share) override {
    // In place, as NCCL defines it: the result lies where this rank's part does.
    start("sum of shares", [&](ncclComm_t nccl) { return ncclReduceScatter(values, values + rank() * share, size(share), ncclFloat, ncclSum, nccl, stream_.stream()); });
  }
  void start_gather_of_shares(float* values, std::int64_t share) override {
    start("gather of shares", [&](ncclComm_t nccl) { return ncclAllGather(values + rank() * share, values, size(share), ncclFloat, nccl, stream_.stream()); });
  }
  void start_broadcast(float* values, std::int64_t count, int from) override {
    start("broadcast", [&](ncclComm_t nccl) { return ncclBroadcast(values, values, size(count), ncclFloat, from, nccl, stream_.stream()); });
  }

  void wait_all() override {
    done_.record(stream_);
    done_.block(at::cuda::getCurrentCUDAStream(device_));
  }

  void watch(const char* what) override {
    if (c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None) return;  // nothing runs yet; whoever replays it watches
    auto event = std::make_shared<at::cuda::CUDAEvent>();
    event->record(at::cuda::getCurrentCUDAStream(device_));
    watch_.add(what, [event, handle = handle_, what, device = device_] {
      const c10::cuda::CUDAGuard guard(device);  // the watching thread has chosen none yet
      handle->settled(what);
      return event->query();
    }, comm_.deadline());
  }

  void check() override { handle_->settled("communication over NCCL"); }

 private:
  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

  template <class Operation>
  void start(const char* what, Operation operation) {
    if (ranks() == 1) return;
    ready_.record(at::cuda::getCurrentCUDAStream(device_));
    ready_.block(stream_);
    handle_->use(what, operation);
    settle(what);
  }

  /// Until NCCL has taken in what it was told, which takes a moment where it connects ranks for the first time.
  void settle(const char* what) {
    comm_.wait_until([&] { return handle_->settled(what); }, what);
  }

  const Communicator& comm_;
  c10::DeviceIndex device_;
  c10::cuda::CUDAStream stream_;
  at::cuda::CUDAEvent ready_, done_;
  std::shared_ptr<Handle> handle_ = std::make_shared<Handle>();
  StallWatch watch_;  // last: it uses the handle
};

}  // namespace

std::unique_ptr<Channel> make_nccl_channel(const Communicator& comm, int device) { return std::make_unique<NcclChannel>(comm, device); }

}  // namespace xxact::comm
