// Checksums of the blocks of an array: they say where a file was damaged, at the speed of memory, so that every load can
// verify what it read. XXH3-64 finds accidents, not forgeries; the content hash (SHA-256) names the content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct XXH3_state_s;

namespace xxact::io {

inline constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
inline constexpr const char* kBlockAlgorithm = "XXH3-64";  // of libxxhash, seed 0

/// Blocks of an array of so many bytes; the last one may be shorter.
inline std::size_t block_count(std::size_t bytes) { return (bytes + kBlockBytes - 1) / kBlockBytes; }

/// The checksum of one block.
std::uint64_t block_checksum(std::span<const std::byte> block);

/// The checksums of the blocks of bytes that come in pieces of any length.
class BlockHasher {
 public:
  BlockHasher();
  /// IoError when memory is short.
  void update(std::span<const std::byte> bytes);
  /// One entry a block; the object is then spent.
  std::vector<std::uint64_t> finish();

 private:
  struct Free { void operator()(XXH3_state_s* state) const noexcept; };
  std::unique_ptr<XXH3_state_s, Free> state_;
  std::size_t in_block_ = 0;  // bytes of the block that is open
  std::vector<std::uint64_t> blocks_;
};

}  // namespace xxact::io
