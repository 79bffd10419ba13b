// Arrays that the ranks of a host share and fill together. They lie in one block, so that all of them are shared, or none is.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

#include "io/dataset_plan.hpp"
#include "io/host_memory.hpp"
#include "src/base/error.hpp"

namespace xxact::streaming {

class HostArrays {
 public:
  /// Bytes that an array of so many T takes of the block.
  template <class T>
  static std::size_t bytes_of(std::size_t size) {
    return (size * sizeof(T) + io::kStorageAlignment - 1) / io::kStorageAlignment * io::kStorageAlignment;
  }

  /// Collective on the host; `bytes` is the sum of bytes_of the arrays. Throws alike on its ranks: IoError when there is no memory.
  HostArrays(const io::HostRanks& host, std::size_t bytes) : memory_(io::allocate_on_host(host, bytes)) {}

  /// The next array, of zeros, in the same order on every rank. CommError when the block has no room for it.
  template <class T>
  std::span<T> take(std::size_t size) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (taken_ + bytes_of<T>(size) > memory_.bytes) throw CommError("arrays of a host: {} bytes are taken, {} more do not fit into {}", taken_, bytes_of<T>(size), memory_.bytes);
    auto* data = reinterpret_cast<T*>(memory_.data.get() + taken_);
    taken_ += bytes_of<T>(size);
    return {data, size};
  }
  /// Which part of the work this rank does; all of it where each rank has arrays of its own.
  const io::Share& share() const { return memory_.share; }

 private:
  io::HostMemory memory_;
  std::size_t taken_ = 0;
};

}  // namespace xxact::streaming
