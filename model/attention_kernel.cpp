#include "model/attention_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/host_vector.hpp"

namespace xxact::model {
namespace {

constexpr std::int64_t kMostChunks = kMostKeys / kLanes;
constexpr std::int64_t kMostWidth = 128;

/// Rows of `tokens` vectors turned into columns: out[d][token], zero behind the last token.
XXACT_INLINE void transpose(const float* rows, std::int64_t stride, std::int64_t tokens, std::int64_t width, std::int64_t padded, float* out) {
  for (std::int64_t d = 0; d < width; d += kLanes)
    for (std::int64_t first = 0; first < padded; first += kLanes) {
      Vector block[kLanes] = {};
      const std::int64_t present = std::min<std::int64_t>(kLanes, tokens - first);
      for (std::int64_t t = 0; t < present; ++t) load(block[t], rows + (first + t) * stride + d);
      transpose_block(block);
      for (int i = 0; i < kLanes; ++i) store(out + (d + i) * padded + first, block[i]);
    }
}

/// sums[c] = sum over d of row[d] * columns[d][16 c ...]
template <int Chunks>
XXACT_INLINE void dot_columns(const float* row, const float* columns, std::int64_t width, Vector* sums) {
  for (int c = 0; c < Chunks; ++c) sums[c] = Vector{};
  for (std::int64_t d = 0; d < width; ++d)
    for (int c = 0; c < Chunks; ++c) {
      Vector column;
      load(column, columns + (d * Chunks + c) * kLanes);
      sums[c] += column * row[d];
    }
}

/// Scores in `p` become probabilities; lanes where `open` is 0 get exactly 0.
template <int Chunks>
XXACT_INLINE void softmax(Vector* p, const Vector* open) {
  Vector most = open[0] != 0.0F ? p[0] : Vector{} - 3e38F;
  for (int c = 1; c < Chunks; ++c) {
    const Vector candidate = open[c] != 0.0F ? p[c] : Vector{} - 3e38F;
    most = candidate > most ? candidate : most;
  }
  const float top = max_of(most);
  Vector total{};
  for (int c = 0; c < Chunks; ++c) {
    p[c] = open[c] != 0.0F ? p[c] - top : Vector{} - 87.0F;
    exp_in_place(p[c]);
    p[c] *= open[c];
    total += p[c];
  }
  const float scale = 1.0F / sum_of(total);
  for (int c = 0; c < Chunks; ++c) p[c] *= scale;
}

/// out[0..width) = sum over t of weight[t] * rows[t][0..width)
XXACT_INLINE void mix_rows(const float* weight, const float* rows, std::int64_t stride, std::int64_t tokens, std::int64_t width, float* out) {
  for (std::int64_t d = 0; d < width; d += kLanes) {
    Vector sum{};
    for (std::int64_t t = 0; t < tokens; ++t) {
      Vector row;
      load(row, rows + t * stride + d);
      sum += row * weight[t];
    }
    store(out + d, sum);
  }
}

template <class Float>
XXACT_INLINE Float* head_of(const TokenArray<Float>& array, std::int64_t sample, std::int64_t head, std::int64_t width) {
  return array.data + sample * array.batch_stride + head * width;
}

template <int Chunks>
XXACT_INLINE void open_lanes(const bool* mask, std::int64_t keys, Vector* open) {
  for (int c = 0; c < Chunks; ++c)
    for (int i = 0; i < kLanes; ++i) {
      const std::int64_t key = c * kLanes + i;
      open[c][i] = key < keys && (mask == nullptr || mask[key]) ? 1.0F : 0.0F;
    }
}

template <int Chunks>
XXACT_INLINE void forward_pair(const AttentionForward& a, const AttentionSizes& s, std::int64_t sample, std::int64_t head) {
  alignas(64) float columns[kMostWidth * Chunks * kLanes];
  alignas(64) float weight[Chunks * kLanes];
  const float* query = head_of(a.query, sample, head, s.head_width);
  const float* value = head_of(a.value, sample, head, s.head_width);
  float* output = head_of(a.output, sample, head, s.head_width);
  transpose(head_of(a.key, sample, head, s.head_width), a.key.token_stride, s.keys, s.head_width, Chunks * kLanes, columns);
  Vector open[Chunks], p[Chunks];
  open_lanes<Chunks>(a.key_mask == nullptr ? nullptr : a.key_mask + sample * s.keys, s.keys, open);
  const float scale = 1.0F / std::sqrt(static_cast<float>(s.head_width));
  for (std::int64_t q = 0; q < s.queries; ++q) {
    dot_columns<Chunks>(query + q * a.query.token_stride, columns, s.head_width, p);
    for (int c = 0; c < Chunks; ++c) p[c] *= scale;
    softmax<Chunks>(p, open);
    for (int c = 0; c < Chunks; ++c) store(weight + c * kLanes, p[c]);
    if (a.probability != nullptr)
      std::memcpy(a.probability + ((sample * s.heads + head) * s.queries + q) * s.keys, weight, static_cast<std::size_t>(s.keys) * sizeof(float));
    mix_rows(weight, value, a.value.token_stride, s.keys, s.head_width, output + q * a.output.token_stride);
  }
}

/// dP = dO V^T, dS = P (dP - <P, dP>) / sqrt(width); then dQ = dS K, dK = dS^T Q, dV = P^T dO.
template <int Chunks>
XXACT_INLINE void backward_pair(const AttentionBackward& a, const AttentionSizes& s, std::int64_t sample, std::int64_t head) {
  constexpr std::int64_t kPadded = Chunks * kLanes;
  alignas(64) float columns[kMostWidth * kPadded];
  alignas(64) float weight[kPadded], slope[kPadded];
  const std::int64_t width = s.head_width;
  const float* query = head_of(a.query, sample, head, width);
  const float* key = head_of(a.key, sample, head, width);
  const float* output_gradient = head_of(a.output_gradient, sample, head, width);
  float* query_gradient = head_of(a.query_gradient, sample, head, width);
  float* key_gradient = head_of(a.key_gradient, sample, head, width);
  float* value_gradient = head_of(a.value_gradient, sample, head, width);
  transpose(head_of(a.value, sample, head, width), a.value.token_stride, s.keys, width, kPadded, columns);
  for (std::int64_t k = 0; k < s.keys; ++k) {
    std::fill_n(key_gradient + k * a.key_gradient.token_stride, width, 0.0F);
    std::fill_n(value_gradient + k * a.value_gradient.token_stride, width, 0.0F);
  }
  std::fill_n(weight, kPadded, 0.0F);
  const float scale = 1.0F / std::sqrt(static_cast<float>(width));
  for (std::int64_t q = 0; q < s.queries; ++q) {
    const float* g = output_gradient + q * a.output_gradient.token_stride;
    const float* own = query + q * a.query.token_stride;
    std::memcpy(weight, a.probability + ((sample * s.heads + head) * s.queries + q) * s.keys, static_cast<std::size_t>(s.keys) * sizeof(float));
    Vector p[Chunks], dp[Chunks], inner{};
    dot_columns<Chunks>(g, columns, width, dp);
    for (int c = 0; c < Chunks; ++c) {
      load(p[c], weight + c * kLanes);
      inner += p[c] * dp[c];
    }
    const float mean = sum_of(inner);
    for (int c = 0; c < Chunks; ++c) store(slope + c * kLanes, p[c] * (dp[c] - mean) * scale);
    mix_rows(slope, key, a.key.token_stride, s.keys, width, query_gradient + q * a.query_gradient.token_stride);
    for (std::int64_t d = 0; d < width; d += kLanes) {
      Vector g_part, own_part;
      load(g_part, g + d);
      load(own_part, own + d);
      for (std::int64_t k = 0; k < s.keys; ++k) {
        Vector sum;
        float* at_key = key_gradient + k * a.key_gradient.token_stride + d;
        load(sum, at_key);
        sum += own_part * slope[k];
        store(at_key, sum);
        float* at_value = value_gradient + k * a.value_gradient.token_stride + d;
        load(sum, at_value);
        sum += g_part * weight[k];
        store(at_value, sum);
      }
    }
  }
}

}  // namespace

#define XXACT_FOR_CHUNKS(function)                                                                       \
  for (std::int64_t pair = first; pair < last; ++pair) {                                                 \
    const std::int64_t sample = pair / sizes.heads, head = pair % sizes.heads;                           \
    switch ((sizes.keys + kLanes - 1) / kLanes) {                                                        \
      case 1: function<1>(arrays, sizes, sample, head); break;                                           \
      case 2: function<2>(arrays, sizes, sample, head); break;                                           \
      case 3: function<3>(arrays, sizes, sample, head); break;                                           \
      default: function<kMostChunks>(arrays, sizes, sample, head); break;                                \
    }                                                                                                    \
  }

XXACT_CLONES void attention_forward(const AttentionForward& arrays, const AttentionSizes& sizes, std::int64_t first, std::int64_t last) {
  XXACT_FOR_CHUNKS(forward_pair)
}

XXACT_CLONES void attention_backward(const AttentionBackward& arrays, const AttentionSizes& sizes, std::int64_t first, std::int64_t last) {
  XXACT_FOR_CHUNKS(backward_pair)
}

}  // namespace xxact::model
