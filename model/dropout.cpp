#include "model/dropout.hpp"

#include <ATen/Parallel.h>

namespace xxact::model {
namespace {

// A bijection of 32 bits with good avalanche: xor-shifts and odd multipliers below 2^31, so that products of int64 tensors
// that hold 32-bit values never overflow. The same arithmetic runs on scalars (CPU) and tensors (device).
constexpr std::uint32_t kFirst = 0x2C1B3C6DU, kSecond = 0x297A2D39U;

constexpr std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= kFirst;
  x ^= x >> 13;
  x *= kSecond;
  x ^= x >> 16;
  return x;
}

/// mix() of int64 values in [0, 2^32), in place.
torch::Tensor& mix_(torch::Tensor& x) {
  constexpr std::int64_t kLow = 0xFFFFFFFF;
  x.bitwise_xor_(x.bitwise_right_shift(16));
  x.mul_(static_cast<std::int64_t>(kFirst)).bitwise_and_(kLow);
  x.bitwise_xor_(x.bitwise_right_shift(13));
  x.mul_(static_cast<std::int64_t>(kSecond)).bitwise_and_(kLow);
  return x.bitwise_xor_(x.bitwise_right_shift(16));
}

std::uint32_t site_hash(std::int64_t site) { return mix(static_cast<std::uint32_t>(site) * 0x9E3779B9U + 0x7F4A7C15U); }

/// Hashes below this are dropped: a share `rate` of all 2^32.
std::int64_t threshold(double rate) { return static_cast<std::int64_t>(rate * 4294967296.0); }

torch::Tensor mask_on_host(const torch::Tensor& sample_hash, std::int64_t site, std::int64_t elements, double rate) {
  const auto samples = sample_hash.size(0);
  auto mask = torch::empty({samples, elements}, torch::kFloat32);
  const auto limit = static_cast<std::uint32_t>(threshold(rate));
  const auto scale = static_cast<float>(1.0 / (1.0 - rate));
  const auto* keys = sample_hash.const_data_ptr<std::int64_t>();
  auto* values = mask.data_ptr<float>();
  at::parallel_for(0, samples, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto sample = begin; sample < end; ++sample) {
      const std::uint32_t key = mix(static_cast<std::uint32_t>(keys[sample]) ^ site_hash(site));
      float* row = values + sample * elements;
      for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(elements); ++i) row[i] = mix(i + key) < limit ? 0.0F : scale;
    }
  });
  return mask;
}

}  // namespace

Dropout::Dropout(const torch::Tensor& sample_key, double rate) : rate_(rate) {
  if (!active()) return;
  torch::NoGradGuard no_grad;
  // Both halves of the key count: neighbouring keys and equal low halves must give unrelated masks.
  sample_hash_ = sample_key.bitwise_and(0xFFFFFFFF);
  mix_(sample_hash_).bitwise_xor_(sample_key.bitwise_right_shift(32).bitwise_and_(0xFFFFFFFF));
  mix_(sample_hash_);
}

torch::Tensor dropout_mask_by_tensors(const torch::Tensor& sample_hash, std::int64_t site, std::int64_t elements, double rate) {
  torch::NoGradGuard no_grad;
  auto key = sample_hash.bitwise_xor(static_cast<std::int64_t>(site_hash(site)));
  mix_(key);
  auto hash = (torch::arange(elements, sample_hash.options()).unsqueeze(0) + key.unsqueeze(1)).bitwise_and_(0xFFFFFFFF);
  return mix_(hash).ge(threshold(rate)).to(torch::kFloat32).mul_(1.0 / (1.0 - rate));
}

torch::Tensor dropout_mask(const torch::Tensor& sample_hash, std::int64_t site, std::int64_t elements, double rate) {
  torch::NoGradGuard no_grad;
  return sample_hash.is_cpu() ? mask_on_host(sample_hash.contiguous(), site, elements, rate)
                              : dropout_mask_by_tensors(sample_hash, site, elements, rate);
}

torch::Tensor Dropout::operator()(const torch::Tensor& x, std::int64_t site) const {
  if (!active()) return x;
  return x * dropout_mask(sample_hash_, site, x.numel() / x.size(0), rate_).view_as(x);
}

}  // namespace xxact::model
