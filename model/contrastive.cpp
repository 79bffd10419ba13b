#include "model/contrastive.hpp"

#include <algorithm>
#include <limits>

namespace xxact::model {
namespace {

/// One direction: rows of `asking` look for theirs among all of `answering`.
void add_direction(const torch::Tensor& asking, const torch::Tensor& answering, const torch::Tensor& formula, std::int64_t first, std::int64_t last, const torch::Tensor& log_scale,
                   const torch::Tensor& weight, torch::Tensor& asking_gradient, torch::Tensor& answering_gradient, ContrastiveGradients& sums) {
  const auto own = asking.slice(0, first, last);
  const auto scale = log_scale.exp();
  const auto similarity = at::matmul(own, answering.t());  // [n, N]
  const auto itself = torch::arange(first, last, formula.options()).unsqueeze(1);
  const auto no_negative = formula.slice(0, first, last).unsqueeze(1).eq(formula).logical_and_(torch::arange(formula.size(0), formula.options()).ne(itself));
  const auto log_probability = at::log_softmax((similarity * scale).masked_fill_(no_negative, -std::numeric_limits<double>::infinity()), 1);
  sums.loss.sub_(0.5 * weight * log_probability.gather(1, itself).sum());
  // Of the loss with respect to the scaled similarities: (probability - 1 at itself) weight / 2.
  auto gradient = log_probability.exp();
  gradient.scatter_add_(1, itself, torch::full_like(itself, -1, gradient.options()));
  gradient.mul_(0.5 * weight);
  sums.log_scale.add_((gradient * similarity).sum() * scale);
  gradient.mul_(scale);
  asking_gradient.slice(0, first, last).add_(at::matmul(gradient, answering));
  answering_gradient.add_(at::matmul(gradient.t(), own));
}

}  // namespace

ContrastiveGradients contrastive_gradients(const Pairs& pairs, std::int64_t first, std::int64_t count, const torch::Tensor& log_scale, const torch::Tensor& weight,
                                           std::int64_t rows_at_once) {
  const torch::NoGradGuard guard;
  ContrastiveGradients sums{torch::zeros_like(log_scale), torch::zeros_like(pairs.composition), torch::zeros_like(pairs.pattern), torch::zeros_like(log_scale)};
  for (auto row = first; row < first + count; row += rows_at_once) {
    const auto last = std::min(row + rows_at_once, first + count);
    add_direction(pairs.composition, pairs.pattern, pairs.formula, row, last, log_scale, weight, sums.composition, sums.pattern, sums);
    add_direction(pairs.pattern, pairs.composition, pairs.formula, row, last, log_scale, weight, sums.pattern, sums.composition, sums);
  }
  return sums;
}

}  // namespace xxact::model
