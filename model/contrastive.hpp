// Contrastive alignment of patterns and compositions (CLIP: Radford et al., arXiv 2103.00020): of a whole batch, each composition is to find its pattern and each
// pattern its composition. Loss and gradients in closed form, part by part of the rows, so that a batch costs no matrix of all its pairs.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace xxact::model {

/// The logarithm of the inverse temperature stays in 0 .. ln 100; beyond it training has been seen to fail.
inline constexpr double kGreatestLogScale = 4.605170185988092;

/// A batch of N pairs: row i of `composition` and of `pattern` belong together. Rows have unit length.
struct Pairs {
  torch::Tensor composition, pattern;  // [N, d]
  torch::Tensor formula;               // [N] int64: equal numbers for equal formulas, whose other patterns are not held against a row
};

struct ContrastiveGradients {
  torch::Tensor loss;                  // []
  torch::Tensor composition, pattern;  // [N, d]
  torch::Tensor log_scale;             // []
};

/// The part of the loss that rows first .. first + count - 1 make, and its gradients for all rows: sums over parts are those of the whole,
///   weight * sum_i ( -log softmax_j(e^s a_i b_j)[i] - log softmax_j(e^s b_i a_j)[i] ) / 2,
/// a composition, b pattern, s `log_scale` [], j over all rows but those other than i with i's formula. `weight` [] is usually 1 / N; `rows_at_once` rows of
/// similarities are in memory together.
ContrastiveGradients contrastive_gradients(const Pairs& pairs, std::int64_t first, std::int64_t count, const torch::Tensor& log_scale, const torch::Tensor& weight,
                                           std::int64_t rows_at_once);

}  // namespace xxact::model
