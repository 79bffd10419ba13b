// Bytes of a file at a place of it, read by as many processes at once as there are, each with its own descriptor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace xxact::io {

/// An open file that is only read.
class FileBytes {
 public:
  /// IoError with the system's reason when it cannot be opened; InputError when it has not `expected_bytes` bytes.
  FileBytes(const std::filesystem::path& path, std::uint64_t expected_bytes);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  /// Fills all of `target` with the bytes from `offset`; IoError naming file and offset, InputError when the file ends before.
  void read(std::uint64_t offset, std::span<std::byte> target) const;
  /// Asks the system to begin reading these bytes, which are wanted soon; it may not listen.
  void announce(std::uint64_t offset, std::uint64_t bytes) const noexcept;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace xxact::io
