#include "io/byte_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "io/zstd_frames.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

namespace streams = boost::iostreams;

constexpr std::size_t kChunkBytes = std::size_t{1} << 18;
constexpr std::size_t kChunksAhead = 16;
constexpr std::streamsize kFilterBytes = 1 << 16;
constexpr std::uint64_t kFreeExpansion = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxRatio = 1000;

Compression compression_of(const std::filesystem::path& path) {
  std::array<unsigned char, 4> head{};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError("cannot be opened: {}", std::strerror(errno));
  file.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  if (file.gcount() == 0) throw InputError("file is empty");
  if (head[0] == 0x1F && head[1] == 0x8B) return Compression::gzip;
  if (head[0] == 'B' && head[1] == 'Z' && head[2] == 'h') return Compression::bzip2;
  if (head[0] == 0x28 && head[1] == 0xB5 && head[2] == 0x2F && head[3] == 0xFD) return Compression::zstd;
  return Compression::none;
}

}  // namespace

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::none: return "plain";
    case Compression::gzip: return "gzip";
    case Compression::bzip2: return "bzip2";
    case Compression::zstd: return "zstd";
  }
  return "unknown";
}

namespace {

/// The bytes of a file for Boost.Iostreams, counted on their way.
class CountedFile {
 public:
  using char_type = char;
  using category = streams::source_tag;

  CountedFile(const std::filesystem::path& path, ReadCounter* counter)
      : descriptor_(std::make_shared<Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC))), counter_(counter) {
    if (descriptor_->number < 0) throw InputError("cannot be opened: {}", std::strerror(errno));
    ::posix_fadvise(descriptor_->number, 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  std::streamsize read(char* out, std::streamsize size) {
    ssize_t count = 0;
    do count = ::read(descriptor_->number, out, static_cast<std::size_t>(size));
    while (count < 0 && errno == EINTR);
    if (count < 0) throw InputError("cannot be read: {}", std::strerror(errno));
    if (counter_ != nullptr) counter_->fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
    return count == 0 ? -1 : count;
  }

 private:
  struct Descriptor {
    explicit Descriptor(int open) : number(open) {}
    ~Descriptor() {
      if (number >= 0) ::close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number;
  };
  std::shared_ptr<Descriptor> descriptor_;  // Boost copies devices
  ReadCounter* counter_;
};

/// Decompresses a file, chunk by chunk.
class FileChunks {
 public:
  FileChunks(const std::filesystem::path& path, ReadCounter* counter) : path_(path), compression_(compression_of(path)), file_bytes_(std::filesystem::file_size(path)) {
    switch (compression_) {
      case Compression::gzip: stream_.push(streams::gzip_decompressor(streams::zlib::default_window_bits, kFilterBytes), kFilterBytes); break;
      case Compression::bzip2: stream_.push(streams::bzip2_decompressor(false, kFilterBytes), kFilterBytes); break;
      case Compression::zstd: stream_.push(streams::zstd_decompressor(kFilterBytes), kFilterBytes); break;
      case Compression::none: break;
    }
    stream_.push(CountedFile(path, counter), kFilterBytes);
  }

  Compression compression() const { return compression_; }
  /// Whether decompressing it is worth a thread of its own.
  bool large() const { return compression_ != Compression::none && file_bytes_ > kChunkBytes; }

  /// The next bytes; none at the end.
  void next(std::string& chunk) {
    chunk.resize(kChunkBytes);
    std::streamsize count = 0;
    try {
      count = stream_.sgetn(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    } catch (const InputError&) {
      throw;
    } catch (const std::exception& error) {
      throw InputError("{} data are damaged or end early ({})", compression_name(compression_), error.what());
    }
    chunk.resize(static_cast<std::size_t>(std::max<std::streamsize>(count, 0)));
    if (chunk.empty()) return end();
    bytes_out_ += chunk.size();
    if (bytes_out_ > kFreeExpansion && bytes_out_ / kMaxRatio > file_bytes_) throw InputError("expands more than {} times", kMaxRatio);
  }

 private:
  void end() {
    // Boost's zstd filter takes the end of the file for the end of the data.
    if (compression_ == Compression::zstd && !zstd_frames_complete(path_)) throw InputError("zstd data end early");
    if (bytes_out_ == 0) throw InputError("file is empty once decompressed");
  }

  std::filesystem::path path_;
  Compression compression_;
  std::uint64_t file_bytes_, bytes_out_ = 0;
  streams::filtering_streambuf<streams::input> stream_;
};

/// Runs FileChunks some chunks ahead in a thread of its own, so that decompressing and parsing go on side by side.
class ReadAhead {
 public:
  explicit ReadAhead(std::unique_ptr<FileChunks> chunks) : chunks_(std::move(chunks)), thread_([this] { work(); }) {}

  ~ReadAhead() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    free_.notify_one();
  }

  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  void next(std::string& chunk) {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !filled_.empty() || ended_; });
    if (filled_.empty()) {
      chunk.clear();
      if (failure_) std::rethrow_exception(failure_);
      return;
    }
    spare_.push_back(std::move(chunk));
    chunk = std::move(filled_.front());
    filled_.pop_front();
    lock.unlock();
    free_.notify_one();
  }

 private:
  void work() {
    std::string chunk;
    for (bool more = true; more;) {
      std::exception_ptr failure;
      try {
        chunks_->next(chunk);
      } catch (...) {
        failure = std::current_exception();
      }
      std::unique_lock lock(mutex_);
      more = !failure && !chunk.empty();
      if (more) filled_.push_back(std::move(chunk));
      failure_ = failure;
      ended_ = !more;
      ready_.notify_one();
      free_.wait(lock, [this] { return filled_.size() < kChunksAhead || stopping_; });
      if (stopping_) return;
      chunk = spare_.empty() ? std::string() : std::move(spare_.back());
      if (!spare_.empty()) spare_.pop_back();
    }
  }

  std::unique_ptr<FileChunks> chunks_;  // of the thread
  std::mutex mutex_;
  std::condition_variable ready_, free_;
  std::deque<std::string> filled_;
  std::vector<std::string> spare_;
  std::exception_ptr failure_;
  bool ended_ = false, stopping_ = false;
  std::jthread thread_;  // last: it uses everything above
};

}  // namespace

struct ByteStream::Implementation {
  Compression compression = Compression::none;
  bool ended = false, in_memory = false;
  std::string chunk;  // the current one, or all of a text in memory
  std::unique_ptr<FileChunks> chunks;
  std::unique_ptr<ReadAhead> ahead;
  std::function<std::string_view()> next;  // of bytes from elsewhere

  std::string_view take() {
    if (next) return next();
    if (ahead) ahead->next(chunk);
    else chunks->next(chunk);
    return chunk;
  }
};

ByteStream::ByteStream() : implementation_(std::make_unique<Implementation>()) {}

ByteStream ByteStream::of_text(std::string text) {
  ByteStream stream;
  stream.implementation_->in_memory = true;
  stream.implementation_->chunk = std::move(text);
  return stream;
}

ByteStream ByteStream::from(std::function<std::string_view()> next) {
  ByteStream stream;
  stream.implementation_->next = std::move(next);
  return stream;
}

ByteStream::ByteStream(const std::filesystem::path& path, ReadCounter* counter) : ByteStream() {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || status.type() == std::filesystem::file_type::not_found) throw InputError("no such file");
  if (!std::filesystem::is_regular_file(status)) throw InputError("not a regular file");
  auto& self = *implementation_;
  self.chunks = std::make_unique<FileChunks>(path, counter);
  self.compression = self.chunks->compression();
  if (self.chunks->large()) self.ahead = std::make_unique<ReadAhead>(std::move(self.chunks));
}

ByteStream::~ByteStream() = default;
ByteStream::ByteStream(ByteStream&&) noexcept = default;
ByteStream& ByteStream::operator=(ByteStream&&) noexcept = default;

Compression ByteStream::compression() const { return implementation_->compression; }

std::string_view ByteStream::next_chunk() {
  auto& self = *implementation_;
  if (self.ended) return {};
  if (self.in_memory) {
    self.ended = true;
    return self.chunk;
  }
  self.ended = true;  // where taking throws
  const std::string_view taken = self.take();
  self.ended = taken.empty();
  return taken;
}

std::string read_whole(ByteStream stream, std::size_t limit) {
  std::string text;
  for (auto chunk = stream.next_chunk(); !chunk.empty(); chunk = stream.next_chunk()) {
    if (text.size() + chunk.size() > limit) throw InputError("holds more than {} MiB", limit >> 20);
    text += chunk;
  }
  return text;
}

}  // namespace xxact::io
