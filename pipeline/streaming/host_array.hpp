// An array that the ranks of a host share and fill together.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

#include "io/host_memory.hpp"

namespace xxact::streaming {

template <class T>
class HostArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  HostArray() = default;
  /// Collective on the host. Zeros.
  HostArray(const io::HostRanks& host, std::size_t size) : memory_(io::allocate_on_host(host, size * sizeof(T))), size_(size) {}

  std::span<T> values() { return {reinterpret_cast<T*>(memory_.data.get()), size_}; }
  std::span<const T> values() const { return {reinterpret_cast<const T*>(memory_.data.get()), size_}; }
  /// Which part of the work this rank does; all of it where each rank has an array of its own.
  const io::Share& share() const { return memory_.share; }

 private:
  io::HostMemory memory_;
  std::size_t size_ = 0;
};

}  // namespace xxact::streaming
