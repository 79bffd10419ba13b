#include "io/zstd_frames.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>

#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr std::uint32_t kFrameMagic = 0xFD2FB528U;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50U;  // low four bits free

/// Reads little-endian numbers and skips, knowing where the file ends.
class FrameWalk {
 public:
  explicit FrameWalk(const std::filesystem::path& path) : file_(path, std::ios::binary), size_(std::filesystem::file_size(path)) {
    if (!file_) throw IoError("cannot open {}", path.string());
  }
  bool at_end() const { return position_ == size_; }
  std::optional<std::uint32_t> number(std::uint64_t bytes) {
    if (size_ - position_ < bytes) return std::nullopt;
    std::array<unsigned char, 4> raw{};
    file_.seekg(static_cast<std::streamoff>(position_));
    if (!file_.read(reinterpret_cast<char*>(raw.data()), static_cast<std::streamsize>(bytes))) return std::nullopt;
    position_ += bytes;
    return raw[0] | raw[1] << 8U | raw[2] << 16U | static_cast<std::uint32_t>(raw[3]) << 24U;
  }
  bool skip(std::uint64_t bytes) {
    if (size_ - position_ < bytes) return false;
    position_ += bytes;
    return true;
  }

 private:
  std::ifstream file_;
  std::uint64_t size_, position_ = 0;
};

bool walk_blocks(FrameWalk& walk) {
  for (;;) {
    const auto header = walk.number(3);
    if (!header) return false;
    const bool last = *header & 1U;
    const unsigned type = *header >> 1U & 3U;
    const bool run_length = type == 1;  // one byte stands for the whole block
    if (!walk.skip(run_length ? 1 : *header >> 3U)) return false;
    if (last) return true;
  }
}

bool walk_frame(FrameWalk& walk) {
  const auto descriptor = walk.number(1);
  if (!descriptor) return false;
  const bool single_segment = *descriptor >> 5U & 1U;
  const bool checksum = *descriptor >> 2U & 1U;
  constexpr std::array<std::uint64_t, 4> kDictionaryBytes = {0, 1, 2, 4};
  constexpr std::array<std::uint64_t, 4> kContentSizeBytes = {0, 2, 4, 8};
  std::uint64_t content_size_bytes = kContentSizeBytes[*descriptor >> 6U & 3U];
  if (content_size_bytes == 0 && single_segment) content_size_bytes = 1;
  const std::uint64_t window_bytes = single_segment ? 0 : 1;
  if (!walk.skip(window_bytes + kDictionaryBytes[*descriptor & 3U] + content_size_bytes)) return false;
  return walk_blocks(walk) && walk.skip(checksum ? 4 : 0);
}

}  // namespace

bool zstd_frames_complete(const std::filesystem::path& path) {
  FrameWalk walk(path);
  while (!walk.at_end()) {
    const auto magic = walk.number(4);
    if (!magic) return false;
    if (*magic == kFrameMagic) {
      if (!walk_frame(walk)) return false;
    } else if ((*magic & 0xFFFFFFF0U) == kSkippableMagic) {
      const auto bytes = walk.number(4);
      if (!bytes || !walk.skip(*bytes)) return false;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace xxact::io
