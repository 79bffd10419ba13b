// A file that appears under its name complete and synced, or not at all: written as "<name>.partial", then renamed.
#pragma once

#include <filesystem>

namespace xxact::io {

class PendingFile {
 public:
  enum class IfFailed { remove, keep };  // what is not committed

  /// `owner`: whether this process renames or removes the file; exactly one of the processes that write it together.
  /// Creates missing folders above `path` when owner; IoError when that fails.
  PendingFile(std::filesystem::path path, bool owner, IfFailed if_failed = IfFailed::remove);
  /// Removes what was not committed, or keeps it.
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  /// Call when all writers have closed the file. Syncs it, renames it, syncs the folder; nothing where not owner.
  /// IoError when any of these fails.
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  bool owner_, committed_ = false;
  IfFailed if_failed_;
};

/// Waits until what was written of a file is on disk. IoError when that fails.
void sync_file(const std::filesystem::path& path);

}  // namespace xxact::io
