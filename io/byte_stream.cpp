#include "io/byte_stream.hpp"

#include <boost/iostreams/device/file.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>

#include <array>
#include <fstream>
#include <system_error>
#include <vector>

#include "io/zstd_frames.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

namespace streams = boost::iostreams;

constexpr std::size_t kChunkBytes = std::size_t{1} << 18;
constexpr std::uint64_t kFreeExpansion = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxRatio = 1000;

Compression compression_of(const std::filesystem::path& path) {
  std::array<unsigned char, 4> head{};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError("cannot be opened");
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

struct ByteStream::Implementation {
  std::filesystem::path path;
  Compression compression = Compression::none;
  std::uint64_t file_bytes = 0, bytes_out = 0;
  bool ended = false;
  bool in_memory = false;
  std::string text;  // in memory
  std::vector<char> buffer;
  streams::filtering_streambuf<streams::input> stream;

  void end() {
    ended = true;
    // Boost's zstd filter takes the end of the file for the end of the data.
    if (compression == Compression::zstd && !zstd_frames_complete(path)) throw InputError("zstd data end early");
    if (bytes_out == 0) throw InputError("file is empty once decompressed");
  }
};

ByteStream::ByteStream() : implementation_(std::make_unique<Implementation>()) {}

ByteStream ByteStream::of_text(std::string text) {
  ByteStream stream;
  stream.implementation_->in_memory = true;
  stream.implementation_->text = std::move(text);
  return stream;
}

ByteStream::ByteStream(const std::filesystem::path& path) : ByteStream() {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || status.type() == std::filesystem::file_type::not_found) throw InputError("no such file");
  if (!std::filesystem::is_regular_file(status)) throw InputError("not a regular file");
  auto& self = *implementation_;
  self.path = path;
  self.buffer.resize(kChunkBytes);
  self.compression = compression_of(path);
  self.file_bytes = std::filesystem::file_size(path, error);
  switch (self.compression) {
    case Compression::gzip: self.stream.push(streams::gzip_decompressor()); break;
    case Compression::bzip2: self.stream.push(streams::bzip2_decompressor()); break;
    case Compression::zstd: self.stream.push(streams::zstd_decompressor()); break;
    case Compression::none: break;
  }
  self.stream.push(streams::file_source(path.string(), std::ios::in | std::ios::binary));
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
    return self.text;
  }
  std::streamsize count = 0;
  try {
    count = self.stream.sgetn(self.buffer.data(), static_cast<std::streamsize>(self.buffer.size()));
  } catch (const std::exception& error) {
    self.ended = true;
    throw InputError("{} data are damaged or end early ({})", compression_name(self.compression), error.what());
  }
  if (count <= 0) {
    self.end();
    return {};
  }
  self.bytes_out += static_cast<std::uint64_t>(count);
  if (self.bytes_out > kFreeExpansion && self.bytes_out / kMaxRatio > self.file_bytes)
    throw InputError("expands more than {} times", kMaxRatio);
  return {self.buffer.data(), static_cast<std::size_t>(count)};
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
