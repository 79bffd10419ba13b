// A lock that one process of all that see a file holds, for as long as it lives: two runs must not make the same thing.
#pragma once

#include <filesystem>

namespace xxact::io {

class FileLock {
 public:
  FileLock() = default;
  /// Makes the file, locks it and writes host and process into it. ConfigError naming them when another process holds the lock, IoError
  /// when the file cannot be made. File systems without locks (errno ENOLCK, ENOSYS, EOPNOTSUPP) give none, which is logged at debug level.
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace xxact::io
