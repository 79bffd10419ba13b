#include "src/base/sha256.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "src/base/error.hpp"

namespace xxact {

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
    throw IoError("SHA-256 is not available in this OpenSSL");
}

void Sha256::update(std::span<const std::byte> bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) throw IoError("SHA-256 update failed");
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) throw IoError("SHA-256 failed to finish");
  return digest;
}

Sha256Digest sha256(std::string_view text) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.finish();
}

std::string to_hex(const Sha256Digest& digest) {
  std::string text;
  for (const auto byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

unsigned modulo(const Sha256Digest& digest, unsigned modulus) {
  std::uint64_t remainder = 0;
  for (const auto byte : digest) remainder = (remainder * 256 + byte) % modulus;
  return static_cast<unsigned>(remainder);
}

}  // namespace xxact
