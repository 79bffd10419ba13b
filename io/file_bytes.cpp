#include "io/file_bytes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "src/base/error.hpp"

namespace xxact::io {

FileBytes::FileBytes(const std::filesystem::path& path, std::uint64_t expected_bytes)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw IoError("cannot open {}: {}", path.string(), std::strerror(errno));
  struct stat status {};
  const int failed = ::fstat(descriptor_, &status) != 0 ? errno : 0;
  if (failed == 0 && static_cast<std::uint64_t>(status.st_size) == expected_bytes) return;
  ::close(descriptor_);
  if (failed != 0) throw IoError("cannot ask for the size of {}: {}", path.string(), std::strerror(failed));
  throw InputError("{} has {} bytes where it had {}: it was changed while it was read", path.string(), status.st_size, expected_bytes);
}

FileBytes::~FileBytes() { ::close(descriptor_); }

void FileBytes::read(std::uint64_t offset, std::span<std::byte> target) const {
  while (!target.empty()) {
    const ssize_t got = ::pread(descriptor_, target.data(), target.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError("cannot read {} bytes of {} at byte {}: {}", target.size(), path_.string(), offset, std::strerror(errno));
    if (got == 0) throw InputError("{} ends at byte {}: it was cut while it was read", path_.string(), offset);
    offset += static_cast<std::uint64_t>(got);
    target = target.subspan(static_cast<std::size_t>(got));
  }
}

void FileBytes::announce(std::uint64_t offset, std::uint64_t bytes) const noexcept {
  ::posix_fadvise(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
}

}  // namespace xxact::io
