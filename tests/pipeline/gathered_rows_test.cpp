// Gathered rows and their gradients against one process that holds all of them.
#include "pipeline/gathered_rows.hpp"

#include <gtest/gtest.h>

#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

/// What rank `rank` makes of all rows: another function on each, and one that mixes rows.
torch::Tensor loss_of(const torch::Tensor& all, int rank) { return (all.mm(all.t()) * (rank + 1)).tanh().sum() + all.pow(2 + rank % 2).sum(); }

TEST(GatheredRows, ValuesAndGradientsAreThoseOfOneProcess) {
  const comm::Communicator comm(MPI_COMM_WORLD);
  const auto channel = comm::make_mpi_channel(comm);
  constexpr std::int64_t kRows = 5, kWidth = 3;
  torch::manual_seed(4);
  const auto everything = torch::randn({kRows * comm.size(), kWidth}).requires_grad_();
  torch::Tensor total = torch::zeros({});
  for (int rank = 0; rank < comm.size(); ++rank) total = total + loss_of(everything, rank);
  total.backward();

  const auto own = everything.detach().narrow(0, kRows * comm.rank(), kRows).clone().requires_grad_();
  const auto all = gather_rows(own * 2, *channel);
  EXPECT_TRUE(torch::equal(all.detach(), 2 * everything.detach()));
  loss_of(all / 2, comm.rank()).backward();
  const auto expected = everything.grad().narrow(0, kRows * comm.rank(), kRows);
  EXPECT_LT((own.grad() - expected).abs().max().item<double>(), 1e-5 * expected.abs().max().item<double>());
}

TEST(GatheredRows, RefusesOtherShapes) {
  const comm::Communicator comm(MPI_COMM_WORLD);
  const auto channel = comm::make_mpi_channel(comm);
  EXPECT_THROW(gather_rows(torch::zeros({3}), *channel), ConfigError);
  EXPECT_THROW(gather_rows(torch::zeros({3, 2}, torch::kFloat64), *channel), ConfigError);
}

}  // namespace
}  // namespace xxact::pipeline
