// Bytes of an input file, decompressed on the way. The compression is told by the file's first bytes, not by its
// name: gzip, bzip2, zstd (several members or frames in a row too) or none. Streamed: memory does not grow with the file.
// Large compressed files are decompressed ahead, in a thread of their own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace xxact::io {

enum class Compression { none, gzip, bzip2, zstd };

/// Name of a compression as messages say it: "gzip", ...
std::string_view compression_name(Compression compression);

/// Bytes of files that were read so far; threads may add to it.
using ReadCounter = std::atomic<std::uint64_t>;

class ByteStream {
 public:
  /// Throws InputError when the file cannot be opened, is no regular file or is empty. Adds the bytes that it takes from the
  /// file to the counter, if there is one, which must outlive it.
  explicit ByteStream(const std::filesystem::path& path, ReadCounter* counter = nullptr);
  /// Bytes that are in memory already, taken as they are.
  static ByteStream of_text(std::string text);
  /// Bytes that `next` gives chunk by chunk, none at the end, taken as they are (a member of an archive). `next` is not
  /// called again after its end or after it has thrown.
  static ByteStream from(std::function<std::string_view()> next);
  ~ByteStream();
  ByteStream(ByteStream&&) noexcept;
  ByteStream& operator=(ByteStream&&) noexcept;

  /// The next bytes, valid until the next call; empty at the end. Throws InputError where compressed data are
  /// damaged, end early, or expand more than 1,000 times beyond the first GiB; what came before is good.
  std::string_view next_chunk();

  Compression compression() const;

 private:
  ByteStream();

  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// All bytes of the stream. Throws InputError as above and when there are more than `limit`.
std::string read_whole(ByteStream stream, std::size_t limit);

}  // namespace xxact::io
