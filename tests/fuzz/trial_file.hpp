// The bytes of one trial as a file, for readers that take files.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace xxact::fuzz {

/// The name of one file of this process that now holds these bytes; the next call replaces them. In memory where the system
/// has /dev/shm, and with a real path, which HDF5 asks for. Removed when the process ends, unless it crashes.
inline const std::string& trial_file(const std::uint8_t* data, std::size_t size) {
  static std::string path = access("/dev/shm", W_OK) == 0 ? "/dev/shm/xxact-fuzz-XXXXXX" : "/tmp/xxact-fuzz-XXXXXX";
  static const int file = [] {
    const int opened = mkstemp(path.data());
    std::atexit([] { unlink(path.c_str()); });
    return opened;
  }();
  if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  return path;
}

}  // namespace xxact::fuzz
