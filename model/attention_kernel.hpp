// Softmax attention for short sequences on the host: plain arrays, one call for a range of (sample, head) pairs. Tens of tokens
// fit the first-level cache, so a sample's head is done in one go instead of the block-wise way made for long sequences.
#pragma once

#include <cstdint>

namespace xxact::model {

/// Keys that the kernel takes at most.
inline constexpr std::int64_t kMostKeys = 96;

/// Where a tensor [batch, tokens, heads, head_width] lies; head h starts at h * head_width, strides in floats.
template <class Float>
struct TokenArray {
  Float* data = nullptr;
  std::int64_t batch_stride = 0, token_stride = 0;
};

struct AttentionSizes {
  std::int64_t heads = 1, queries = 1, keys = 1, head_width = 1;
};

struct AttentionForward {
  TokenArray<const float> query, key, value;
  TokenArray<float> output;
  float* probability = nullptr;  // [batch, heads, queries, keys], written for backward; may be null
  const bool* key_mask = nullptr;  // [batch, keys], true = may be attended to; null: all
};

struct AttentionBackward {
  TokenArray<const float> query, key, value, output_gradient;
  const float* probability = nullptr;
  TokenArray<float> query_gradient, key_gradient, value_gradient;  // overwritten
};

/// (sample, head) pairs first to last - 1, numbered sample * heads + head. head_width must be a multiple of 16.
void attention_forward(const AttentionForward& arrays, const AttentionSizes& sizes, std::int64_t first, std::int64_t last);
void attention_backward(const AttentionBackward& arrays, const AttentionSizes& sizes, std::int64_t first, std::int64_t last);

}  // namespace xxact::model
