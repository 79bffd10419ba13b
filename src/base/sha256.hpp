// SHA-256 (FIPS 180-4) by OpenSSL: content hashes of datasets, the split by formula.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace xxact {

using Sha256Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  /// Ends the hash; the object is then spent.
  Sha256Digest finish();

 private:
  struct Free { void operator()(evp_md_ctx_st* context) const noexcept; };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Sha256Digest sha256(std::string_view text);
std::string to_hex(const Sha256Digest& digest);
/// The digest as a big-endian 256-bit number, modulo `modulus`.
unsigned modulo(const Sha256Digest& digest, unsigned modulus);

}  // namespace xxact
