#include "io/pending_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "src/base/error.hpp"

namespace xxact::io {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

void sync(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) throw IoError("cannot open {} to sync it: {}", path.string(), std::strerror(errno));
  const int result = ::fsync(descriptor), reason = errno;
  ::close(descriptor);
  // Some network file systems cannot sync folders; the rename itself is then as durable as they make it.
  if (result != 0 && !(flags & O_DIRECTORY && reason == EINVAL)) throw IoError("cannot sync {}: {}", path.string(), std::strerror(reason));
}

}  // namespace

PendingFile::PendingFile(std::filesystem::path path, bool owner, IfFailed if_failed)
    : path_(std::move(path)), temporary_(path_), owner_(owner), if_failed_(if_failed) {
  temporary_ += ".partial";
  if (!owner_) return;
  std::error_code error;
  std::filesystem::create_directories(folder_of(path_), error);
  if (error) throw IoError("cannot create the folder {}: {}", folder_of(path_).string(), error.message());
}

PendingFile::~PendingFile() {
  if (!owner_ || committed_ || if_failed_ == IfFailed::keep) return;
  std::error_code ignored;  // nothing more can be done for a file that is not there or cannot be removed
  std::filesystem::remove(temporary_, ignored);
}

void sync_file(const std::filesystem::path& path) { sync(path, O_RDONLY); }

void PendingFile::commit() {
  if (!owner_) return;
  sync(temporary_, O_RDONLY);
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  if (error) throw IoError("cannot rename {} to {}: {}", temporary_.string(), path_.string(), error.message());
  committed_ = true;
  sync(folder_of(path_), O_RDONLY | O_DIRECTORY);
}

}  // namespace xxact::io
