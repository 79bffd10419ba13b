#include "pipeline/contrastive_step.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "pipeline/gathered_rows.hpp"

namespace xxact::pipeline {
namespace {

// At 32,768 pairs a matrix of these is 64 MiB; there are about five.
constexpr std::int64_t kRowsAtOnce = 512;

}  // namespace

model::ContrastiveGradients contrastive_step(const OwnViews& own, const torch::Tensor& log_scale, const torch::Tensor& weight, comm::Channel& channel,
                                             const comm::Communicator& comm) {
  const auto count = own.composition.size(0), width = own.composition.size(1);
  const std::array<std::int64_t, 1> own_count = {count};
  const auto counts = comm.all_gather(std::span<const std::int64_t>(own_count), "counting pairs");
  const auto most = *std::ranges::max_element(counts);
  // Ranks send equally much: rows of nothing behind those of ranks with fewer.
  std::vector<std::int64_t> real;  // rows of the gathered ones that are pairs
  std::int64_t first = 0;
  for (std::size_t rank = 0; rank < counts.size(); ++rank) {
    if (static_cast<int>(rank) == comm.rank()) first = std::ssize(real);
    for (std::int64_t row = 0; row < counts[rank]; ++row) real.push_back(static_cast<std::int64_t>(rank) * most + row);
  }
  auto padded = torch::zeros({most, 2 * width}, own.composition.options());
  padded.narrow(0, 0, count).copy_(torch::cat({own.composition, own.pattern}, 1).detach());
  padded.requires_grad_();
  const auto all = gather_rows(padded, channel);
  const auto device = all.device();
  const auto places = torch::tensor(real, torch::kInt64).to(device);
  const auto formulas = comm.all_gather(own.formula, "gathering formulas");
  const auto views = all.detach().index_select(0, places);
  auto gradients = model::contrastive_gradients({views.narrow(1, 0, width), views.narrow(1, width, width), torch::tensor(formulas, torch::kInt64).to(device)}, first, count, log_scale.detach(),
                                                weight, kRowsAtOnce);
  all.backward(torch::zeros_like(all).index_copy_(0, places, torch::cat({gradients.composition, gradients.pattern}, 1)));
  const auto back = padded.grad().narrow(0, 0, count);
  gradients.composition = back.narrow(1, 0, width);
  gradients.pattern = back.narrow(1, width, width);
  return gradients;
}

}  // namespace xxact::pipeline
