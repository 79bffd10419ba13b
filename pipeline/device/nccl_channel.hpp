// Buffers in device memory over NCCL, on a stream of their own beside the compute stream. Part of the device library.
#pragma once

#include <memory>

#include "pipeline/comm/channel.hpp"

namespace xxact::comm {

/// `comm` must outlive it. CommError when NCCL cannot be started, or not within the communicator's deadline. Collective on comm.
std::unique_ptr<Channel> make_nccl_channel(const Communicator& comm, int device);

}  // namespace xxact::comm
