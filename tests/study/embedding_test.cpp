// Principal components on any ranks, and how far groups lie apart.
#include <gtest/gtest.h>
#include <mpi.h>

#include <cmath>
#include <map>

#include "pipeline/embedding.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

torch::Tensor cloud(std::int64_t rows) {
  torch::manual_seed(3);
  return at::matmul(torch::randn({rows, 5}, torch::kFloat64), torch::diag(torch::tensor({5.0, 3.0, 1.0, 0.5, 0.1}, torch::kFloat64))) + 7;
}

TEST(Embedding, PrincipalComponentsAreThoseOfAllRanks) {
  const comm::Communicator world(MPI_COMM_WORLD);
  const auto all = cloud(101);
  const auto share = comm::share_of(101, world.rank(), world.size());
  const auto components = principal_components(all.slice(0, share.first, share.last), world);
  const auto centred = all - all.mean(0);
  const auto [u, s, vt] = at::linalg_svd(centred, false);
  EXPECT_TRUE(components.mean.allclose(all.mean(0), 1e-12, 1e-12));
  EXPECT_TRUE(components.share.allclose(s.square() / s.square().sum(), 1e-9, 1e-12));
  // The same axes, up to signs; each one's largest entry is positive.
  EXPECT_TRUE(at::matmul(vt, components.axes).abs().allclose(torch::eye(5, torch::kFloat64), 1e-8, 1e-8));
  EXPECT_TRUE(components.axes.gather(0, components.axes.abs().argmax(0, true)).gt(0).all().item<bool>());
  EXPECT_THROW(principal_components(all.slice(0, 0, world.root() ? 1 : 0), world), InputError);
}

TEST(Embedding, SeparationIsThatOfItsDefinition) {
  const auto x = cloud(60);
  std::vector<int> group;
  for (int i = 0; i < 60; ++i) group.push_back(i == 59 ? 5 : i % 7 == 0 ? -1 : i % 3);
  const auto measured = separation(x, group);
  double sum = 0;
  int known = 0;
  const auto distance = [&](int i, int j) { return (x[i] - x[j]).norm().item<double>(); };
  for (int i = 0; i < 60; ++i) {
    if (group[static_cast<std::size_t>(i)] < 0) continue;
    ++known;
    std::map<int, std::pair<double, int>> to;
    for (int j = 0; j < 60; ++j)
      if (j != i && group[static_cast<std::size_t>(j)] >= 0) to[group[static_cast<std::size_t>(j)]].first += distance(i, j), ++to[group[static_cast<std::size_t>(j)]].second;
    const int own = group[static_cast<std::size_t>(i)];
    if (!to.contains(own)) continue;  // alone in its group: 0
    const double a = to[own].first / to[own].second;
    double b = INFINITY;
    for (const auto& [other, total] : to)
      if (other != own) b = std::min(b, total.first / total.second);
    sum += (b - a) / std::max(a, b);
  }
  EXPECT_NEAR(measured.silhouette, sum / known, 1e-9);
}

TEST(Embedding, GroupsFarApartAreSaidToBe) {
  const auto near = cloud(40);
  std::vector<int> group;
  for (int i = 0; i < 40; ++i) group.push_back(i % 2);
  EXPECT_LT(separation(near, group).between, 0.2);
  const auto far = near + 1000 * torch::arange(40, torch::kFloat64).remainder(2).unsqueeze(1);
  EXPECT_GT(separation(far, group).silhouette, 0.98);
  EXPECT_GT(separation(far, group).between, 0.99);
  EXPECT_TRUE(std::isnan(separation(near, std::vector<int>(40, 3)).silhouette));
  EXPECT_TRUE(std::isnan(separation(near, std::vector<int>(40, -1)).between));
}

}  // namespace
}  // namespace xxact::pipeline
