#include "io/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "src/base/error.hpp"
#include "src/base/log.hpp"

namespace xxact::io {
namespace {

/// "process 4711 on node17"
std::string this_process() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return fmt::format("process {} on {}", ::getpid(), host.data());
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) throw IoError("cannot make {}: {}", path.string(), std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    std::array<char, 512> holder{};
    const auto length = ::pread(descriptor_, holder.data(), holder.size() - 1, 0);
    ::close(std::exchange(descriptor_, -1));
    if (reason == EWOULDBLOCK)
      throw ConfigError("{} is being made by another run ({}): wait for it, or give another --output", path.parent_path().string(), length > 0 ? holder.data() : "it does not say which");
    if (reason == ENOLCK || reason == ENOSYS || reason == EOPNOTSUPP) {
      log::debug("{}: this file system has no locks: {}", path.string(), std::strerror(reason));
      return;
    }
    throw IoError("cannot lock {}: {}", path.string(), std::strerror(reason));
  }
  const auto text = this_process();
  if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    log::debug("{}: cannot say who holds it: {}", path.string(), std::strerror(errno));
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace xxact::io
